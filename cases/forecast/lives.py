"""A clock's life, and the snapshots of it that a forecast learns from. Pure.

Snapshots are landmarks: instants at fixed steps of the span first promised, from the start until the promise is
decided. Each clock that was still at risk at a landmark is there once, so that the share of those that broke is the
chance at that point of life, which is what is forecast. Weighing each clock's snapshots down to one together would
not do: those that are kept early have few snapshots, would count more at each, and make the young look safe.
No life dominates all the same: it has at most `MOST` snapshots, however long it waited.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.forecast.features import Snapshot
from sla import ledger
from sla.ledger import Entry

LANDMARKS = 8  # in the span from the start to the due instant first promised
MOST = 24
GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class Life:
    """One clock's ledger with the priority in force at each line, and the moves of its case."""

    key: int
    metric: str
    segment: str
    time_zone: str
    entries: tuple[Entry, ...]
    priorities: tuple[str, ...]
    moves: tuple[tuple[datetime, str], ...]

    @property
    def started_at(self) -> datetime:
        return self.entries[0].at


@dataclass(frozen=True, slots=True)
class Example:
    """What was seen, and what became of it."""

    seen: Snapshot
    breached: bool


def decided(life: Life) -> tuple[datetime, bool] | None:
    """When it was settled whether the promise breaks, and whether it did; None while nobody can know.

    A clock that was cancelled without a breach did not break its promise.
    """
    for entry in life.entries:
        if entry.kind == ledger.BREACHED:
            return entry.at, True
    last = life.entries[-1]
    return (last.at, False) if last.kind in (ledger.MET, ledger.CANCELLED) else None


def known(life: Life, at: datetime) -> Life:
    """The life as it could be read at `at`: every line and move up to it, and none after."""
    count = sum(1 for entry in life.entries if entry.at <= at)
    moves = tuple(move for move in life.moves if move[0] <= at)
    return Life(
        life.key, life.metric, life.segment, life.time_zone, life.entries[:count], life.priorities[:count], moves
    )


def snapshot(life: Life, at: datetime) -> Snapshot | None:
    """The promise at `at`, from what was known then; None unless it was open and unbroken."""
    past = known(life, at)
    if not past.entries:
        return None
    projection = ledger.fold(past.entries)
    reading = ledger.reading(projection, at)
    if reading.breached or reading.state not in (ledger.RUNNING, ledger.PAUSED):
        return None
    return Snapshot(
        metric=past.metric,
        priority=past.priorities[-1],
        status=past.moves[-1][1] if past.moves else "new",
        segment=past.segment,
        state=reading.state,
        basis=reading.basis,
        used=reading.used,
        left=reading.left,
        at=at,
        time_zone=past.time_zone,
    )


def examples(life: Life) -> Iterator[Example]:
    """The snapshots of a decided life; of an undecided one none."""
    end = decided(life)
    if end is None:
        return
    until, breached = end
    for at in landmarks(life, until):
        seen = snapshot(life, at)
        if seen is not None:
            yield Example(seen, breached)


def landmarks(life: Life, until: datetime) -> Iterator[datetime]:
    """Instants of [start, until), evenly spaced from an offset that the clock's number decides: the same each time."""
    target = life.entries[0].target
    assert target is not None, "a ledger begins with its target"
    step = (target.due(life.started_at, target.amount) - life.started_at) / LANDMARKS
    first = life.started_at + step * ((life.key * GOLDEN) % 1)
    count = _count(until - first, step)
    every = -(-count // MOST) or 1
    for number in range(0, count, every):
        yield first + step * number


def _count(span: timedelta, step: timedelta) -> int:
    """How many whole steps from 0 on lie before the end of `span`."""
    return 0 if span <= timedelta(0) else -(-span // step)
