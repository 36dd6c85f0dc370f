"""How a forecast reads on a screen: words, colour's name, and what speaks for it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.dials import METRIC_NAMES

# An older chance is not shown: its case went on meanwhile. Scoring runs every few minutes.
FRESH = timedelta(hours=1)
HIGH, RAISED = 0.6, 0.3


@dataclass(frozen=True)
class Chip:
    """`tone` is bad, warn or calm; `words` the whole sentence for hover, focus and screen readers."""

    percent: int
    level: str
    tone: str
    words: str
    at: datetime

    @property
    def short(self) -> str:
        return f"{self.percent} % risk"


def chip(risk: float | None, at: datetime | None, why: str, now: datetime) -> Chip | None:
    """The chip of a chance; None where there is none, or none that is still true."""
    if risk is None or at is None or now - at > FRESH:
        return None
    level, tone = _level(risk)
    percent = min(max(round(100 * risk), 1), 99)
    metric, _, reasons = why.partition(": ")
    promise = METRIC_NAMES.get(metric, metric).lower()
    words = f"{level}: a {percent} % chance to miss the {promise}, as such cases went before."
    if reasons:
        words += f" What speaks for it: {reasons}."
    return Chip(percent, level, tone, words, at)


def _level(risk: float) -> tuple[str, str]:
    if risk >= HIGH:
        return "High risk", "bad"
    return ("Raised risk", "warn") if risk >= RAISED else ("Low risk", "calm")
