"""The rail's views with their counts, and the other places of the console."""

from __future__ import annotations

from dataclasses import dataclass

from django import template
from django.urls import reverse
from django.utils import timezone

from cases import queue
from cases.models.case import Priority, Status

register = template.Library()

# On a phone these places have a tab of their own beside the cases; the rest is behind "More".
TABS = frozenset({"incidents", "notices", "reports"})


@dataclass(frozen=True)
class ViewLink:
    key: str
    name: str
    icon: str
    url: str
    count: int | None
    hot: bool
    current: bool

    @property
    def count_words(self) -> str:
        if self.count is None:
            return ""
        return str(self.count) if self.count <= queue.COUNT_CAP else f"{queue.COUNT_CAP}+"


@register.simple_tag(takes_context=True)
def rail_views(context: template.Context) -> list[ViewLink]:
    """Every view with how many cases it holds: one query for the page, which may show them twice."""
    request = context["request"]
    if not hasattr(request, "rail_counts"):
        request.rail_counts = queue.counts(request.actor, timezone.now())
    counts = request.rail_counts
    query = context.get("query")
    current = query.view if query else None
    address = reverse("cases")
    return [
        ViewLink(
            view.key,
            view.name,
            view.icon,
            f"{address}?view={view.key}",
            counts.get(view.key),
            view.hot,
            view.key == current,
        )
        for view in queue.VIEWS.values()
    ]


@register.simple_tag(takes_context=True)
def rail_places(context: template.Context) -> list[dict[str, object]]:
    """The places that the viewer's role may go to."""
    places = (
        ("incidents", "Incidents", "siren", "case.read"),
        ("runbooks", "Runbooks", "book-open", "case.read"),
        ("policies", "Service levels", "timer", "policy.read"),
        ("access", "Access", "key-round", "grant.read"),
        ("notices", "Notices", "bell", "console.use"),
        ("reports", "Reports", "chart-column", "report.read"),
        ("retention", "Retention", "archive", "retention.read"),
        ("audit", "Audit", "scan-eye", "audit.read"),
    )
    actor, current = context.get("actor"), context.get("place")
    if str(context["request"].path).startswith(reverse("policies")):  # the pages of several apps
        current = "policies"
    return [
        {"url": reverse(key), "name": name, "icon": icon, "current": key == current, "tab": key in TABS}
        for key, name, icon, right in places
        if actor is not None and actor.can(right)
    ]


@register.simple_tag
def status_choices() -> list[tuple[str, str]]:
    return list(Status.choices)


@register.simple_tag
def priority_choices() -> list[tuple[str, str]]:
    return list(Priority.choices)


@register.simple_tag
def sort_choices() -> list[tuple[str, str]]:
    return list(queue.SORT_NAMES.items())


@register.simple_tag
def view_named(key: str | None) -> queue.View | None:
    return queue.VIEWS.get(key or "")


@register.simple_tag
def steps(status: str) -> list[dict[str, str]]:
    """The lifecycle as steps: past, now, ahead; by order alone, so that a case which never waited has passed it too."""
    order = list(Status.values)
    at = order.index(status)
    return [
        {"key": key, "state": "past" if index < at else "now" if index == at else "ahead"}
        for index, key in enumerate(order)
    ]
