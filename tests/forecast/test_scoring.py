"""Learning from rows and writing chances beside cases: nobody's edit becomes stale, nobody is told a lie."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cases import lifecycle
from cases.forecast import fitting, forecasting, history, lives
from cases.forecast.fitting import Fitted
from cases.forecast.lives import Life
from cases.forecast.model import rows_of
from cases.forecast.synthetic import World
from cases.models import Case, Forecast
from companyos.events.models import Event
from sla.models import Clock
from tenants.models import AuditEntry, Tenant
from tests.cases import way
from tests.cast import NOON, Cast
from tests.forecast.planting import plant

pytestmark = pytest.mark.django_db
DESK = list(World(NOON - timedelta(days=1), cases=240, days=90, seed=11).lives())
SOON = NOON + 20 * way.MINUTE


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fitting.fit(fitting.gather(DESK))


@pytest.fixture
def learnt(cast: Cast, fitted: Fitted) -> Forecast:
    """What the desk's history teaches, without planting its rows each time."""
    told = {"parameters": fitted.model.as_json(), "brier": 0.1, "due_only_brier": 0.2}
    return Forecast.objects.create(fitted_at=NOON, clocks=480, breaches=70, **told)


def scored(case: Case, now: datetime) -> Case:
    after: int | None = 0
    while after is not None:
        after = forecasting.score_open(now, after, batch=2)
    case.refresh_from_db()
    return case


def test_the_rows_tell_the_same_examples_as_the_lives_they_hold(cast: Cast) -> None:
    some = DESK[:60]
    ids = plant(some)
    read = {one.key: one for one in history.lives(NOON)}
    for life in some:
        found = read[ids[life.key]]
        assert lives.decided(found) == lives.decided(life)
        at = life.started_at + (life.entries[-1].at - life.started_at) / 3
        zone = Life(**{name: getattr(life, name) for name in Life.__slots__} | {"time_zone": found.time_zone})
        assert lives.snapshot(found, at) == lives.snapshot(zone, at)


def test_it_learns_from_rows_once_a_day_and_keeps_the_proof(cast: Cast) -> None:
    plant(DESK)
    learnt = forecasting.refit(NOON)
    assert learnt is not None
    assert learnt.speaks, learnt.reason
    assert learnt.clocks > forecasting.FEWEST_CLOCKS
    assert learnt.breaches >= forecasting.FEWEST_BREACHES
    assert learnt.figures["bins"]
    assert learnt.trained_until is not None
    assert learnt.trained_until <= NOON
    model = forecasting.in_force()
    assert model is not None
    assert model.basis == learnt.basis
    assert forecasting.refit(NOON + timedelta(hours=23)) is None
    assert Forecast.objects.count() == 1


def test_after_a_day_it_is_learnt_anew(learnt: Forecast) -> None:
    assert forecasting.refit(NOON + timedelta(hours=23)) is None
    again = forecasting.refit(NOON + timedelta(hours=24))
    assert again is not None
    assert Forecast.newest() == again
    assert not again.speaks


def test_numbers_of_another_release_are_not_used(cast: Cast, learnt: Forecast) -> None:
    case = scored(way.started(cast), SOON)
    assert case.breach_risk is not None
    Forecast.objects.update(parameters={"names": ["moon"]})
    assert scored(case, SOON + way.MINUTE).breach_risk is None


def test_too_little_history_says_so_and_no_case_has_a_chance(cast: Cast) -> None:
    plant(DESK[:40])
    case = way.started(cast)
    silent = forecasting.refit(NOON)
    assert silent is not None
    assert not silent.speaks
    assert silent.reason.startswith("Too little history: ")
    assert scored(case, SOON).breach_risk is None
    assert forecasting.refit(NOON + way.MINUTE) is None
    assert forecasting.refit(NOON + timedelta(minutes=15)) is not None
    assert Forecast.objects.count() == 1


def test_a_silenced_forecast_takes_the_chances_away(cast: Cast, learnt: Forecast) -> None:
    case = way.started(cast)
    assert scored(case, SOON).breach_risk is not None
    Forecast.objects.create(fitted_at=SOON, clocks=0, breaches=0, reason="Too little history.")
    assert scored(case, SOON + way.MINUTE).breach_risk is None
    assert (case.breach_risk_at, case.breach_risk_why) == (None, "")


def test_a_chance_is_what_training_would_have_seen(cast: Cast, learnt: Forecast) -> None:
    """No skew: the same clock, read as training reads it, gives the number that was written."""
    case = way.started(cast)
    clock = Clock.objects.get(clock_set_id=case.clock_set_id, metric="first_response")
    life = next(history.of([clock]))
    seen = lives.snapshot(life, SOON)
    assert seen is not None
    model = forecasting.in_force()
    assert model is not None
    expected = model.chances(rows_of([seen], model.segments))[0]
    assert scored(case, SOON).breach_risk == pytest.approx(expected, abs=5e-5)


def test_scoring_changes_no_version_and_tells_nobody(cast: Cast, learnt: Forecast) -> None:
    case = way.started(cast)
    version, active = case.version, case.last_activity_at
    events, trail = Event.objects.count(), AuditEntry.objects.count()
    case = scored(case, SOON)
    assert case.breach_risk is not None
    assert 0 < case.breach_risk < 1
    assert case.breach_risk_at == SOON
    assert (case.version, case.last_activity_at) == (version, active)
    assert (Event.objects.count(), AuditEntry.objects.count()) == (events, trail)
    lifecycle.wait(case, actor=cast.actor(cast.agent), ask="Which region?", seen=version, now=SOON)


def test_the_promise_at_stake_is_the_first_response_then_the_resolution(cast: Cast, learnt: Forecast) -> None:
    case = scored(way.started(cast), SOON)
    assert case.breach_risk_why.startswith("first_response: ")
    lifecycle.wait(case, actor=cast.actor(cast.agent), ask="Which region?", seen=None, now=SOON)
    case = scored(case, SOON + way.MINUTE)
    assert case.breach_risk_why.startswith("resolution: ")
    assert case.breach_risk is not None


def test_a_broken_promise_is_no_risk_but_a_fact(cast: Cast, learnt: Forecast) -> None:
    case = cast.open_case(now=NOON)
    assert scored(case, NOON + way.MINUTE).breach_risk is not None
    reading = way.reading(case, "first_response", NOON)
    assert reading is not None
    assert reading.due_at is not None
    assert scored(case, reading.due_at).breach_risk is None


def test_what_is_resolved_has_no_risk_from_then_on(cast: Cast, learnt: Forecast) -> None:
    case = scored(way.started(cast), SOON)
    case = lifecycle.resolve(case, way.FIX, actor=cast.actor(cast.agent), seen=None, now=SOON + way.MINUTE)
    case.refresh_from_db()
    assert (case.breach_risk, case.breach_risk_at, case.breach_risk_why) == (None, None, "")
    assert scored(case, SOON + 2 * way.MINUTE).breach_risk is None


def test_a_chance_that_hardly_moves_is_not_written_again(cast: Cast, learnt: Forecast) -> None:
    case = scored(way.started(cast), SOON)
    again = scored(case, SOON + timedelta(seconds=1))
    assert again.breach_risk_at == SOON
    later = SOON + forecasting.REWRITTEN_AFTER + way.MINUTE
    assert scored(case, later).breach_risk_at == later


def test_a_drill_has_no_risk_and_teaches_nothing(cast: Cast, learnt: Forecast) -> None:
    case, other = way.started(cast), way.resolved(cast)
    later = NOON + timedelta(days=1)
    ours = set(Clock.objects.filter(clock_set_id=other.clock_set_id).values_list("pk", flat=True))
    assert ours & {one.key for one in history.lives(later)}
    Tenant.objects.filter(pk=case.tenant_id).update(is_drill=True)
    assert scored(case, SOON).breach_risk is None
    assert not ours & {one.key for one in history.lives(later)}
