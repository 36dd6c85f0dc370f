"""The words of a chance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cases.forecast.chip import FRESH, chip
from cases.forecast.picture import picture

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("risk", "short", "tone"),
    [(0.0, "1 % risk", "calm"), (0.2999, "30 % risk", "calm"), (0.3, "30 % risk", "warn"), (0.624, "62 % risk", "bad"),
     (1.0, "99 % risk", "bad")],
)  # fmt: skip
def test_words_and_colour(risk: float, short: str, tone: str) -> None:
    shown = chip(risk, NOW, "resolution: P1, weekend", NOW)
    assert shown is not None
    assert (shown.short, shown.tone) == (short, tone)


def test_what_speaks_for_it_is_told() -> None:
    shown = chip(0.62, NOW, "first_response: P1, 80 % of the target used", NOW)
    assert shown is not None
    assert shown.words == (
        "High risk: a 62 % chance to miss the first response, as such cases went before. "
        "What speaks for it: P1, 80 % of the target used."
    )
    plain = chip(0.05, NOW, "resolution: ", NOW)
    assert plain is not None
    assert plain.words.endswith("went before.")


def test_nothing_is_shown_of_an_unknown_or_old_chance() -> None:
    assert chip(None, None, "", NOW) is None
    assert chip(0.5, NOW, "resolution: ", NOW + FRESH) is not None
    assert chip(0.5, NOW, "resolution: ", NOW + FRESH + timedelta(seconds=1)) is None


def test_the_plot_puts_the_perfect_forecast_on_the_diagonal() -> None:
    one = {"low": 0.4, "high": 0.5, "count": 9, "forecast": 0.5, "observed": 0.5}
    shown = picture([one], [one])
    assert (shown.dots[0].x, shown.dots[0].y) == (shown.middle, shown.centre)
    assert shown.dots[0].words == "forecast 50 %, broken 50 %, 9 snapshots"
