"""Properties of clocks in the database, after any story of deeds, new targets, other calendars and sweeps.

Beside these: `test_ledger` and `test_sweep` (the same ledger whenever the sweep ran, doubled or late), `test_explain`
(what is told adds up), `test_business_time` (the two functions are inverse), `stories/test_any_order` (never two open
clocks of one metric).
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sla import clocks, ledger, sweep, verify
from sla.models import Calendar, Clock, Policy
from sla.policies import PolicyChoice
from tests.sla.conftest import HOUR, MONDAY, Case, new_case

ANY_STORY = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
WEEKS = {
    "nine-to-five": ("UTC", [[day, 540, 1020] for day in range(5)], []),
    "lunch": ("America/New_York", [[day, *h] for day in range(5) for h in ((540, 720), (780, 1020))], ["2026-11-26"]),
    "nights": ("Australia/Lord_Howe", [[day, 1320, 1800] for day in range(7)], []),
}


@pytest.fixture
def policies(case: Case) -> list[Policy]:
    """Three policies, each in a calendar of its own: other targets, other hours, other shares; the last lacks one."""
    made = []
    for number, (key, (zone, weekly, days)) in enumerate(WEEKS.items()):
        holidays = [[day, "Thanksgiving"] for day in days]
        calendar = Calendar.objects.create(key=key, name=key, time_zone=zone, weekly=weekly, holidays=holidays)
        shares = [[50, 75, 90], [10, 99], []][number]
        policy = Policy.objects.create(key=key, name=key, calendar=calendar, active_from=MONDAY, shares=shares)
        policy.targets.create(priority="P1", metric="resolution", business_days=number + 1, basis="business")
        if number < 2:
            policy.targets.create(priority="P2", metric="resolution", amount=(3 + 40 * number) * HOUR)
        made.append(policy)
    return made


DEEDS = st.tuples(
    st.sampled_from(["pause", "resume", "pause", "resume", "meet", "cancel", "retarget", "retarget", "sweep"]),
    st.integers(0, 40 * 3600),
    st.integers(0, 2),
    st.sampled_from(["P1", "P2"]),
)


def told(thing: Case, deed: str, hours: float, policy: Policy, priority: str) -> None:
    if deed == "sweep":
        while sweep.drain(MONDAY + hours * HOUR, 20):
            pass
    elif deed == "retarget":
        thing.retarget(priority, hours, PolicyChoice(policy, "drawn"))
    else:
        thing.do(deed, hours)


@ANY_STORY
@given(st.lists(DEEDS, max_size=8), st.integers(0, 300 * 3600))
def test_the_row_is_its_ledger_and_consumed_and_left_are_the_target(
    case: Case, policies: list[Policy], story: list[tuple], later: int
) -> None:
    thing, hours = new_case(case.tenant), 0.0
    clock = thing.start(priority="P1")
    assert clock is not None
    for deed, seconds, which, priority in story:
        hours += seconds / 3600
        told(thing, deed, hours, policies[which], priority)
        said = thing.look(hours)
        assert said.consumed + said.left == said.target
    row = Clock.objects.get(pk=clock.pk)
    entries = list(row.entries.order_by("seq"))
    assert list(verify.differences(row, entries)) == []
    assert entries[-1].at <= MONDAY + hours * HOUR
    for seconds in (0, later, 10 * later):
        said = clocks.read(row, MONDAY + hours * HOUR + timedelta(seconds=seconds))
        assert said.consumed + said.left == said.target
        assert said.breached or said.left >= ledger.NOTHING or said.state == ledger.CANCELLED
