"""A support desk that never was: a year of promises drawn from a seed, to show what the method can do. Synthetic.

People work in office hours and a third as fast outside of them, urgent work alone goes on at night; efforts are
log-normal and differ by priority and segment; two cases in five wait for their customer once. So the same time left
is worth less on a Friday evening, and a forecast that knows only the time cannot see it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cases.forecast.lives import Life
from sla import ledger
from sla.calendars import CalendarSpec
from sla.ledger import Entry, Target

HOUR = timedelta(hours=1)
OFFICE = CalendarSpec("Office hours", 1, "UTC", tuple((day, 540, 1020) for day in range(5)))
SEGMENTS = {"enterprise": 0.2, "mid-market": 0.35, "smb": 0.45}
PRIORITIES = {"P0": 0.08, "P1": 0.27, "P2": 0.4, "P3": 0.25}
# Hours promised, and whether in business time: first response, resolution.
PROMISED = {
    "P0": ((0.5, False), (4, False)),
    "P1": ((1, False), (8, False)),
    "P2": ((4, False), (16, True)),
    "P3": ((8, True), (40, True)),
}
# Median hours of work to the first answer and to the fix; then the spread of their logarithms.
EFFORT = {"P0": (0.12, 1.4), "P1": (0.3, 2.6), "P2": (1.0, 5.0), "P3": (2.2, 12.0)}
SPREAD = 0.85
SLOWER = {"enterprise": 1.25, "mid-market": 1.0, "smb": 0.8}
LONGEST_WORK = 1500  # hours that anything is worked on


@dataclass(frozen=True)
class World:
    """`cases` cases opened over `days` days up to `end`."""

    end: datetime
    cases: int = 4000
    days: int = 365
    seed: int = 7

    def lives(self) -> Iterator[Life]:
        """Two clocks a case, in the order in which the cases opened."""
        rng = random.Random(self.seed)  # noqa: S311  (a seeded draw, no secret)
        opened = sorted(self._opening(rng) for _ in range(self.cases))
        for number, at in enumerate(opened):
            yield from _case(number, at, rng)

    def _opening(self, rng: random.Random) -> datetime:
        """Mostly in working hours; one in five at any hour of any day."""
        day = (self.end - timedelta(days=rng.uniform(8, self.days))).replace(minute=0, second=0, microsecond=0)
        if rng.random() > 0.2:
            while day.weekday() >= 5:
                day -= timedelta(days=1)
            day = day.replace(hour=min(max(int(rng.gauss(13, 3)), 7), 19))
        return day + timedelta(seconds=rng.uniform(0, 3600))


def _case(number: int, opened: datetime, rng: random.Random) -> Iterator[Life]:
    priority = rng.choices(list(PRIORITIES), list(PRIORITIES.values()))[0]
    segment = rng.choices(list(SEGMENTS), list(SEGMENTS.values()))[0]
    answer, fix = (
        math.exp(rng.gauss(0, SPREAD)) * median * SLOWER[segment] * rng.choice((0.8, 1.0, 1.3))
        for median in EFFORT[priority]
    )
    urgent = priority in ("P0", "P1")
    accepted = _worked(opened, answer * 0.4, urgent)
    answered = _worked(accepted, answer * 0.6, urgent)
    moves = [(accepted, "triage"), (answered, "in_progress")]
    waits: tuple[datetime, datetime] | None = None
    if rng.random() < 0.4:
        asked = _worked(answered, fix * rng.uniform(0.1, 0.7), urgent)
        waits = asked, asked + HOUR * math.exp(rng.gauss(1.8, 1.0))
        moves += [(waits[0], "waiting"), (waits[1], "in_progress")]
        fixed = _worked(waits[1], fix * 0.4, urgent)
    else:
        fixed = _worked(answered, fix, urgent)
    moves.append((fixed, "resolved"))
    about = (segment, priority, tuple(moves))
    first, resolution = (_target(*promised) for promised in PROMISED[priority])
    yield _life(number * 2, "first_response", opened, first, answered, None, *about)
    yield _life(number * 2 + 1, "resolution", accepted, resolution, fixed, waits, *about)


def _target(hours: float, business: bool) -> Target:
    return Target(HOUR * hours, ledger.BUSINESS if business else ledger.ELAPSED, OFFICE if business else None)


def _life(
    key: int,
    metric: str,
    start: datetime,
    target: Target,
    met: datetime,
    waits: tuple[datetime, datetime] | None,
    segment: str,
    priority: str,
    moves: tuple[tuple[datetime, str], ...],
) -> Life:
    lines = [Entry(ledger.STARTED, start, target)]
    for kind, at in zip((ledger.PAUSED, ledger.RESUMED), waits or (), strict=False):
        lines += ledger.advance(lines, Entry(kind, at))
    lines += ledger.advance(lines, Entry(ledger.MET, met))
    return Life(key, metric, segment, "UTC", tuple(lines), (priority,) * len(lines), moves)


def _worked(start: datetime, effort: float, urgent: bool) -> datetime:
    """When `effort` hours of work are done that begin at `start`."""
    at, left = start.astimezone(UTC), effort
    for _ in range(LONGEST_WORK):
        hour_ends = at.replace(minute=0, second=0, microsecond=0) + HOUR
        office = at.weekday() < 5 and 8 <= at.hour < 18
        speed = 1.0 if office else 0.33 if urgent else 0.02
        done = (hour_ends - at) / HOUR * speed
        if done >= left:
            return at + HOUR * (left / speed)
        at, left = hour_ends, left - done
    return at
