"""Timing, and what a figure is."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """`value` and `floor` in `unit`s; `ratio` is value over floor; `better` says which way is good."""

    name: str
    n: int
    value: float
    floor: float
    goal: float
    better: str = "less"
    unit: str = "ms"

    @property
    def ratio(self) -> float:
        return self.value / self.floor

    @property
    def met(self) -> bool:
        return self.ratio <= self.goal if self.better == "less" else self.ratio >= self.goal

    def as_dict(self) -> dict[str, Any]:
        rounded = {"value": round(self.value, 4), "floor": round(self.floor, 4), "ratio": round(self.ratio, 3)}
        return {**asdict(self), **rounded}


def interleaved(first: Callable[[], object], second: Callable[[], object], rounds: int = 30) -> tuple[float, float]:
    """Medians of both in milliseconds, taken turn by turn so that whatever else the machine does hits both alike."""
    taken: tuple[list[float], list[float]] = ([], [])
    for round_number in range(rounds + 3):
        for which, deed in enumerate((first, second)):
            start = time.perf_counter()
            deed()
            if round_number >= 3:  # the first rounds warm caches and plans
                taken[which].append((time.perf_counter() - start) * 1000)
    return statistics.median(taken[0]), statistics.median(taken[1])
