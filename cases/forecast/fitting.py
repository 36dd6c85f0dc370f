"""Fitting, calibrating and judging a forecast. No database: examples in, a model and its figures out.

Time decides who learns from what: the oldest clocks teach, younger ones calibrate, the youngest judge. A clock is
whole in one part, and one that was decided only after its part's end teaches nothing: at that time nobody knew.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cases.forecast import features, lives
from cases.forecast.lives import Life
from cases.forecast.model import Model, Rows

MOST_EXAMPLES = 200_000
TAUGHT, CALIBRATED = 0.6, 0.8  # shares of the clocks, by the instant they started
SEGMENT_CLOCKS, MOST_SEGMENTS = 30, 12
FEWEST_OF_A_KIND = 10  # examples of either outcome that a calibration needs
PENALTY = 1.0  # scikit-learn's C: the smaller, the closer to the overall rate
BINS = 10
Flags = NDArray[np.bool_]


@dataclass
class Sample:
    """Examples in columns; memory grows with their number alone, 4 bytes a feature."""

    features: array[float] = field(default_factory=lambda: array("f"))
    breached: array[int] = field(default_factory=lambda: array("b"))
    clock: array[int] = field(default_factory=lambda: array("q"))
    started: array[float] = field(default_factory=lambda: array("d"))
    decided: array[float] = field(default_factory=lambda: array("d"))
    seen: array[float] = field(default_factory=lambda: array("d"))
    segment: list[str] = field(default_factory=list)
    clocks: int = 0
    breaches: int = 0
    segment_clocks: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self.breached)

    def add(self, life: Life) -> None:
        end = lives.decided(life)
        found = list(lives.examples(life))
        if end is None or not found:
            return
        self.clocks += 1
        self.breaches += end[1]
        self.segment_clocks[life.segment] += 1
        for example in found:
            self.features.extend(features.vector(example.seen, ()))
            self.breached.append(example.breached)
            self.clock.append(life.key)
            self.started.append(life.started_at.timestamp())
            self.decided.append(end[0].timestamp())
            self.seen.append(example.seen.at.timestamp())
            self.segment.append(life.segment)

    def segments(self) -> tuple[str, ...]:
        """The segments that have clocks enough to say something of their own."""
        common = self.segment_clocks.most_common(MOST_SEGMENTS)
        return tuple(sorted(name for name, count in common if count >= SEGMENT_CLOCKS))

    def rows(self, segments: tuple[str, ...]) -> Rows:
        base = np.frombuffer(self.features, dtype=np.float32).reshape(len(self), -1)
        of = np.array(self.segment)
        return np.column_stack([base, *(of == one for one in segments)]).astype(np.float64)


def gather(found: Iterable[Life], most: int = MOST_EXAMPLES) -> Sample:
    """The examples of these lives, of the first ones when there are more than `most`."""
    sample = Sample()
    for life in found:
        sample.add(life)
        if len(sample) >= most:
            break
    return sample


@dataclass(frozen=True)
class Bin:
    """Forecasts between `low` and `high`: how many, their mean, and the share of them that broke."""

    low: float
    high: float
    count: int
    forecast: float
    observed: float


@dataclass(frozen=True)
class Month:
    """Of one held-out month: examples, Brier scores of the forecast and of due time only."""

    month: str
    count: int
    brier: float
    due_only: float


@dataclass(frozen=True)
class Figures:
    """How the procedure did on clocks that it had not seen. A Brier score is the mean squared error of a chance:
    0 is perfect; `base_rate` is what always saying the overall share would score.
    """

    held_out_from: datetime
    held_out_clocks: int
    held_out: int
    brier: float
    due_only: float
    base_rate: float
    bins: tuple[Bin, ...]
    due_only_bins: tuple[Bin, ...]
    months: tuple[Month, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"held_out_from": self.held_out_from.isoformat()}


@dataclass(frozen=True)
class Fitted:
    """`model` was fitted by the judged procedure on all of the history; the one of two that did better."""

    model: Model
    figures: Figures
    clocks: int
    breaches: int
    examples: int
    trained_until: datetime


def fit(sample: Sample) -> Fitted:
    """Judge the procedure on the youngest clocks, then repeat it one step later in time for the model to be used.

    Raises ValueError when a part of the history knows one outcome only.
    """
    segments = sample.segments()
    rows, broke = sample.rows(segments), np.array(sample.breached, dtype=bool)
    started, decided = np.array(sample.started), np.array(sample.decided)
    taught, judged = _cuts(sample)
    early = (started < taught) & (decided < taught)
    middle = (started >= taught) & (started < judged) & (decided < judged)
    late = started >= judged
    history, due = (_calibrated(basis, segments, rows, broke, early, middle) for basis in ("history", "due"))
    figures = _judged(history, due, rows, broke, late, sample, judged)
    basis = "history" if figures.brier < figures.due_only else "due"
    model = _calibrated(basis, segments, rows, broke, (started < judged) & (decided < judged), late)
    return Fitted(
        model=model,
        figures=figures,
        clocks=sample.clocks,
        breaches=sample.breaches,
        examples=len(sample),
        trained_until=datetime.fromtimestamp(max(sample.started), UTC),
    )


def _cuts(sample: Sample) -> tuple[float, float]:
    """The instants that part the clocks 60 : 20 : 20."""
    starts = sorted(dict(zip(sample.clock, sample.started, strict=True)).values())
    return starts[int(len(starts) * TAUGHT)], starts[int(len(starts) * CALIBRATED)]


def _calibrated(
    basis: str, segments: tuple[str, ...], rows: Rows, broke: Flags, learn: Flags, calibrate: Flags
) -> Model:
    if not (broke[learn].any() and (~broke[learn]).any()):
        raise ValueError("The part of the history to learn from knows one outcome only.")
    names = features.names(segments)
    width = len(features.DUE_ONLY) if basis == "due" else len(names)
    learned = _regression(PENALTY).fit(rows[learn][:, :width], broke[learn])
    coefficients = np.zeros(len(names))
    coefficients[:width] = learned.coef_[0]
    numbers: dict[str, Any] = {
        "names": tuple(names),
        "coefficients": tuple(coefficients.tolist()),
        "means": tuple(rows[learn].mean(axis=0).tolist()),
        "intercept": float(learned.intercept_[0]),
    }
    raw = Model(basis=basis, segments=segments, **numbers)
    slope, offset = _platt(raw.logits(rows[calibrate]), broke[calibrate])
    return Model(basis=basis, segments=segments, **numbers, slope=slope, offset=offset)


def _platt(logits: Rows, broke: Flags) -> tuple[float, float]:
    """Platt's slope and offset; none (1, 0) where either outcome is too rare to tell, or where they would turn the
    order round.
    """
    if min(int(broke.sum()), int((~broke).sum())) < FEWEST_OF_A_KIND:
        return 1.0, 0.0
    learned = _regression(1e6).fit(logits[:, None], broke)
    slope, offset = float(learned.coef_[0][0]), float(learned.intercept_[0])
    return (slope, offset) if slope > 0 else (1.0, 0.0)


def _regression(inverse_strength: float) -> Any:
    # Two seconds and 80 MB that every worker would pay at its start, for what is done once a day.
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415

    return LogisticRegression(C=inverse_strength, max_iter=1000)


def _judged(history: Model, due: Model, rows: Rows, broke: Flags, late: Flags, sample: Sample, since: float) -> Figures:
    outcome = broke[late]
    forecast, plain = history.chances(rows[late]), due.chances(rows[late])
    seen = [datetime.fromtimestamp(at, UTC).strftime("%Y-%m") for at in np.array(sample.seen)[late]]
    return Figures(
        held_out_from=datetime.fromtimestamp(since, UTC),
        held_out_clocks=len(set(np.array(sample.clock)[late].tolist())),
        held_out=int(late.sum()),
        brier=brier(forecast, outcome),
        due_only=brier(plain, outcome),
        base_rate=brier(np.full(len(outcome), broke[~late].mean()), outcome),
        bins=reliability(forecast, outcome),
        due_only_bins=reliability(plain, outcome),
        months=_months(np.array(seen), forecast, plain, outcome),
    )


def _months(seen: NDArray[np.str_], forecast: Rows, plain: Rows, broke: Flags) -> tuple[Month, ...]:
    parts = ((month, seen == month) for month in sorted(set(seen.tolist())))
    return tuple(
        Month(month, int(of.sum()), brier(forecast[of], broke[of]), brier(plain[of], broke[of])) for month, of in parts
    )


def brier(chances: Rows, broke: Flags) -> float:
    return float(np.mean((chances - broke) ** 2))


def reliability(chances: Rows, broke: Flags) -> tuple[Bin, ...]:
    """The ten tenths of the scale that hold any forecast."""
    where = np.minimum((chances * BINS).astype(int), BINS - 1)
    found = ((at, where == at) for at in range(BINS))
    return tuple(
        Bin(at / BINS, (at + 1) / BINS, int(of.sum()), float(chances[of].mean()), float(broke[of].mean()))
        for at, of in found
        if of.any()
    )
