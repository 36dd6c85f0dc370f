"""What went wrong in other systems, played on our cases: each test names the thread that told of it.

The ones that are about a clock alone stand in tests/sla; tests/sla/test_regressions_named.py lists all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Count

from cases import conversation, dials, lifecycle, properties
from cases.explaining import words as why
from cases.explaining.reading import explained
from cases.models import Case
from companyos.events.models import Event
from sla import clocks, rollout, sweep
from sla.models import Clock, ClockEntry, Policy
from tests.api.conftest import with_key, with_token
from tests.architecture.source import ROOT
from tests.cases.way import FIX, MINUTE, accepted, reading, resolved, started, waiting
from tests.cast import NOON, Cast
from tests.service_levels.test_rollout import publish

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def alerts() -> list[tuple[str, str]]:
    found = Event.objects.filter(name__in=("clock.warned", "clock.breached")).order_by("id")
    return [(event.name, event.payload["metric"]) for event in found]


def fresh(case: Case) -> Case:
    return Case.objects.select_related("tenant").get(pk=case.pk)


def metrics(case: Case) -> dict[str, str]:
    found = clocks.readings([case.clock_set_id], NOON + MINUTE)[case.clock_set_id]
    return {one.metric: one.state for one in found if one.cycle == case.cycle}


def sweep_all(now) -> None:
    while sweep.drain(now, 50):
        pass


def test_zammad_5177_the_update_clock_hides_no_other(cast: Cast) -> None:
    """zammad 5177: an update clock hid the first-response clock. All run and breach by themselves."""
    case = accepted(cast, "P0")
    assert {metric for metric, state in metrics(case).items() if state == "running"} == {
        "first_response",
        "resolution",
        "next_update",
    }
    sweep_all(NOON + 9 * HOUR)
    breached = {metric for name, metric in alerts() if name == "clock.breached"}
    assert breached == {"first_response", "resolution", "next_update"}


def test_zammad_1322_any_sign_of_the_customer_resumes(cast: Cast) -> None:
    """zammad 1322: what the customer wrote on the web did not set the ticket going."""
    for channel in ("widget", "portal", "email"):
        case = waiting(cast)
        conversation.reply(case, actor=cast.actor(cast.ada), body="Here", now=NOON + HOUR, channel=channel)
        assert fresh(case).status == "in_progress"
        assert reading(case, "resolution", NOON + HOUR).state == "running"


def test_zammad_3140_nothing_escalates_while_it_is_the_customers_turn(cast: Cast) -> None:
    """zammad 3140: escalated while it was the customer's turn."""
    case = waiting(cast)
    sweep_all(NOON + 500 * HOUR)
    assert [metric for _, metric in alerts() if metric in ("resolution", "next_update")] == []
    assert reading(case, "resolution", NOON + 500 * HOUR).breached is False


def test_zammad_4432_2157_a_closed_case_alerts_nobody(cast: Cast) -> None:
    """zammad 4432 and 2157: reminders in the night, and for closed tickets."""
    case = resolved(cast)
    lifecycle.close(case, actor=cast.actor(cast.ada), seen=None, now=NOON + HOUR)
    sweep_all(NOON + 1000 * HOUR)
    assert alerts() == []


def test_zammad_188_904_reopened_or_merged_nothing_escalates_at_once(cast: Cast) -> None:
    """zammad 188 and 904: reopened and merged tickets escalated at once."""
    case, loser = resolved(cast), cast.open_case()
    agent, lead, later = cast.actor(cast.agent), cast.actor(cast.lead), NOON + 400 * HOUR
    lifecycle.close(case, actor=agent, seen=None, now=NOON + HOUR)
    lifecycle.dismiss(loser, actor=lead, kind="duplicate", duplicate_of=case, seen=None, now=NOON + MINUTE)
    lifecycle.reopen(fresh(case), actor=agent, reason="It came back", seen=None, now=later)
    sweep_all(later)
    assert alerts() == []
    full = {one.metric: one.left for one in clocks.readings([case.clock_set_id], later)[case.clock_set_id] if one.cycle}
    assert full["resolution"] == 6 * HOUR
    assert set(metrics(loser).values()) == {"cancelled"}


def test_zammad_390_anybody_can_have_a_due_time_explained(cast: Cast) -> None:
    """zammad 390: nobody could explain a due time. Each clock of a case tells what its target was used up by."""
    case = waiting(cast)
    for clock in Clock.objects.filter(clock_set=case.clock_set):
        told = explained(case, clock, cast.actor(cast.agent), NOON + HOUR, NOON + HOUR)
        answer = why.because(told, UTC)
        assert answer.headline
        assert "Promised is" in answer.reasons[0] and "version 1" in answer.reasons[0]
        assert sum((one.consumed for one in told.stretches if not one.ahead), timedelta(0)) == told.reading.consumed


def test_frappe_helpdesk_3776_wait_then_resolve_keeps_the_hold_and_a_due_time_has_no_viewer(cast: Cast) -> None:
    """frappe/helpdesk 3776: pause and resolve in one save lost the hold; deadlines were read in the viewer's zone."""
    case = waiting(cast)
    lifecycle.resolve(fresh(case), FIX, actor=cast.actor(cast.agent), seen=None, now=NOON + 10 * HOUR)
    said = reading(case, "resolution", NOON + 20 * HOUR)
    assert (said.state, said.breached, said.consumed) == ("met", False, 9 * MINUTE)
    told = explained(case, Clock.objects.get(metric="accept"), cast.actor(cast.agent), NOON, NOON)
    here, there = (why.because(told, ZoneInfo(zone)).headline for zone in ("Europe/Berlin", "America/New_York"))
    assert (here, there) == ("Due Tue 10 Mar 14:00 CET.", "Due Tue 10 Mar 09:00 EDT.")


def test_frappe_helpdesk_1643_no_promise_is_no_failure(cast: Cast) -> None:
    """frappe/helpdesk 1643: no resolution promise, yet shown as failed."""
    publish("enterprise", at=NOON - HOUR, now=NOON - HOUR, drop="resolution")
    case = accepted(cast)
    assert "resolution" not in metrics(case)
    sweep_all(NOON + 1000 * HOUR)
    found = clocks.readings([case.clock_set_id], NOON + 1000 * HOUR)[case.clock_set_id]
    assert "resolution" not in {one.reading.metric for one in dials.latest_cycle(found)}
    assert "resolution" not in {metric for _, metric in alerts()}


def test_glpi_6902_15605_a_change_of_priority_keeps_earlier_pauses(cast: Cast) -> None:
    """glpi 6902 and 15605: a change of priority forgot earlier pauses."""
    case, agent = waiting(cast), cast.actor(cast.agent)
    conversation.reply(case, actor=cast.actor(cast.ada), body="Here", now=NOON + 10 * HOUR)
    at = NOON + 10 * HOUR + MINUTE
    properties.prioritise(fresh(case), priority="P0", reason="It grew", actor=agent, seen=None, now=at)
    said = reading(case, "resolution", at)
    assert (said.consumed, said.left, said.breached) == (10 * MINUTE, 2 * HOUR - 10 * MINUTE, False)


def test_chatwoot_10178_nothing_is_owed_after_the_resolution_though_the_customer_spoke_last(cast: Cast) -> None:
    """chatwoot 10178: the next-reply clock ran on after resolve because the customer had spoken last."""
    case = started(cast)
    conversation.reply(case, actor=cast.actor(cast.ada), body="And?", now=NOON + 20 * MINUTE)
    case = lifecycle.resolve(case, FIX, actor=cast.actor(cast.agent), seen=None, now=NOON + 30 * MINUTE)
    conversation.reply(case, actor=cast.actor(cast.ada), body="Thanks!", now=NOON + 40 * MINUTE)
    sweep_all(NOON + 160 * HOUR)
    assert alerts() == []
    assert {metrics(case)["next_update"], metrics(case)["resolution"]} == {"met"}


def test_chatwoot_15024_a_miss_stops_growing_when_it_is_met(cast: Cast) -> None:
    """chatwoot 15024: the miss duration kept growing."""
    case = started(cast)
    conversation.reply(case, actor=cast.actor(cast.agent), body="Late", now=NOON + 3 * HOUR)
    late = [reading(case, "first_response", NOON + hours * HOUR).late_by for hours in (3, 4, 4000)]
    assert len(set(late)) == 1 and late[0] > timedelta(0)


def test_chatwoot_13392_one_function_answers_due_everywhere(cast: Cast) -> None:
    """chatwoot 13392: business hours were heeded in one of two code paths. Row, queue column, dial, explanation, API
    and the breach itself say the same instant: Friday, after three business days."""
    case, agent = accepted(cast, "P3"), cast.actor(cast.agent)
    due = NOON + timedelta(days=3) + MINUTE
    conversation.reply(case, actor=agent, body="Welcome", now=NOON + 2 * MINUTE)
    clock = Clock.objects.get(metric="resolution")
    told = explained(case, clock, agent, NOON + HOUR, NOON + HOUR)
    answer = with_key(cast.agent).get(f"cases/{case.reference}/clocks/").json()["results"]
    said = {
        clock.due_at,
        fresh(case).next_due_at,
        dials.dial(reading(case, "resolution", NOON + HOUR)).reading.due_at,
        told.stretches[-1].end,
    }
    assert said == {due}
    assert {row["due_at"] for row in answer if row["metric"] == "resolution"} == {due.strftime("%Y-%m-%dT%H:%M:%SZ")}
    sweep_all(due - timedelta(microseconds=1))
    assert ("clock.breached", "resolution") not in alerts()
    sweep_all(due)
    assert Event.objects.get(name="clock.breached").at == due


def by_widget(cast: Cast) -> str:
    answer = with_token(cast.ada).post("widget/cases", key="a", subject="Events are late", description="Since noon")
    return answer.json()["reference"]


def by_api(cast: Cast) -> str:
    told = {"subject": "Events are late", "description": "Since noon", "channel": "phone"}
    return with_key(cast.agent).post("cases/", tenant="acme", requester="u-ada", **told).json()["reference"]


def by_verb(cast: Cast) -> str:
    return cast.open_case().reference


@pytest.mark.parametrize("opened", [by_widget, by_api, by_verb])
def test_znuny_514_every_way_to_a_case_starts_its_clocks(cast: Cast, opened: Callable[[Cast], str]) -> None:
    """znuny 514: a clock was not started for one creation path. There is one service that makes cases."""
    case = Case.objects.get(reference=opened(cast))
    running = Clock.objects.filter(clock_set=case.clock_set, state="running").values_list("metric", flat=True)
    assert set(running) == {"accept", "first_response"}


def test_znuny_514_only_intake_makes_a_set_of_clocks() -> None:
    """znuny 514: a clock was not started for one creation path. One module makes sets of clocks."""
    paths = [path for app in ("cases", "escalations", "integrations", "tenants") for path in (ROOT / app).rglob("*.py")]
    assert [path.name for path in paths if "new_set(" in path.read_text()] == ["intake.py"]


def test_jira_repair_a_new_version_judges_no_ended_clock_again(cast: Cast) -> None:
    """Jira Service Management's repair re-judges history by today's goals. What was met stays so."""
    case = resolved(cast)
    before = list(ClockEntry.objects.order_by("id").values_list("kind", "at", "policy__version", "target"))
    publish("enterprise", at=NOON + HOUR, now=NOON + HOUR, P1=0.01)
    while rollout.step(NOON + 2 * HOUR):
        pass
    said = reading(case, "resolution", NOON + 3 * HOUR)
    assert (said.state, said.breached, said.policy_version, said.target) == ("met", False, 1, 6 * HOUR)
    assert list(ClockEntry.objects.order_by("id").values_list("kind", "at", "policy__version", "target")) == before


def test_zendesk_a_new_version_reaches_a_case_that_nobody_touches(cast: Cast) -> None:
    """Zendesk applies a policy only at the next ticket event. Ours holds from its instant on, without one."""
    case = started(cast)
    version = fresh(case).version
    publish("enterprise", at=NOON + HOUR, now=NOON, P1=3)
    while rollout.step(NOON + HOUR + MINUTE):
        pass
    said = reading(case, "resolution", NOON + 2 * HOUR)
    assert (said.policy_version, said.due_at) == (2, NOON + MINUTE + 3 * HOUR)
    assert fresh(case).version == version
    assert Policy.objects.filter(key="enterprise").count() == 2


def test_chatwoot_the_promise_outlives_the_first_resolution(cast: Cast) -> None:
    """Chatwoot's SLA is over after the first resolve. Not fixed: the same clock runs on; reopened: anew."""
    case, ada, agent = resolved(cast), cast.actor(cast.ada), cast.actor(cast.agent)
    lifecycle.reject(case, actor=ada, reason="Still slow", seen=None, now=NOON + 2 * HOUR)
    assert reading(case, "resolution", NOON + 2 * HOUR).left == 6 * HOUR - 29 * MINUTE
    lifecycle.resolve(fresh(case), FIX, actor=agent, seen=None, now=NOON + 3 * HOUR)
    lifecycle.close(fresh(case), actor=ada, seen=None, now=NOON + 4 * HOUR)
    lifecycle.reopen(fresh(case), actor=ada, reason="Again", seen=None, now=NOON + 5 * HOUR)
    sweep_all(NOON + 12 * HOUR)
    breached = Clock.objects.filter(clock_set=case.clock_set, breached_at__isnull=False, metric="resolution")
    assert [(clock.cycle, clock.breached_at) for clock in breached] == [(1, NOON + 11 * HOUR)]
    assert Clock.objects.values("metric", "cycle", "round").annotate(n=Count("pk")).filter(n__gt=1).count() == 0
