"""The reliability plot as shapes: what was forecast along, what came of it up. Pure; both are shares from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 432, 380
LEFT, RIGHT, TOP, BOTTOM = 52, 404, 14, 332
SMALLEST, LARGEST = 2.5, 9.0
Told = Mapping[str, Any]


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    radius: float
    words: str


@dataclass(frozen=True)
class Tick:
    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Picture:
    """`dots` of the forecast, `line` through them; `due_only` is the same line of the baseline."""

    dots: list[Dot]
    line: str
    due_only: str
    ticks: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    top: int = TOP
    bottom: int = BOTTOM

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def centre(self) -> float:
        return (self.top + self.bottom) / 2


def picture(bins: Iterable[Told], due_only: Iterable[Told]) -> Picture:
    """Bins as `fitting.Bin` keeps them; a dot's area is their number of examples."""
    found = list(bins)
    most = max((one["count"] for one in found), default=1)
    dots = [_dot(one, most) for one in found]
    return Picture(
        dots=dots,
        line=" ".join(f"{dot.x},{dot.y}" for dot in dots),
        due_only=" ".join(f"{_x(one['forecast'])},{_y(one['observed'])}" for one in due_only),
        ticks=[Tick(_x(part / 5), _y(part / 5), f"{part * 20} %") for part in range(6)],
    )


def _dot(told: Told, most: int) -> Dot:
    radius = SMALLEST + (LARGEST - SMALLEST) * math.sqrt(told["count"] / most)
    words = f"forecast {told['forecast']:.0%}, broken {told['observed']:.0%}, {told['count']} snapshots"
    return Dot(_x(told["forecast"]), _y(told["observed"]), round(radius, 1), words.replace("%", " %"))


def _x(share: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * share, 1)


def _y(share: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * share, 1)
