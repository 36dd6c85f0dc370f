"""Why a clock is due when it is. Pure: its ledger and an instant in; stretches, marks and terms out.

Everything is told as it stood at the instant: lines after it are not there yet, an alert sent later is still to come,
a breach that is a fact by then is told though nobody wrote it down. Before the instant each stretch says what it used
up of the target; from the instant on, `ahead` stretches say what will be used if nothing happens. So

    consumed (stretches until the instant) + those ahead = target, on a clock that runs and is not late.

All amounts are counted under the target in force at the instant, because a retarget counts every run anew; `parts` say
which target was in force before and when it would have been due.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sla import ledger
from sla.explaining import spells
from sla.ledger import BUSINESS, MET, NOTHING, PAUSED, RETARGETED, RUNNING, STARTED, Entry, Projection, Reading, Target

LATE, STOPPED, CLOSED, HOLIDAY, FOLDED = "late", "stopped", "closed", "holiday", "folded"
MOST_PAST, MOST_AHEAD = 300, 100  # stretches told on each side of the instant; more are folded into one
SENT, OVERDUE, COMING, UNKNOWN, DROPPED, PASSED_OVER = (
    "sent",
    "overdue",
    "coming",
    "unknown",
    "dropped",
    "passed_over",
)


class NotYet(ValueError):
    """The instant lies before the clock's start, so there is nothing to tell of."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a start or a retarget promised: the target with the policy and calendar version that it rests on."""

    target: Target
    priority: str
    policy: str
    policy_version: int
    policy_key: str = ""
    calendar_key: str = ""
    holidays: Mapping[date, str] = field(default_factory=dict)

    @property
    def calendar(self) -> str:
        return self.target.calendar.name if self.target.calendar else ""

    @property
    def calendar_version(self) -> int | None:
        return self.target.calendar.version if self.target.calendar else None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger with its words. `terms` only where a target is put in force; `seq` 0: not written yet."""

    seq: int
    kind: str
    at: datetime
    cause: str
    actor_kind: str
    actor: str
    reason: str = ""
    terms: Terms | None = None
    at_retarget: bool = False
    asked_at: datetime | None = None

    @property
    def entry(self) -> Entry:
        return Entry(self.kind, self.at, self.terms.target if self.terms else None, self.at_retarget)


@dataclass(frozen=True, slots=True)
class Alert:
    share: int
    at: datetime
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """[start, end) of one kind: running, late, paused, stopped (between met and resumed), closed, holiday or folded.

    `line` began it. A folded one stands for many: it was closed `closures` times.
    """

    kind: str
    start: datetime
    end: datetime
    consumed: timedelta
    line: Line
    name: str = ""
    ahead: bool = False
    closures: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """How long one target was in force. `due_at` is the due instant as its time ended, `would_be_due` what it would
    be now under this target; None where nobody can know it (paused with time left).
    """

    line: Line
    terms: Terms
    start: datetime
    end: datetime | None
    due_at: datetime | None
    would_be_due: datetime | None


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant on the line: started, retargeted, warning, due, breached, met or cancelled. A warning has its share
    and state; `at` is None while the clock stands still before it.
    """

    kind: str
    at: datetime | None
    share: int | None = None
    state: str = ""
    sent_at: datetime | None = None
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """A clock at an instant. `until` is the end of what is told; `due_if_resumed` what a paused clock would be due."""

    at: datetime
    until: datetime
    reading: Reading
    terms: Terms
    stretches: tuple[Stretch, ...]
    marks: tuple[Mark, ...]
    parts: tuple[Part, ...]
    lines: tuple[Line, ...]
    before: datetime | None
    after: datetime | None
    due_if_resumed: datetime | None

    @property
    def paused(self) -> timedelta:
        """Elapsed time that it stood still for, up to the instant."""
        return sum((one.end - one.start for one in self.stretches if one.kind == PAUSED), NOTHING)


def explain(lines: Sequence[Line], alerts: Sequence[Alert], at: datetime) -> Explanation:
    """Raises NotYet for an instant before the first line."""
    known = [line for line in lines if line.at <= at]
    if not known:
        raise NotYet("The clock had not started then.")
    projection = ledger.fold([line.entry for line in known])
    said = ledger.reading(projection, at)
    if breach := ledger.settle(projection, at):
        known.append(Line(0, breach.kind, breach.at, "due", "system", ""))
    parts = _parts(known, at)
    stretches = [
        *_bounded(_past(known, at, parts[-1].terms), MOST_PAST),
        *_bounded(_ahead(known, at, projection, parts[-1].terms), MOST_AHEAD),
    ]
    marks = _marks(known, alerts, at, projection)
    ends = [one.end for one in stretches] + [mark.at for mark in marks if mark.at is not None]
    return Explanation(
        at=at,
        until=max([*ends, known[-1].at]),
        reading=said,
        terms=parts[-1].terms,
        stretches=tuple(stretches),
        marks=tuple(marks),
        parts=tuple(parts),
        lines=tuple(known),
        before=max((line.at for line in lines if line.at < at), default=None),
        after=min((line.at for line in lines if line.at > at), default=None),
        due_if_resumed=_due_if_resumed(said, parts[-1].terms.target, at),
    )


def _due_if_resumed(said: Reading, target: Target, at: datetime) -> datetime | None:
    return target.due(at, said.left) if said.state == PAUSED and said.left > NOTHING else None


# ── Terms ────────────────────────────────────────────────────────────────────
def _parts(known: Sequence[Line], at: datetime) -> list[Part]:
    heads = [(index, line, line.terms) for index, line in enumerate(known) if line.terms is not None]
    entries = [line.entry for line in known]
    parts = []
    for (_, line, terms), following in zip(heads, [*heads[1:], None], strict=True):
        end = following[0] if following else len(known)
        parts.append(
            Part(
                line,
                terms,
                line.at,
                following[1].at if following else None,
                ledger.fold(entries[:end]).due_at,
                _due_under(entries, terms.target),
            )
        )
    return parts


def _due_under(entries: Sequence[Entry], target: Target) -> datetime | None:
    """When `target` is used up over the ledger's runs, whatever target it names."""
    return ledger.fold([replace(entry, target=target) if entry.target else entry for entry in entries]).due_at


# ── Stretches ────────────────────────────────────────────────────────────────
def _past(known: Sequence[Line], at: datetime, terms: Terms) -> Iterator[Stretch]:
    """What was, line by line: until the instant, or until the clock ended."""
    runs = max(1, sum(line.kind in (STARTED, ledger.RESUMED, RETARGETED, ledger.BREACHED) for line in known))
    for mode, start, end, line in _modes(known, at):
        if mode in (RUNNING, LATE):
            yield from _counted(mode, start, end, line, terms, each_end=max(2, spells.EACH_END // runs))
        else:
            yield Stretch(mode, start, end, NOTHING, line)


def _modes(known: Sequence[Line], at: datetime) -> list[tuple[str, datetime, datetime, Line]]:
    """The ledger cut into runs, pauses and stops. A new target or the breach begins a run anew, not a pause."""
    found: list[tuple[str, datetime, Line]] = []
    late = False
    for line in known:
        running = bool(found) and found[-1][0] in (RUNNING, LATE)
        if line.kind == ledger.BREACHED:
            late = True
        if line.kind in (STARTED, ledger.RESUMED) or (running and line.kind in (RETARGETED, ledger.BREACHED)):
            found.append((LATE if late else RUNNING, line.at, line))
        elif line.kind in (PAUSED, MET, ledger.CANCELLED):
            found.append(({MET: STOPPED}.get(line.kind, line.kind), line.at, line))
    ended = found[-1][0] in (STOPPED, ledger.CANCELLED)
    instants = [start for _, start, _ in found] + [found[-1][1] if ended else at]
    return [
        (mode, start, end, line) for (mode, start, line), end in zip(found, instants[1:], strict=True) if end > start
    ]


def _ahead(known: Sequence[Line], at: datetime, projection: Projection, terms: Terms) -> Iterator[Stretch]:
    """What will be until the due instant, if nothing happens; of an ended clock, what would have been."""
    due_at = projection.due_at
    if due_at is None or projection.state == PAUSED or projection.breached_at is not None:
        return
    ended = projection.met_at or projection.cancelled_at
    start = ended or at
    if start < due_at:
        for one in _counted(RUNNING, start, due_at, known[-1], terms, each_end=spells.EACH_END // 2):
            yield replace(one, ahead=True)


def _counted(mode: str, start: datetime, end: datetime, line: Line, terms: Terms, each_end: int) -> Iterator[Stretch]:
    """A run, cut into what counts and what does not."""
    calendar = terms.target.calendar
    if terms.target.basis != BUSINESS or calendar is None:
        yield Stretch(mode, start, end, end - start, line)
        return
    for spell in spells.spells(calendar, terms.holidays, start, end, each_end):
        kind = mode if spell.kind == spells.OPEN else spell.kind
        yield Stretch(kind, spell.start, spell.end, spell.open_time, line, spell.name, closures=spell.closures)


def _bounded(stretches: Iterator[Stretch], most: int) -> list[Stretch]:
    told = list(stretches)
    if len(told) <= most:
        return told
    each = most // 2
    middle = told[each : len(told) - each]
    closures = sum(one.closures or one.kind in (CLOSED, HOLIDAY) for one in middle)
    consumed = sum((one.consumed for one in middle), NOTHING)
    folded = replace(middle[0], kind=FOLDED, end=middle[-1].end, consumed=consumed, closures=closures, name="")
    return [*told[:each], folded, *told[-each:]]


# ── Marks ────────────────────────────────────────────────────────────────────
def _marks(known: Sequence[Line], alerts: Sequence[Alert], at: datetime, projection: Projection) -> list[Mark]:
    told = (STARTED, RETARGETED, ledger.BREACHED, MET, ledger.CANCELLED)
    marks = [Mark(line.kind, line.at, line=line) for line in known if line.kind in told]
    if projection.due_at is not None:
        marks.append(Mark("due", projection.due_at))
    marks += _warnings(known, {one.share: one for one in alerts if one.sent_at <= at}, at, projection)
    return sorted(marks, key=lambda mark: (mark.at is None, mark.at or at))


def _warnings(known: Sequence[Line], sent: Mapping[int, Alert], at: datetime, projection: Projection) -> Iterator[Mark]:
    """Each share's warning: sent, or what will become of it."""
    target = projection.target
    entries = [line.entry for line in known]
    retargets = [index for index, entry in enumerate(entries) if entry.kind == RETARGETED]
    for share in sorted({*target.shares, *sent}):
        if share in sent:
            yield Mark("warning", sent[share].at, share, SENT, sent[share].sent_at)
            continue
        part = replace(target, amount=target.part(share))
        instant = _due_under(entries, part)
        then = _due_under(entries[: retargets[-1] + 1], part) if retargets else None
        if then is not None and then <= entries[retargets[-1]].at:
            state = PASSED_OVER
        elif projection.state in (MET, ledger.CANCELLED) or projection.breached_at is not None:
            state = DROPPED
        elif instant is None:
            state = UNKNOWN
        else:
            state = COMING if instant > at else OVERDUE
        yield Mark("warning", instant, share, state)
