"""The policies' pages: what is in force and for whom, a policy with its history, and the form of its draft."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from companyos.web.errors import Conflict, DomainError
from companyos.web.gate import console_view, named
from sla.choice import DEFAULT_SHARES, PRIORITIES
from sla.documents import TIERS
from sla.drafts import catalogue, drafting
from sla.drafts.changes import changes
from sla.drafts.drafting import POLICY, Unsound, may_edit
from sla.forms import policies as policy_forms
from sla.models import Calendar, Draft, Policy
from tenants import audit
from tenants.models import Tenant, but_drills

PLACE = {"place": "policies", "tab": "policies"}


@console_view(GET="policy.read")
def policies(request: HttpRequest) -> HttpResponse:
    """Every policy by whom it is for; of the tenant that `?tenant=` names, which one holds and why."""
    now = timezone.now()
    ranks = catalogue.lines(now)
    audit.listed(line.newest for some in ranks.values() for line in some if line.newest.tenant_id)
    context: dict[str, Any] = {"ranks": ranks, "new_drafts": catalogue.new_drafts(), **PLACE}
    context["tenants"] = Tenant.objects.filter(but_drills("")).order_by("name")
    if slug := request.GET.get("tenant", ""):
        context["tenant"], context["holds"], context["why"] = catalogue.who_gets_what(slug, now)
        context |= {"metrics": policy_forms.METRIC_NAMES, "priorities": PRIORITIES}
    return render(request, "sla/policies.html", context)


@console_view(GET="policy.read", POST="policy.edit")
def policy(request: HttpRequest, key: str) -> HttpResponse:
    """One policy with its targets and versions (`?version=` shows an older one); POST begins its draft."""
    if request.method == "POST":
        retires = named(request, "retires") == "1"
        draft = drafting.begin(POLICY, key, actor=request.actor, now=timezone.now(), retires=retires)
        return redirect("draft", draft.pk)
    versions = catalogue.history(key, timezone.now())
    asked = request.GET.get("version", "")
    shown = next((one for one in versions if str(one.policy.version) == asked), None)
    shown = shown or next((one for one in versions if one.holds == "now"), versions[0])
    if shown.policy.tenant_id:
        audit.viewed(shown.policy)
    context = {
        "versions": versions,
        "shown": shown,
        "metrics": policy_forms.METRIC_NAMES,
        "priorities": PRIORITIES,
        "draft": Draft.objects.filter(kind=POLICY, key=key).select_related("author").first(),
        "may_edit": may_edit(request.actor, shown.policy.tenant_id),
        **PLACE,
    }
    return render(request, "sla/policy.html", context)


@console_view(GET="policy.edit", POST="policy.edit")
def new_policy(request: HttpRequest) -> HttpResponse:
    """Begins the draft of a policy that is not there yet."""
    asked = {name: named(request, name).strip() for name in ("key", "name", "scope", "tenant", "segment", "tier")}
    context: dict[str, Any] = {
        "tenants": [
            one for one in Tenant.objects.filter(but_drills("")).order_by("name") if may_edit(request.actor, one.pk)
        ],
        "segments": Tenant.objects.exclude(segment="").order_by("segment").values_list("segment", flat=True).distinct(),
        "tiers": TIERS,
        "shared": may_edit(request.actor, None),
        "asked": asked,
        **PLACE,
    }
    if request.method != "POST":
        return render(request, "sla/new_policy.html", context)
    try:
        if Policy.objects.filter(key=asked["key"]).exists():
            raise Conflict("taken", f"The key “{asked['key'][:60]}” is taken; choose another.", "key")
        document = _first(asked)
        draft = drafting.begin(POLICY, asked["key"], actor=request.actor, now=timezone.now(), document=document)
    except DomainError as error:
        return render(request, "sla/new_policy.html", context | {"error": error}, status=error.status)
    return redirect("draft", draft.pk)


def _first(asked: dict[str, str]) -> dict[str, Any]:
    """What a new policy begins with: its scope, the usual alerts, and no promise yet."""
    scope = asked["scope"]
    if scope not in ("tenant", "segment", "tier", "all"):
        raise DomainError("required", "Choose whom the policy is for.", "scope")
    if scope != "all" and not asked[scope]:
        raise DomainError("required", f"Choose the {scope} that the policy is for.", scope)
    calendar = Calendar.objects.filter(tenant=None).order_by("key").first()
    document: dict[str, Any] = {"key": asked["key"], "name": asked["name"] or asked["key"]}
    document |= {scope: asked[scope]} if scope != "all" else {}
    return document | {"calendar": calendar.key if calendar else "", "shares": list(DEFAULT_SHARES), "targets": []}


@console_view(GET="policy.edit", POST="policy.edit")
def draft(request: HttpRequest, draft_id: int) -> HttpResponse:
    """The form of a policy's draft. What is saved need not be sound: the page tells what is wrong."""
    row = drafting.get(draft_id)
    drafting.require_reach(request.actor, row.tenant_id)
    if row.kind != POLICY:
        return _calendar_draft(request, row)
    if request.method != "POST":
        return _draft_page(request, row, row.document)
    document = policy_forms.typed(request.POST, row.document)
    try:
        drafting.save(row.pk, document, seen=number(request, "seen"), actor=request.actor, now=timezone.now())
    except DomainError as error:
        if error.status == 403:
            raise
        return _draft_page(request, row, document, error)
    messages.success(request, "Draft saved.")
    return redirect("draft", row.pk)


def _draft_page(
    request: HttpRequest, row: Draft, document: dict[str, Any], error: DomainError | None = None
) -> HttpResponse:
    problems = []
    try:
        drafting.sound(POLICY, row.key, document)
    except Unsound as unsound:
        problems = unsound.problems
    base = drafting.newest(POLICY, row.key)
    calendars = Calendar.objects.filter(tenant=None) | Calendar.objects.filter(tenant=row.tenant)
    context = {
        "draft": row,
        "document": document,
        "matrix": policy_forms.matrix(document, problems),
        "shares": policy_forms.shares_text(document),
        "priorities": PRIORITIES,
        "calendars": calendars.order_by("key", "-version").distinct("key"),
        "problems": problems,
        "told": {problem.path.partition(".")[0]: problem.message for problem in problems},
        "changes": changes(drafting.written(base), document) if base else [],
        "base": base,
        "error": error,
        **PLACE,
    }
    return render(request, "sla/draft.html", context, status=error.status if error else 200)


def _calendar_draft(request: HttpRequest, row: Draft) -> HttpResponse:
    """A calendar's draft is edited on the calendars' own page; what it waits for is shown here."""
    base = drafting.newest(row.kind, row.key)
    listed = changes(drafting.written(base), row.document) if base else []
    return render(request, "sla/draft.html", {"draft": row, "changes": listed, "base": base, **PLACE})


def number(request: HttpRequest, field: str) -> int:
    """A whole number of the form; -1, which nothing is, for anything else."""
    text = request.POST.get(field, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
