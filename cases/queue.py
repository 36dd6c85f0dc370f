"""The list of cases: views, filters, search, order, counts. The URL's query string is the whole state."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Count, Q, QuerySet
from django.utils.datastructures import MultiValueDict

from cases import dials
from cases.models import Case, Forecast, Message
from cases.models.case import OPEN, Priority, Status
from companyos.web.pagination import Page, Sort, page
from sla import clocks
from tenants.access import Actor
from tenants.models import but_drills

SOON = timedelta(hours=2)
COUNT_CAP = 999
SORTS = {
    "due": Sort("due", "next_due_at"),
    "activity": Sort("activity", "last_activity_at", descending=True),
    "newest": Sort("newest", "opened_at", descending=True),
    "risk": Sort("risk", "breach_risk", descending=True, numeric=True),
}
SORT_NAMES = {"due": "Next due", "activity": "Last activity", "newest": "Newest", "risk": "Risk"}


@dataclass(frozen=True)
class View:
    """A named question to the list. `rows` gives its condition for an actor at an instant."""

    key: str
    name: str
    icon: str
    rows: Callable[[Actor, datetime], Q]
    sort: str = "due"
    hot: bool = False
    counted: bool = True
    empty: str = "Nothing here at the moment."


def _breached(now: datetime) -> Q:
    return Q(status__in=OPEN, next_due_at__lte=now)


VIEWS = {
    view.key: view
    for view in (
        View(
            "inbox",
            "Inbox",
            "inbox",
            lambda actor, now: Q(status__in=OPEN, owner__isnull=True),
            empty="Every case has an owner. New ones appear here by themselves.",
        ),
        View(
            "mine",
            "Mine",
            "user",
            lambda actor, now: Q(status__in=OPEN, owner_id=actor.user_id),
            empty="You own no open case. Take one from the inbox: open it and accept it.",
        ),
        View("open", "All open", "layers", lambda actor, now: Q(status__in=OPEN)),
        View(
            "waiting",
            "Waiting",
            "circle-pause",
            lambda actor, now: Q(status=Status.WAITING),
            sort="activity",
            empty="No case waits for its customer.",
        ),
        View(
            "soon",
            "Breaching soon",
            "alarm-clock",
            lambda actor, now: Q(status__in=OPEN, next_due_at__gt=now, next_due_at__lte=now + SOON),
            empty="Nothing comes due within two hours.",
        ),
        View(
            "escalated",
            "Escalated",
            "flame",
            lambda actor, now: _breached(now) | Q(status__in=OPEN, priority=Priority.P0),
            hot=True,
            empty="No clock is breached and no P0 is open.",
        ),
        View("resolved", "Resolved", "circle-check", lambda actor, now: Q(status=Status.RESOLVED), sort="activity"),
        View("closed", "Closed", "archive", lambda actor, now: Q(status=Status.CLOSED), sort="activity", counted=False),
    )
}


@dataclass(frozen=True)
class Query:
    """What the URL asks for. Values that mean nothing are dropped, not refused: an old link still opens."""

    view: str | None
    statuses: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    text: str = ""
    sort: str = "due"
    after: str | None = None

    @property
    def is_filtered(self) -> bool:
        return bool(self.statuses or self.priorities or self.tenants or self.owners or self.text)


def parse(params: MultiValueDict[str, str]) -> Query:
    """The Query of a query string; without a view and without a filter it is the inbox."""
    view = params.get("view") if params.get("view") in VIEWS else None
    asked = Query(
        view=view,
        statuses=_known(params.getlist("status"), Status.values),
        priorities=_known(params.getlist("priority"), Priority.values),
        tenants=tuple(filter(None, params.getlist("tenant"))),
        owners=tuple(value for value in params.getlist("owner") if value in ("me", "none") or value.isdecimal()),
        text=params.get("q", "").replace("\x00", "").strip()[:200],
        after=params.get("after") or None,
    )
    if view is None and not asked.is_filtered and params.get("all") is None:
        view = "inbox"
    default = VIEWS[view].sort if view else "activity"
    sort = params.get("sort") if params.get("sort") in SORTS else default
    return Query(**{**asked.__dict__, "view": view, "sort": sort})


def order(name: str) -> Sort:
    """The order of that name; by due time instead of risk while no forecast speaks."""
    if name == "risk":
        forecast = Forecast.newest()
        if forecast is None or not forecast.speaks:
            return SORTS["due"]
    return SORTS[name]


def _known(values: list[str], allowed: list[str]) -> tuple[str, ...]:
    return tuple(value for value in values if value in allowed)


def rows(query: Query, actor: Actor, now: datetime) -> QuerySet[Case]:
    """The cases that a query names, unordered. Which tenants is the scope's business."""
    found = Case.objects.filter(but_drills())
    if query.view:
        found = found.filter(VIEWS[query.view].rows(actor, now))
    if query.statuses:
        found = found.filter(status__in=query.statuses)
    if query.priorities:
        found = found.filter(priority__in=query.priorities)
    if query.tenants:
        found = found.filter(tenant__slug__in=query.tenants)
    if query.owners:
        found = found.filter(_owned(query.owners, actor))
    return found.filter(matching(query.text)) if query.text else found


def _owned(owners: tuple[str, ...], actor: Actor) -> Q:
    ids = [int(value) for value in owners if value.isdecimal() and len(value) < 18]
    if "me" in owners and actor.user_id is not None:
        ids.append(actor.user_id)
    return Q(owner_id__in=ids) | (Q(owner__isnull=True) if "none" in owners else Q(pk__in=[]))


def matching(text: str) -> Q:
    """Words of the subject or of a public message, the last one perhaps not written out yet, a tag, or the beginning
    of a reference.
    """
    query = SearchQuery(text, search_type="websearch", config="english")
    words = re.findall(r"\w+", text)
    if words and text.endswith(words[-1]):
        begun = " & ".join([*words[:-1], f"{words[-1]}:*"])
        query |= SearchQuery(begun, search_type="raw", config="english")
    said = Message.objects.annotate(words=SearchVector("body", config="english")).filter(words=query)
    return (
        Q(search=query)
        | Q(pk__in=said.values("case_id"))
        | Q(tags__contains=[text.lower()])
        | Q(reference__startswith=text.upper())
    )


@dataclass(frozen=True)
class Row:
    """One line of the list: the case and the one clock that matters next (None when none runs)."""

    case: Case
    dial: dials.Dial | None


@dataclass(frozen=True)
class Listing:
    rows: list[Row]
    page: Page[Case]
    query: Query
    ordered_by: str


def listing(query: Query, actor: Actor, now: datetime, size: int = 50) -> Listing:
    """One page of the list, in two queries whatever its length."""
    found = (
        rows(query, actor, now).select_related("tenant", "owner", "requester").defer("context", "enrichment", "search")
    )
    sort = order(query.sort)
    one = page(found, sort, after=query.after, size=size)
    readings = clocks.readings([case.clock_set_id for case in one.items], now) if one.items else {}
    lines = [Row(case, dials.next_due(readings.get(case.clock_set_id, []))) for case in one.items]
    return Listing(rows=lines, page=one, query=query, ordered_by=sort.name)


def counts(actor: Actor, now: datetime) -> dict[str, int]:
    """How many cases each counted view holds, exactly, in one query over what is not closed."""
    counted = {key: view for key, view in VIEWS.items() if view.counted}
    filters = {key: Count("pk", filter=view.rows(actor, now)) for key, view in counted.items()}
    return Case.objects.filter(but_drills()).exclude(status=Status.CLOSED).aggregate(**filters)
