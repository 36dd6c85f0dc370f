"""A fitted forecast as plain numbers: kept as JSON, worked out by numpy.

The chance is 1 / (1 + exp(−(slope · z + offset))) with z = intercept + Σ coefficient · feature: a logistic regression,
then Platt's calibration. `means` are the features' averages in the history; a contribution is told against them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.forecast import features
from cases.forecast.features import Snapshot

Rows = NDArray[np.float64]
# A group speaks for a breach from this contribution on (in log odds): about 4 points of a chance near one half.
TELLING = 0.15
MOST_REASONS = 3


@dataclass(frozen=True)
class Model:
    """`basis` is "history", or "due" for one that knows the time alone."""

    basis: str
    names: tuple[str, ...]
    segments: tuple[str, ...]
    coefficients: tuple[float, ...]
    means: tuple[float, ...]
    intercept: float
    slope: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if list(self.names) != features.names(self.segments):
            raise ValueError("This forecast was fitted with other features than this release has.")
        if not len(self.names) == len(self.coefficients) == len(self.means):
            raise ValueError("A forecast has one coefficient and one mean for each feature.")

    def logits(self, rows: Rows) -> Rows:
        """Before calibration."""
        return np.asarray(rows @ np.array(self.coefficients) + self.intercept, dtype=np.float64)

    def chances(self, rows: Rows) -> Rows:
        z = self.slope * self.logits(rows) + self.offset
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -40.0, 40.0))), dtype=np.float64)

    def reasons(self, rows: Rows, seen: Sequence[Snapshot]) -> list[str]:
        """What speaks most for a breach, in words, the strongest first; "" where nothing stands out."""
        groups = features.groups(self.segments)
        begins = [0] + [at + 1 for at, (one, two) in enumerate(pairwise(groups)) if one != two]
        parts = self.slope * np.array(self.coefficients) * (rows - np.array(self.means))
        by_group = np.add.reduceat(parts, begins, axis=1)
        order = np.argsort(-by_group, axis=1)[:, :MOST_REASONS]
        told = np.take_along_axis(by_group, order, axis=1) > TELLING
        names = [groups[begin] for begin in begins]
        return [
            ", ".join(features.words(names[at], one) for at, tells in zip(best, telling, strict=True) if tells)
            for one, best, telling in zip(seen, order.tolist(), told.tolist(), strict=True)
        ]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Model:
        """Raises ValueError for numbers that this release cannot use."""
        given: dict[str, Any] = {name: tuple(told[name]) for name in ("names", "segments", "coefficients", "means")}
        given |= {name: told[name] for name in ("basis", "intercept", "slope", "offset")}
        return cls(**given)


def rows_of(seen: Sequence[Snapshot], segments: Sequence[str]) -> Rows:
    return np.array([features.vector(one, segments) for one in seen], dtype=np.float64)
