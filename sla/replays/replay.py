"""A clock's story told again under other targets, and what would have become of the promise. Pure.

What happened stays: when the clock started, stood still, ran on, was met or called off. What was promised is asked for
anew, and what follows from it, the breach, is worked out anew. What people would have done had they been promised
otherwise, nobody knows: a replay says what the same work would have been worth.

- A clock for which the alternative promises nothing at its start has no promise.
- One that the alternative has no target for at a retarget is cancelled then, as it would have been.
- One that really was cancelled because its policy had no target, and that the alternative would have let live, has no
  later lines: when it would have ended cannot be told. It is breached if it was by then, and otherwise `unknown`.
- A clock that never started, because the policy of its day had no target, left no ledger: it is not replayed.
- Each round of a repeated promise began at a real update, so each is replayed by itself, from that update.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sla import ledger
from sla.ledger import Entry, Story, Target

KEPT, BREACHED, OPEN, CANCELLED, NONE, UNKNOWN = "kept", "breached", "open", "cancelled", "none", "unknown"
OUTCOMES = (KEPT, BREACHED, OPEN, CANCELLED, NONE, UNKNOWN)
_ENDED = {ledger.MET: KEPT, ledger.CANCELLED: CANCELLED}


@dataclass(frozen=True, slots=True)
class Line(Entry):
    """One line of a real ledger, with the priority and the versions in force by it.

    `target` is what a start or a retarget put in force. `lacking`: cancelled because there was no target.
    """

    priority: str = ""
    lacking: bool = False
    policy_id: int = 0
    calendar_id: int | None = None


# What would have been promised at a line (a start, a retarget, or the end of a clock for lack of a target).
TargetFor = Callable[[Line], Target | None]


@dataclass(slots=True)
class Outcome:
    """What became of a promise by an instant, and the ledger that says so (empty: nothing was promised).

    `late_by` is elapsed time since the breach, without pauses.
    """

    result: str
    breached_at: datetime | None
    late_by: timedelta
    entries: list[Entry]

    def due_at(self) -> datetime | None:
        return ledger.fold(self.entries).due_at if self.entries else None

    def consumed(self, until: datetime) -> timedelta:
        """In the time that the last target is counted in."""
        return ledger.reading(ledger.fold(self.entries), until).consumed if self.entries else ledger.NOTHING


def as_promised(line: Line) -> Target | None:
    """The target that was really in force: a replay under it tells what happened."""
    return line.target


def actual(lines: Sequence[Line], until: datetime) -> Outcome:
    """What became of the clock by `until`: its own ledger as it is written, and a breach that nobody wrote down yet."""
    story = _Told(lines[0])
    for line in lines[1:]:
        if line.at > until:
            break
        story.tell(line)
    return story.outcome(until)


def replay(lines: Sequence[Line], target_for: TargetFor, until: datetime) -> Outcome:
    """What would have become of the clock by `until`; of its lines only those by then count.

    The entries are those that `ledger.advance` would have written. Recorded breaches are consequences: they are left
    out, and derived.
    """
    lines_by_then = iter(lines)
    first = next(lines_by_then)
    target = target_for(first)
    if target is None:
        return Outcome(NONE, None, ledger.NOTHING, [])
    story = _Told(Entry(ledger.STARTED, first.at, target))
    for line in lines_by_then:
        if line.at > until:
            break
        if line.kind == ledger.BREACHED:
            continue
        if line.lacking or line.kind == ledger.RETARGETED:
            target = target_for(line)
            if line.lacking and target is not None:
                return story.outcome(line.at, untold=True)
            kind = ledger.CANCELLED if target is None else ledger.RETARGETED
            story.happen(Entry(kind, line.at, target))
        else:
            story.happen(line)
    return story.outcome(until)


class _Told:
    """A story under way: each happening is told once, with the breach that it brings to light."""

    __slots__ = ("entries", "story")

    def __init__(self, first: Entry) -> None:
        assert first.target is not None
        self.entries: list[Entry] = []
        self.story = Story(first.target)
        self.tell(first)

    def tell(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.story.tell(entry)

    def happen(self, entry: Entry) -> None:
        """What `ledger.advance` does, without folding the story anew for every line."""
        story = self.story
        self.settle(entry.at)
        if story.state not in ledger.ALLOWED[entry.kind]:
            return
        self.tell(entry)
        if entry.kind == ledger.RETARGETED and story.breached_at is None:
            due_at = story.reached(story.target.amount)
            if due_at is not None and due_at <= entry.at:
                self.tell(Entry(ledger.BREACHED, entry.at, at_retarget=True))

    def settle(self, until: datetime) -> None:
        story = self.story
        if story.state == ledger.RUNNING and story.breached_at is None:
            due_at = story.reached(story.target.amount)
            if due_at is not None and due_at <= until:
                self.tell(Entry(ledger.BREACHED, due_at))

    def outcome(self, until: datetime, *, untold: bool = False) -> Outcome:
        self.settle(until)
        story = self.story
        if story.breached_at is not None:
            late = sum(self._late(story.breached_at, until), ledger.NOTHING)
            return Outcome(BREACHED, story.breached_at, late, self.entries)
        result = UNKNOWN if untold else _ENDED.get(story.state, OPEN)
        return Outcome(result, None, ledger.NOTHING, self.entries)

    def _late(self, since: datetime, until: datetime) -> Iterator[timedelta]:
        for start, end in self.story.runs:
            stop = until if end is None else end
            if stop > since:
                yield stop - max(start, since)
