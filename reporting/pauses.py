"""Pause integrity: each time a case was set waiting on its customer, and whether the customer had a say in its end.

A pause begins with `wait`, whose ask is a public message, and ends with the case's next move. A customer's word ends it
by itself, so it was answered exactly when the customer's side ended it. Read from the moves alone, which restricted
tenants show too; the words of an ask are read apart, where they are open. Cases that retention took are not here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection, models
from django.db.models import Case as When_
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.timezone import get_current_timezone

from cases.models import Message, Transition
from companyos.web.errors import DomainError
from companyos.web.pagination import Page, Sort, page
from reporting.days import read_day
from sla import calendars, ledger, policies
from sla.models import Clock
from tenants.models import but_drills

NEWEST = Sort("began", "at", descending=True)
PAGE_SIZE = 50
DAYS = 30
MOST_DAYS = 366
STALE_DAYS = 7
MOST_STALE_DAYS = 365
MOST_EXPORTED = 50_000
NOTHING = timedelta(0)

ANSWERED, DISPUTED, TAKEN_BACK, RESOLVED, STALE, OPEN = (
    "answered", "disputed", "taken-back", "resolved", "stale", "open",
)  # fmt: skip
KINDS = {
    DISPUTED: "Disputed by the customer",
    TAKEN_BACK: "Ended by support without an answer",
    RESOLVED: "Resolved while waiting",
    STALE: "Waiting for too long",
    ANSWERED: "Answered",
    OPEN: "Waiting",
}
UNANSWERED = (DISPUTED, TAKEN_BACK, RESOLVED, STALE)


@dataclass(frozen=True)
class Asked:
    """What the URL asks for: pauses that began on these days, in the reader's zone. `stale_days`: a case that waits
    for longer counts as unanswered. `agent` is a user's id; `kind` "" is everything unanswered, "all" is all.
    """

    since: date
    until: date
    stale_days: int = STALE_DAYS
    agent: str = ""
    tenant: str = ""
    kind: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        return {"": UNANSWERED, "all": tuple(KINDS)}.get(self.kind, (self.kind,))


def parse(params: Mapping[str, str], today: date) -> Asked:
    """The last 30 days where no day is named. An agent or a kind that cannot be is dropped: both are chosen, not typed.

    Raises DomainError, naming the field, for a day or a number that cannot be read, for days the wrong way around and
    for more than MOST_DAYS.
    """
    typed = {name: params.get(name, "") for name in ("since", "until")}
    first, last = (read_day(words, name) if words.strip() else None for name, words in typed.items())
    until = last or today
    since = first or until - timedelta(days=DAYS - 1)
    if last is None and since > today:
        raise DomainError("period", "Choose a first day that is not after today, or name the last one too.", "since")
    if since > until:
        raise DomainError("period", "The period ends before it starts; turn the two days around.", "until")
    if (until - since).days >= MOST_DAYS:
        raise DomainError("period", f"A period is at most {MOST_DAYS} days long; choose a later first day.", "since")
    agent, kind = (params.get(name, "").strip() for name in ("agent", "kind"))
    return Asked(
        since=since,
        until=until,
        stale_days=_stale(params.get("stale", "").strip()),
        agent=agent if agent.isdecimal() and len(agent) < 18 else "",
        tenant=params.get("tenant", "").replace("\x00", "").strip()[:50],
        kind=kind if kind in KINDS or kind == "all" else "",
    )


def _stale(words: str) -> int:
    if not words:
        return STALE_DAYS
    if words.isdecimal() and len(words) < 4 and 1 <= int(words) <= MOST_STALE_DAYS:
        return int(words)
    raise DomainError("stale", f"Write a whole number of days from 1 to {MOST_STALE_DAYS}.", "stale")


def _next(column: str) -> Subquery:
    """Of the move that ended the pause; a case makes its moves one at a time, so ids are in their order."""
    later = Transition.objects.filter(case=OuterRef("case"), pk__gt=OuterRef("pk")).order_by("pk")
    return Subquery(later.values(column)[:1])


def _resolution(column: str) -> Subquery:
    """Of the clock that the pause held: the resolution's, of the same cycle."""
    held = Clock.objects.filter(
        clock_set=OuterRef("case__clock_set"), metric="resolution", cycle=OuterRef("cycle")
    ).order_by("-round")
    return Subquery(held.values(column)[:1])


def rows(asked: Asked, now: datetime) -> QuerySet[Transition]:
    """The pauses of the period, of any kind, unordered, each with `ended_at` (None while it lasts) and `pause_kind`."""
    begins, ends = (
        datetime.combine(day, time.min, get_current_timezone())
        for day in (asked.since, asked.until + timedelta(days=1))
    )
    found = Transition.objects.filter(but_drills(), verb="wait", at__gte=begins, at__lt=ends)
    if asked.agent:
        found = found.filter(actor_kind="agent", actor_id=asked.agent)
    if asked.tenant:
        found = found.filter(tenant__slug=asked.tenant)
    found = found.annotate(ended_at=_next("at"), ended_by=_next("verb"), ender=_next("actor_kind"))
    too_long = now - timedelta(days=asked.stale_days)
    return found.annotate(
        pause_kind=When_(
            When(ended_by="dispute", then=Value(DISPUTED)),
            When(ender="requester", then=Value(ANSWERED)),
            When(ended_by="resolve", then=Value(RESOLVED)),
            When(ended_by__isnull=False, then=Value(TAKEN_BACK)),
            When(at__lte=too_long, then=Value(STALE)),
            default=Value(OPEN),
            output_field=models.CharField(),
        )
    )


# ── Figures ──────────────────────────────────────────────────────────────────
@dataclass
class Figures:
    """Of an agent, of a tenant, or of all. `counted` is paused time as the resolution clock counts it."""

    key: str = ""
    name: str = ""
    kinds: dict[str, int] = field(default_factory=dict)
    elapsed: timedelta = NOTHING
    counted: timedelta = NOTHING

    @property
    def user_id(self) -> str:
        """Whose pauses can be asked for alone."""
        return self.key.removeprefix("agent:") if self.key.startswith("agent:") else ""

    @property
    def pauses(self) -> int:
        return sum(self.kinds.values())

    @property
    def unanswered(self) -> int:
        return sum(self.kinds.get(kind, 0) for kind in UNANSWERED)

    @property
    def disputed(self) -> int:
        return self.kinds.get(DISPUTED, 0)

    @property
    def percent(self) -> int | None:
        """The unanswered ones' share; None where nothing paused."""
        return round(100 * self.unanswered / self.pauses) if self.pauses else None


@dataclass(frozen=True)
class Summary:
    total: Figures
    agents: list[Figures]
    tenants: list[Figures]


_SUMS = """
WITH pause AS (SELECT p.*, actor_kind || ':' || coalesce(actor_id::text, '') AS agent FROM ({pauses}) p)
SELECT CASE WHEN grouping(tenant_id) = 0 THEN 'tenant' WHEN grouping(agent) = 0 THEN 'agent' ELSE 'total' END,
       coalesce(tenant_id::text, agent, ''), max(who), max(tenant_slug), max(tenant_name), pause_kind, count(*),
       sum(ended - at), coalesce(sum(ended - at) FILTER (WHERE basis = 'elapsed'), interval '0')
  FROM pause
 GROUP BY GROUPING SETS ((agent, pause_kind), (tenant_id, pause_kind), (pause_kind))
"""


def summary(asked: Asked, now: datetime) -> Summary:
    """All figures in two queries: sums by the database, and the spans of business time, which it cannot count."""
    spans = rows(asked, now).annotate(
        who=F("actor_name"),
        tenant_slug=F("tenant__slug"),
        tenant_name=F("tenant__name"),
        ended=Coalesce("ended_at", Value(now)),
        basis=_resolution("basis"),
        calendar_id=_resolution("calendar_id"),
    )
    found: dict[tuple[str, str], Figures] = {}
    columns = ("actor_kind", "actor_id", "who", "tenant_id", "tenant_slug", "tenant_name")
    sql, params = spans.values(*columns, "pause_kind", "at", "ended", "basis").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(pauses=sql), params)
        for group, key, who, slug, tenant, kind, count, elapsed, counted in cursor.fetchall():
            one = found.setdefault((group, key), Figures())
            one.key, one.name = (slug, tenant) if group == "tenant" else (key, who)
            one.kinds[kind] = count
            one.elapsed += elapsed
            one.counted += counted
    business = spans.filter(basis=ledger.BUSINESS)
    for kind, who, tenant_id, calendar_id, began, end in business.values_list(
        "actor_kind", "actor_id", "tenant_id", "calendar_id", "at", "ended"
    ).iterator(chunk_size=2000):
        open_time = calendars.business_time(policies.calendar_spec(calendar_id), began, max(began, end))
        for group in (("agent", f"{kind}:{who or ''}"), ("tenant", str(tenant_id)), ("total", "")):
            if group in found:  # a pause that began since the sums were taken is in none of them
                found[group].counted += open_time
    return Summary(found.get(("total", ""), Figures()), _worst_first(found, "agent"), _worst_first(found, "tenant"))


def _worst_first(found: Mapping[tuple[str, str], Figures], group: str) -> list[Figures]:
    those = [one for (kind, _), one in found.items() if kind == group]
    return sorted(those, key=lambda one: (-one.unanswered, -one.pauses, one.name))


# ── The pauses themselves ────────────────────────────────────────────────────
@dataclass(frozen=True)
class Pause:
    """`ask` is None where the tenant's words are closed to the reader; `counted` None where no clock was held."""

    reference: str
    subject: str
    tenant: str
    agent: str
    began: datetime
    ended: datetime | None
    kind: str
    elapsed: timedelta
    counted: timedelta | None
    ask: str | None

    @property
    def kind_name(self) -> str:
        return KINDS[self.kind]


def _told(asked: Asked, now: datetime) -> QuerySet[Transition]:
    asks = Message.objects.filter(case=OuterRef("case"), asks=True, at=OuterRef("at")).order_by("-pk")
    return (
        rows(asked, now)
        .filter(Q(pause_kind__in=asked.kinds))
        .select_related("case", "tenant")
        .only(
            "actor_name", "at", "cycle", "tenant__slug", "tenant__name",
            "case__reference", "case__subject", "case__tenant_id",
        )
        .annotate(ask=Subquery(asks.values("body")[:1]))
        .annotate(basis=_resolution("basis"), calendar=_resolution("calendar_id"))
    )  # fmt: skip


def listing(asked: Asked, now: datetime, after: str | None) -> tuple[list[Pause], Page[Transition]]:
    one = page(_told(asked, now), NEWEST, after=after, size=PAGE_SIZE)
    return [_pause(row, now) for row in one.items], one


def _pause(row: Any, now: datetime) -> Pause:
    ended = max(row.ended_at or now, row.at)
    counted = ended - row.at if row.basis else None
    if row.basis == ledger.BUSINESS:
        counted = calendars.business_time(policies.calendar_spec(row.calendar), row.at, ended)
    return Pause(
        reference=row.case.reference,
        subject=row.case.subject,
        tenant=row.tenant.name,
        agent=row.actor_name,
        began=row.at,
        ended=row.ended_at,
        kind=row.pause_kind,
        elapsed=ended - row.at,
        counted=counted,
        ask=row.ask,
    )


HEADER = (
    "Case", "Subject", "Tenant", "Set waiting by", "Began (UTC)", "Ended (UTC)", "How", "Paused hours",
    "Paused hours as the clock counts", "Asked",
)  # fmt: skip


def exported(asked: Asked, now: datetime) -> Iterator[tuple[object, ...]]:
    """The list's rows, newest first, at most MOST_EXPORTED, under HEADER."""
    for row in _told(asked, now).order_by("-at", "-pk")[:MOST_EXPORTED].iterator(chunk_size=1000):
        one = _pause(row, now)
        yield (
            one.reference, one.subject, one.tenant, one.agent, _utc(one.began), _utc(one.ended), one.kind_name,
            _hours(one.elapsed), _hours(one.counted), one.ask or "",
        )  # fmt: skip


def _utc(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""


def _hours(span: timedelta | None) -> float | None:
    return None if span is None else round(span / timedelta(hours=1), 2)
