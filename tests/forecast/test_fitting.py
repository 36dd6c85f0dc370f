"""The method on worlds whose chances are known, or drawn from a seed."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cases.forecast import fitting, lives
from cases.forecast.fitting import Fitted
from cases.forecast.lives import Life
from cases.forecast.model import Model, rows_of
from cases.forecast.synthetic import World
from sla import ledger
from sla.ledger import Entry, Target

START = datetime(2026, 1, 5, tzinfo=UTC)
TARGET = timedelta(hours=10)
BREAKS = {"P1": 0.5, "P2": 0.1}


def known_world(count: int, seed: int = 3) -> list[Life]:
    """A promise breaks with the chance of its priority; one that is kept is kept at any share of its target alike.

    So at share u, still open, it breaks with p / (p + (1 − p)(1 − u)).
    """
    rng = random.Random(seed)
    made = []
    for key in range(count):
        priority = rng.choice(list(BREAKS))
        begun = [Entry(ledger.STARTED, START + key * timedelta(hours=2.1), Target(TARGET))]
        share = 1.5 if rng.random() < BREAKS[priority] else rng.random()
        lines = begun + ledger.advance(begun, Entry(ledger.MET, begun[0].at + TARGET * share))
        made.append(Life(key, "resolution", "smb", "UTC", tuple(lines), (priority,) * len(lines), ()))
    return made


def truth(priority: str, used: float) -> float:
    breaks = BREAKS[priority]
    return breaks / (breaks + (1 - breaks) * (1 - used))


@pytest.fixture(scope="module")
def known() -> tuple[list[Life], Fitted]:
    world = known_world(2500)
    return world, fitting.fit(fitting.gather(world))


@pytest.fixture(scope="module")
def desk() -> Fitted:
    return fitting.fit(fitting.gather(World(datetime(2026, 11, 1, tzinfo=UTC), cases=1200).lives()))


def test_chances_are_those_of_the_world(known: tuple[list[Life], Fitted]) -> None:
    _, fitted = known
    fresh = [example.seen for life in known_world(300, seed=4) for example in lives.examples(life)]
    told = fitted.model.chances(rows_of(fresh, fitted.model.segments))
    true = np.array([truth(seen.priority, seen.used) for seen in fresh])
    assert np.abs(told - true).mean() < 0.05
    assert abs(told.mean() - true.mean()) < 0.03


def test_held_out_forecasts_are_reliable(known: tuple[list[Life], Fitted]) -> None:
    _, fitted = known
    figures = fitted.figures
    assert sum(one.count for one in figures.bins) == figures.held_out
    full = [one for one in figures.bins if one.count >= 150]
    assert len(full) >= 4
    assert all(abs(one.forecast - one.observed) < 0.1 for one in full)


def test_the_desk_is_told_better_than_by_due_time_only(desk: Fitted) -> None:
    assert desk.model.basis == "history"
    assert desk.figures.brier < 0.9 * desk.figures.due_only < 0.9 * desk.figures.base_rate
    assert desk.figures.months == tuple(sorted(desk.figures.months, key=lambda one: one.month))
    error = sum(one.count * abs(one.forecast - one.observed) for one in desk.figures.bins) / desk.figures.held_out
    assert error < 0.07


def test_a_model_is_the_same_numbers_after_json(desk: Fitted) -> None:
    again = Model.from_json(json.loads(json.dumps(desk.model.as_json())))
    assert again == desk.model
    seen = [example.seen for life in known_world(20) for example in lives.examples(life)]
    rows = rows_of(seen, again.segments)
    assert (again.chances(rows) == desk.model.chances(rows)).all()
    assert again.reasons(rows, seen) == desk.model.reasons(rows, seen)


def test_the_same_history_gives_the_same_model(known: tuple[list[Life], Fitted]) -> None:
    world, fitted = known
    assert fitting.fit(fitting.gather(world)).model == fitted.model


def test_reasons_name_what_raises_the_chance(desk: Fitted) -> None:
    world = World(datetime(2026, 11, 1, tzinfo=UTC), cases=80, seed=9)
    late = [e.seen for life in world.lives() for e in lives.examples(life) if e.seen.used > 0.85]
    told = desk.model.reasons(rows_of(late, desk.model.segments), late)
    assert any("% of the target used" in one for one in told)
    assert all(len(one.split(", ")) <= 3 for one in told)


def test_numbers_of_other_features_are_refused(desk: Fitted) -> None:
    told = desk.model.as_json()
    with pytest.raises(ValueError, match="other features"):
        Model.from_json(told | {"names": [*told["names"], "moon"], "coefficients": [*told["coefficients"], 1.0]})


def test_no_more_examples_than_the_most() -> None:
    sample = fitting.gather(known_world(200), most=300)
    assert 300 <= len(sample) < 300 + lives.MOST


def test_a_history_of_one_outcome_is_refused() -> None:
    kept = [life for life in known_world(300) if lives.decided(life)[1] is False]
    with pytest.raises(ValueError, match="one outcome"):
        fitting.fit(fitting.gather(kept))


def test_where_history_helps_nothing_the_time_alone_speaks() -> None:
    """Nothing but chance beyond the share used: the simpler model does at least as well and is taken."""
    rng = random.Random(5)
    noise = [
        Life(one.key, one.metric, rng.choice(("a", "b", "c")), "UTC", one.entries, one.priorities, ())
        for one in known_world(600)
    ]
    fitted = fitting.fit(fitting.gather(noise))
    better = fitted.figures.brier < fitted.figures.due_only
    assert fitted.model.basis == ("history" if better else "due")
    if not better:
        assert not any(fitted.model.coefficients[6:])
