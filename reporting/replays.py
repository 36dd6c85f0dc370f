"""What a replay found, as it is read: both sides of each segment and metric, and the cases that change sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.timezone import get_current_timezone

from cases.dials import METRIC_NAMES
from cases.models import Case
from companyos.web.errors import DomainError
from companyos.web.pagination import Page, Sort, page
from reporting.days import read_day
from sla.models import Calendar, Draft, Job, Policy, ReplayDifference
from sla.replays import alternatives

OLDEST = Sort("started", "started_at")
PERIODS = {"month": "Last month", "quarter": "Last quarter", "days": "Last 30 days", "custom": "From a day to a day"}
OUTCOME_NAMES = {
    "kept": "kept",
    "breached": "breached",
    "open": "still open",
    "cancelled": "called off",
    "none": "no promise",
    "unknown": "cannot be told",
}
MOVES = {"worse": ("kept", "breached"), "better": ("breached", "kept")}

BOTH = "Write both days of the period."


# ── The period asked for ─────────────────────────────────────────────────────
def period(preset: str, since: str, until: str, today: date) -> tuple[datetime, datetime]:
    """[start, end) of the days in the current zone. `until` is the last day of a period from a day to a day."""
    month = today.replace(day=1)
    if preset == "month":
        first, after = (month - timedelta(days=1)).replace(day=1), month
    elif preset == "quarter":
        after = month.replace(month=(today.month - 1) // 3 * 3 + 1)
        last = after - timedelta(days=1)
        first = last.replace(day=1, month=(last.month - 1) // 3 * 3 + 1)
    elif preset == "days":
        first, after = today - timedelta(days=30), today
    elif preset == "custom":
        first, last = (read_day(words, field, BOTH) for words, field in ((since, "since"), (until, "until")))
        after = last + timedelta(days=1)
    else:
        raise DomainError("period", "Choose a period.", "period")
    return _start(first), _start(after)


def days(params: dict[str, Any]) -> tuple[date, date] | tuple[None, None]:
    """The first and the last day of a job's period, as the person who asked for it has them in their zone; None for a
    job that names none."""
    if not (params.get("since") and params.get("before")):
        return None, None
    since, before = (datetime.fromisoformat(params[name]) for name in ("since", "before"))
    return since.date(), (before - timedelta(microseconds=1)).date()


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, get_current_timezone())


def offered() -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be tried, in groups: the value that is posted, and its words."""
    found, groups = alternatives.offered(), {"draft": "Drafts", "policy": "Policies", "calendar": "Calendars"}
    return [(label, [(f"{kind}:{one.pk}", _named(one)) for one in found[kind]]) for kind, label in groups.items()]


def _named(one: Policy | Calendar | Draft) -> str:
    if not isinstance(one, Policy):
        return str(one)
    whom = f"{one.tier} support" if one.tier else f"segment {one.segment}" if one.segment else "everybody else"
    return f"{one}, for {one.tenant if one.tenant else whom}"


# ── Side by side ─────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Side:
    """How many clocks came out how, and the seconds that the breached ones were late."""

    kept: int = 0
    breached: int = 0
    open: int = 0
    cancelled: int = 0
    none: int = 0
    unknown: int = 0
    late: float = 0

    def __add__(self, other: Side) -> Side:
        return Side(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Side)))

    @property
    def promised(self) -> int:
        return self.kept + self.breached + self.open + self.cancelled + self.unknown

    @property
    def attainment(self) -> float | None:
        """Per cent kept of what was decided; None when nothing was."""
        decided = self.kept + self.breached
        return 100 * self.kept / decided if decided else None

    @property
    def late_hours(self) -> float:
        return self.late / 3600

    @property
    def undecided(self) -> list[tuple[int, str]]:
        """The clocks that count on neither side, with the word for why."""
        names = ("open", "cancelled", "none", "unknown")
        return [(count, OUTCOME_NAMES[name]) for name in names if (count := getattr(self, name))]


@dataclass(frozen=True)
class Change:
    """A signed difference in words: more is better for attainment, worse for breaches and hours."""

    amount: float
    text: str
    tone: str  # better, worse, same


@dataclass(frozen=True)
class Pair:
    """One line of the comparison."""

    name: str
    was: Side
    would: Side

    @property
    def attainment(self) -> Change | None:
        if self.was.attainment is None or self.would.attainment is None:
            return None
        return _change(self.would.attainment - self.was.attainment, " points", good=1)

    @property
    def breaches(self) -> Change:
        return _change(self.would.breached - self.was.breached, "", good=-1, places=0)

    @property
    def hours(self) -> Change:
        return _change(self.would.late_hours - self.was.late_hours, " h", good=-1)


@dataclass(frozen=True)
class Segment:
    name: str
    metrics: list[Pair]
    total: Pair


@dataclass(frozen=True)
class Comparison:
    segments: list[Segment]
    metrics: list[Pair]  # over all segments
    total: Pair


def _change(amount: float, unit: str, *, good: int, places: int = 1) -> Change:
    shown = round(amount, places)
    if not shown:
        return Change(0, "no change", "same")
    sign = "+" if shown > 0 else "−"
    return Change(amount, f"{sign}{abs(shown):,.{places}f}{unit}", "better" if shown * good > 0 else "worse")


def comparison(result: dict[str, Any]) -> Comparison:
    """What the job counted so far."""
    segments, everything = [], Pair("Everything", Side(), Side())
    by_metric: dict[str, Pair] = {}
    for name, metrics in sorted(result.get("segments", {}).items()):
        pairs = {metric: _pair(METRIC_NAMES[metric], metrics[metric]) for metric in METRIC_NAMES if metric in metrics}
        total = Pair(f"All of {name or 'no segment'}", Side(), Side())
        for metric, pair in pairs.items():
            total = _plus(total, pair)
            by_metric[metric] = _plus(by_metric.get(metric, Pair(pair.name, Side(), Side())), pair)
        everything = _plus(everything, total)
        segments.append(Segment(name or "No segment", list(pairs.values()), total))
    ordered = [by_metric[metric] for metric in METRIC_NAMES if metric in by_metric]
    return Comparison(segments, ordered, everything)


def _pair(name: str, row: dict[str, dict[str, float]]) -> Pair:
    was, would = (Side(**row[side]) for side in ("was", "would_be"))  # type: ignore[arg-type]
    return Pair(name, was, would)


def _plus(one: Pair, other: Pair) -> Pair:
    return Pair(one.name, one.was + other.was, one.would + other.would)


# ── What changes sides ───────────────────────────────────────────────────────
@dataclass(frozen=True)
class Mover:
    """A clock that changes sides, with its case (None if the case is gone or out of reach)."""

    row: ReplayDifference
    case: Case | None

    @property
    def metric(self) -> str:
        return METRIC_NAMES.get(self.row.metric, self.row.metric)

    @property
    def was(self) -> str:
        return OUTCOME_NAMES[self.row.was]

    @property
    def would_be(self) -> str:
        return OUTCOME_NAMES[self.row.would_be]

    @property
    def tone(self) -> str:
        return "worse" if self.row.would_be == "breached" else "better" if self.row.was == "breached" else "same"


def differences(job: Job, move: str) -> QuerySet[ReplayDifference]:
    """`move`: worse, better, other, or '' for all of them."""
    found = ReplayDifference.objects.filter(job=job)
    if move in MOVES:
        was, would = MOVES[move]
        return found.filter(was=was, would_be=would)
    if move == "other":
        for was, would in MOVES.values():
            found = found.exclude(was=was, would_be=would)
    return found


def moves(result: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Each filter with its name and how many clocks there are, those beyond the list's bound included."""
    counts = result.get("moves", {})
    named = {key: counts.get(f"{was}>{would}", 0) for key, (was, would) in MOVES.items()}
    total = result.get("differences", 0)
    words = {"": "All", "worse": "Kept, would be breached", "better": "Breached, would be kept", "other": "Other"}
    found = {"": total, **named, "other": total - sum(named.values())}
    return [(key, words[key], found[key]) for key in words]


def movers(job: Job, move: str, *, after: str | None) -> tuple[list[Mover], Page[ReplayDifference]]:
    rows = differences(job, move).select_related("clock", "tenant")
    one = page(rows, OLDEST, after=after)
    return _with_cases(one.items), one


def _with_cases(rows: Sequence[ReplayDifference]) -> list[Mover]:
    sets = {row.clock.clock_set_id for row in rows}
    cases = {case.clock_set_id: case for case in Case.objects.filter(clock_set_id__in=sets)}
    return [Mover(row, cases.get(row.clock.clock_set_id)) for row in rows]


HEADER = (
    "Case", "Tenant", "Segment", "Metric", "Cycle", "Round", "Priority", "Started", "Was", "Would be", "Due",
    "Would be due",
)  # fmt: skip
CHUNK = 500


def exported(job: Job, move: str) -> Iterator[tuple[Any, ...]]:
    """The rows of the list, oldest first, under the names of HEADER."""
    found = differences(job, move).select_related("clock", "tenant").order_by("started_at", "pk")
    chunk: list[ReplayDifference] = []
    for row in found.iterator(chunk_size=CHUNK):
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield from _cells(chunk)
            chunk = []
    yield from _cells(chunk)


def _cells(rows: list[ReplayDifference]) -> Iterator[tuple[Any, ...]]:
    for mover in _with_cases(rows):
        row, clock = mover.row, mover.row.clock
        yield (
            mover.case.reference if mover.case else "", row.tenant.name, row.tenant.segment, mover.metric, clock.cycle,
            clock.round, clock.priority, row.started_at, mover.was, mover.would_be, row.was_due, row.would_be_due,
        )  # fmt: skip
