"""A clock's time line as shapes: where each band, mark and tick stands, in units of the picture's view box. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from sla.explaining.explain import Explanation, Mark, Stretch

WIDTH, MARGIN = 960, 16
LANES, LANE = 3, 17  # rows for the marks' words, and the height of one
BAND_TOP, BAND_HEIGHT = 66, 34
ROOM, ROOM_OF_SHARE = 92, 44  # what a mark's words need beside them: "Retargeted", "75 %"
MOST_TICKS = 12
HOUR_STEPS = (1, 2, 3, 6, 12)
DAY_STEPS = (1, 2, 7, 14, 28, 91, 182, 364)


@dataclass(frozen=True)
class Band:
    stretch: Stretch
    x: float
    width: float

    @property
    def has_room(self) -> bool:
        return self.width >= 6 * len(self.stretch.name) + 8


@dataclass(frozen=True)
class Flag:
    """A mark on the line; `lane` keeps its words clear of its neighbours'. `before` sets them left of it."""

    mark: Mark
    x: float
    lane: int
    before: bool

    @property
    def y(self) -> int:
        return 12 + self.lane * LANE

    @property
    def anchor(self) -> str:
        return "end" if self.before else "start"

    @property
    def text_x(self) -> float:
        return self.x - 5 if self.before else self.x + 5


@dataclass(frozen=True)
class Tick:
    x: float
    words: str
    day: bool


@dataclass(frozen=True)
class Drawing:
    bands: list[Band]
    flags: list[Flag]
    ticks: list[Tick]
    now: float
    width: int = WIDTH
    band_top: int = BAND_TOP
    band_height: int = BAND_HEIGHT
    height: int = BAND_TOP + BAND_HEIGHT + 34

    @property
    def band_bottom(self) -> int:
        return self.band_top + self.band_height

    @property
    def tick_y(self) -> int:
        return self.band_bottom + 20


def draw(told: Explanation, here: tzinfo) -> Drawing:
    """The picture for a reader whose wall clock is `here`."""
    start = told.reading.started_at
    end = max(told.until, told.at if told.reading.state in ("running", "paused") else told.until)
    end = max(end, start + timedelta(minutes=1))
    room = WIDTH - 2 * MARGIN

    def x(at: datetime) -> float:
        return round(MARGIN + room * min(max((at - start) / (end - start), 0.0), 1.0), 1)

    bands = [Band(one, x(one.start), max(0.6, round(x(one.end) - x(one.start), 1))) for one in told.stretches]
    flags = list(_flags([(x(mark.at), mark) for mark in told.marks if mark.at is not None]))
    ticks = [Tick(x(at), words, day) for at, words, day in _ticks(start, end, here)]
    return Drawing(bands, flags, ticks, x(told.at))


def _flags(places: list[tuple[float, Mark]]) -> Iterator[Flag]:
    """Words go into the first lane that is free; when none is, into the one that frees first."""
    free = [0.0] * LANES
    for x, mark in places:
        room = ROOM_OF_SHARE if mark.share else ROOM
        before = x > WIDTH - room
        left = x - room if before else x
        lane = next((lane for lane in range(LANES) if free[lane] <= left), min(range(LANES), key=free.__getitem__))
        free[lane] = x if before else x + room
        yield Flag(mark, x, lane, before)


def _ticks(start: datetime, end: datetime, here: tzinfo) -> Iterator[tuple[datetime, str, bool]]:
    """Whole hours or days on the reader's wall: few enough to be read."""
    first = start.astimezone(here)
    span = end - start
    hours = next((step for step in HOUR_STEPS if span / timedelta(hours=step) <= MOST_TICKS), None)
    days = next((step for step in DAY_STEPS if span / timedelta(days=step) <= MOST_TICKS), 0)
    if not hours:
        days = days or int(span / timedelta(days=MOST_TICKS)) + 1
    for day in range(0, (end.astimezone(here).date() - first.date()).days + 1, 1 if hours else days):
        date = first.date() + timedelta(days=day)
        for hour in range(0, 24, hours or 24):
            at = datetime.combine(date, time(hour), here)
            if start <= at <= end:
                words = f"{date:%a} {date.day} {date:%b}" if hour == 0 else f"{at:%H:%M}"
                yield at, words, hour == 0
