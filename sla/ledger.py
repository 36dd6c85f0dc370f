"""What a clock's ledger means. Pure: entries in, projection out; `now` is a parameter.

A projection is the fold of the entries; `reading` turns it into what a badge, a queue, an alert, the API and a report
say at an instant. A span is half-open, [start, due): met exactly at the due instant is breached.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sla.calendars import CalendarSpec, business_due, business_time

ELAPSED, BUSINESS = "elapsed", "business"
RUNNING, PAUSED, MET, CANCELLED = "running", "paused", "met", "cancelled"
STARTED, RESUMED, RETARGETED, BREACHED = "started", "resumed", "retargeted", "breached"
NOTHING = timedelta(0)

# In which states a verb does something; elsewhere it is a repetition and changes nothing.
# A met clock resumes when a Resolved case turns out not to be fixed; a cancelled one has ended for good.
ALLOWED: dict[str, frozenset[str]] = {
    PAUSED: frozenset({RUNNING}),
    RESUMED: frozenset({PAUSED, MET}),
    RETARGETED: frozenset({RUNNING, PAUSED}),
    MET: frozenset({RUNNING, PAUSED}),
    CANCELLED: frozenset({RUNNING, PAUSED}),
}


@dataclass(frozen=True, slots=True)
class Target:
    """A promised duration and the time it is counted in; `shares` are the percentages of it that raise an alert."""

    amount: timedelta
    basis: str = ELAPSED
    calendar: CalendarSpec | None = None
    shares: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.amount <= NOTHING:
            raise ValueError("A target must be longer than nothing.")
        if self.basis == BUSINESS and self.calendar is None:
            raise ValueError("A target in business time needs a calendar.")

    def between(self, start: datetime, end: datetime) -> timedelta:
        if self.basis == BUSINESS and self.calendar is not None:
            return business_time(self.calendar, start, end)
        return end - start

    def due(self, start: datetime, amount: timedelta) -> datetime:
        if self.basis == BUSINESS and self.calendar is not None:
            return business_due(self.calendar, start, amount)
        return start.astimezone(UTC) + amount

    def part(self, share: int) -> timedelta:
        return self.amount * share / 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a ledger. `started` and `retargeted` carry the target from then on."""

    kind: str
    at: datetime
    target: Target | None = None
    at_retarget: bool = False


@dataclass(frozen=True, slots=True)
class Projection:
    """What the clock's row stores. `consumed` and `overrun` count the ended runs; `reading` adds the open one.

    `due_at` is None on a clock paused (or ended while paused) with time left: nobody can know it then.
    `overrun` is elapsed time that the clock ran on after its breach.
    """

    state: str
    target: Target
    started_at: datetime
    running_since: datetime | None
    paused_since: datetime | None
    met_at: datetime | None
    breached_at: datetime | None
    cancelled_at: datetime | None
    breached_at_retarget: bool
    consumed: timedelta
    overrun: timedelta
    due_at: datetime | None
    next_alert_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One clock at one instant. consumed + left = target always; `left` is negative on a clock that ran past it.

    `late_by` is elapsed time since the breach, without pauses; it stops when the clock is met or cancelled. `late` is
    the same in the clock's own time: of a business clock the business time, so none of it while it is closed.
    """

    metric: str
    cycle: int
    round: int
    state: str
    breached: bool
    due_at: datetime | None
    paused_since: datetime | None
    left: timedelta
    consumed: timedelta
    target: timedelta
    basis: str
    met_at: datetime | None
    breached_at: datetime | None
    late_by: timedelta | None
    late: timedelta | None
    started_at: datetime
    policy_name: str = ""
    policy_version: int = 0
    calendar_name: str = ""
    clock_id: int = 0

    @property
    def used(self) -> float:
        """Share of the target consumed: 0.5 is half, above 1 is over."""
        return self.consumed / self.target


@dataclass(frozen=True, slots=True)
class Owed:
    """What became a fact though nobody said so yet: shares to warn of with the instants they were passed at, in order,
    then the breach; `after` is the projection once all of it is said."""

    shares: tuple[tuple[int, datetime], ...]
    breach: Entry | None
    after: Projection


@dataclass(slots=True)
class Story:
    """The fold's state. The runs stay apart, because a new target is counted over all of them."""

    target: Target
    runs: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    state: str = RUNNING
    paused_since: datetime | None = None
    met_at: datetime | None = None
    breached_at: datetime | None = None
    cancelled_at: datetime | None = None
    at_retarget: bool = False
    silenced: frozenset[int] = frozenset()

    def tell(self, entry: Entry) -> None:
        match entry.kind:
            case "started" | "resumed":
                self.runs.append((entry.at, None))
                self.state, self.paused_since, self.met_at = RUNNING, None, None
            case "paused":
                self._stop(entry.at)
                self.state, self.paused_since = PAUSED, entry.at
            case "met":
                self._stop(entry.at)
                self.state, self.paused_since, self.met_at = MET, None, entry.at
            case "cancelled":
                self._stop(entry.at)
                self.state, self.paused_since, self.cancelled_at = CANCELLED, None, entry.at
            case "breached":
                self.breached_at, self.at_retarget = entry.at, entry.at_retarget
            case "retargeted":
                self._retarget(entry)
            case unknown:
                raise ValueError(f"A ledger has no entry “{unknown}”.")

    def _stop(self, at: datetime) -> None:
        if self.runs[-1][1] is None:
            self.runs[-1] = (self.runs[-1][0], at)

    def _retarget(self, entry: Entry) -> None:
        if entry.target is None:
            raise ValueError("A retarget names its target.")
        self.target = entry.target
        reached = ((share, self.reached(self.target.part(share))) for share in self.target.shares)
        self.silenced = frozenset(share for share, instant in reached if instant is not None and instant <= entry.at)

    def reached(self, amount: timedelta) -> datetime | None:
        """The instant at which `amount` is used up, were an open run to go on; None if the ended runs hold less."""
        left = amount
        for start, end in self.runs:
            spent = None if end is None else self.target.between(start, end)
            if spent is None or spent >= left:
                return self.target.due(start, left)
            left -= spent
        return None

    def due_at(self) -> datetime | None:
        """As promised at the end: a clock that was met or cancelled while it ran keeps the due instant it had then."""
        start, end = self.runs[-1]
        ended_running = end is not None and end in (self.met_at, self.cancelled_at)
        story = replace(self, runs=[*self.runs[:-1], (start, None)]) if ended_running else self
        return story.reached(self.target.amount)

    def next_alert_at(self, alerted: frozenset[int]) -> datetime | None:
        if self.state != RUNNING or self.breached_at is not None:
            return None
        parts = [self.target.part(share) for share in self._unsaid(alerted)]
        return self.reached(min([*parts, self.target.amount]))

    def passed(self, alerted: frozenset[int], now: datetime) -> tuple[tuple[int, datetime], ...]:
        """The shares to warn of by `now`, each with its instant. A breach that was written down silences the rest."""
        if self.state != RUNNING or self.breached_at is not None:
            return ()
        reached = ((share, self.reached(self.target.part(share))) for share in sorted(self._unsaid(alerted)))
        return tuple((share, at) for share, at in reached if at is not None and at <= now)

    def _unsaid(self, alerted: frozenset[int]) -> list[int]:
        return [share for share in self.target.shares if share not in alerted and share not in self.silenced]

    def projection(self, alerted: frozenset[int]) -> Projection:
        ended = [(start, end) for start, end in self.runs if end is not None]
        late_from = self.breached_at
        late = [end - max(start, late_from) for start, end in ended if late_from is not None and end > late_from]
        return Projection(
            state=self.state,
            target=self.target,
            started_at=self.runs[0][0],
            running_since=self.runs[-1][0] if self.runs[-1][1] is None else None,
            paused_since=self.paused_since,
            met_at=self.met_at,
            breached_at=self.breached_at,
            cancelled_at=self.cancelled_at,
            breached_at_retarget=self.at_retarget,
            consumed=sum((self.target.between(start, end) for start, end in ended), NOTHING),
            overrun=sum(late, NOTHING),
            due_at=self.due_at(),
            next_alert_at=self.next_alert_at(alerted),
        )


def fold(entries: Iterable[Entry], alerted: frozenset[int] = frozenset()) -> Projection:
    """The projection of a ledger. `alerted` are the shares whose alert went out already."""
    return _told(entries).projection(alerted)


def settle(projection: Projection, now: datetime) -> Entry | None:
    """The breach that is a fact by `now` though nobody wrote it down yet, dated at its due instant."""
    due_at = projection.due_at
    if projection.state != RUNNING or projection.breached_at is not None or due_at is None or due_at > now:
        return None
    return Entry(BREACHED, due_at)


def advance(entries: Sequence[Entry], entry: Entry) -> list[Entry]:
    """The lines to append when `entry` happens: a breach due by then first, then the entry unless it repeats.

    An instant before the ledger's last is moved up to it: the order of the ledger is the order of commits, and what is
    written is never dated back. A retarget that puts the due instant in the past breaches at the retarget.
    """
    entry = replace(entry, at=max(entry.at, entries[-1].at))
    before = fold(entries)
    breach = settle(before, entry.at)
    lines = [] if breach is None else [breach]
    if before.state not in ALLOWED[entry.kind]:
        return lines
    lines.append(entry)
    if entry.kind == RETARGETED:
        after = fold([*entries, *lines])
        if after.breached_at is None and after.due_at is not None and after.due_at <= entry.at:
            lines.append(Entry(BREACHED, entry.at, at_retarget=True))
    return lines


def reading(
    projection: Projection,
    now: datetime,
    *,
    metric: str = "",
    cycle: int = 0,
    round_: int = 0,
    policy_name: str = "",
    policy_version: int = 0,
    calendar_name: str = "",
    clock_id: int = 0,
) -> Reading:
    """What a clock says at `now`; for an instant before its last entry, fold the entries up to it first."""
    target, since = projection.target, projection.running_since
    consumed, breach = projection.consumed, projection.breached_at
    if since is not None:
        consumed += target.between(since, max(now, since))
        settled = settle(projection, now)
        breach = settled.at if settled else breach
    late_by, late = (None, None) if breach is None else _lateness(projection, breach, now, consumed)
    return Reading(
        metric=metric,
        cycle=cycle,
        round=round_,
        state=projection.state,
        breached=breach is not None,
        due_at=projection.due_at,
        paused_since=projection.paused_since,
        left=target.amount - consumed,
        consumed=consumed,
        target=target.amount,
        basis=target.basis,
        met_at=projection.met_at,
        breached_at=breach,
        late_by=late_by,
        late=late,
        started_at=projection.started_at,
        policy_name=policy_name,
        policy_version=policy_version,
        calendar_name=calendar_name,
        clock_id=clock_id,
    )


def _lateness(
    projection: Projection, breach: datetime, now: datetime, consumed: timedelta
) -> tuple[timedelta, timedelta]:
    """What ran on since the breach: elapsed, and in the clock's own time.

    A target that made the clock late at once was left behind by more than that, and so was one that changed later: of
    such a business clock the ended runs count as they elapsed.
    """
    target, since = projection.target, projection.running_since
    start = now if since is None else max(since, breach)
    end = max(now, start)
    late_by = projection.overrun + (end - start)
    if target.basis != BUSINESS:
        return late_by, late_by
    if not projection.breached_at_retarget and consumed >= target.amount:
        return late_by, min(consumed - target.amount, late_by)
    return late_by, projection.overrun + target.between(start, end)


def owed(entries: Iterable[Entry], alerted: frozenset[int], now: datetime) -> Owed:
    """All that a ledger owes by `now`, told in one reading of it."""
    story = _told(entries)
    shares = story.passed(alerted, now)
    said = alerted.union(share for share, _ in shares)
    after = story.projection(said)
    breach = settle(after, now)
    if breach is not None:
        story.tell(breach)
        after = story.projection(said)
    return Owed(shares, breach, after)


def _told(entries: Iterable[Entry]) -> Story:
    lines = iter(entries)
    first = next(lines, None)
    if first is None or first.kind != STARTED or first.target is None:
        raise ValueError("A ledger begins with a start that names its target.")
    story = Story(first.target)
    story.tell(first)
    for entry in lines:
        story.tell(entry)
    return story
