"""What the pages of service levels share: their tabs, the matrix of targets, and what a draft still needs."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from sla import scenarios
from sla.documents import PolicyDocument, TargetDocument
from sla.drafts import drafting, preview
from sla.drafts.drafting import Unsound
from sla.models import Draft, Job

register = template.Library()
PLACES = {"shares": "Alerts at"}  # parts of a document that its form names otherwise
# Name of the address, words, icon; a tab shows once its address is there, to those whom it is open to.
TABS = (
    ("policies", "Policies", "scroll-text"),
    ("calendars", "Calendars", "calendar-clock"),
    ("scenarios", "Scenarios", "list-checks"),
    ("alert-rules", "Alert rules", "bell-ring"),
    ("replays", "Replays", "history"),
    ("drills", "Drills", "siren"),
)
OTHER_NAMES = {"alerts": "alert-rules"}
RIGHTS = {"replays": "replay.run"}


@register.simple_tag(takes_context=True)
def service_level_tabs(context: template.Context, tab: str = "") -> list[dict[str, Any]]:
    """The tabs, the one named (or else the one whose address the page's begins with) marked as the present one."""
    found = [{"key": key, "name": name, "icon": icon, "url": _address(key)} for key, name, icon in TABS]
    actor = context.get("actor")
    there = [
        one for one in found if one["url"] and actor is not None and actor.can(RIGHTS.get(one["key"], "policy.read"))
    ]
    path = getattr(context.get("request"), "path", "")
    fits = [one for one in there if path.startswith(one["url"])]
    longest = max(fits, key=lambda one: len(one["url"]), default={"key": ""})["key"]
    present = OTHER_NAMES.get(tab, tab) or longest
    return [one | {"current": one["key"] == present} for one in there]


@register.filter
def promise(document: PolicyDocument, place: str) -> TargetDocument | None:
    """`{{ document|promise:"resolution P1" }}`"""
    metric, _, priority = place.partition(" ")
    return document.promise(metric, priority)


@register.filter
def problem_place(path: str, document: dict[str, Any]) -> str:
    """Where a fault of a draft is, as the form names it: `targets.10.amount` is “Resolution P2”."""
    part, _, rest = path.partition(".")
    number = rest.partition(".")[0]
    targets = document.get("targets", []) if part == "targets" else []
    if number.isdigit() and int(number) < len(targets):
        target = targets[int(number)]
        return f"{str(target.get('metric', '')).replace('_', ' ').capitalize()} {target.get('priority', '')}".strip()
    return PLACES.get(part) or part.replace("_", " ").capitalize()


@register.filter
def preview_lines(result: dict[str, Any]) -> list[str]:
    return list(preview.summary(result))


@register.filter
def draft_address(draft: Draft) -> str:
    """Where the draft is edited."""
    if draft.kind == drafting.CALENDAR and (address := _address("calendar_draft", draft.key)):
        return address
    return reverse("draft", args=[draft.pk])


@register.inclusion_tag("sla/_draft_gate.html", takes_context=True)
def draft_gate(context: template.Context, draft: Draft) -> dict[str, Any]:
    """What stands between the draft and its activation, and the buttons that take it there."""
    now = timezone.now()
    problems, failures = [], []
    try:
        told = drafting.sound(draft.kind, draft.key, draft.document)
        if not draft.retires:
            failures = scenarios.failing(draft.kind, draft.key, told.document, now)
    except Unsound as error:
        problems = error.problems
    base = drafting.newest(draft.kind, draft.key)
    job = draft.preview if draft.preview_hash == drafting.content_hash(draft) else None
    return {
        "draft": draft,
        "problems": problems,
        "failures": failures,
        "behind": base.version if base and base.version != draft.base_version else None,
        "job": job,
        "previewed": drafting.is_previewed(draft, now),
        "running": job is not None and job.state in Job.OPEN,
        "may_edit": drafting.may_edit(context["actor"], draft.tenant_id),
        "csrf_token": context.get("csrf_token"),
        "request": context.get("request"),
    }


def _address(name: str, *arguments: object) -> str:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""
