"""The way of a case, verb by verb, with what each does to the clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cases import conversation, lifecycle, properties
from cases.lifecycle import Fix
from cases.models import Transition
from companyos.web.errors import Conflict, DomainError, Forbidden, NotAllowedNow
from sla import clocks
from tests.cast import NOON, Cast

MINUTE = timedelta(minutes=1)


def reading(case, metric, now, cycle=0):
    found = clocks.readings([case.clock_set_id], now)[case.clock_set_id]
    return next((r for r in found if r.metric == metric and r.cycle == cycle), None)


def accepted(cast: Cast, priority: str = "P1"):
    case = cast.open_case()
    return lifecycle.accept(
        case, actor=cast.actor(cast.agent), priority=priority, owner=cast.agent, seen=case.version, now=NOON + MINUTE
    )


def test_a_new_case_runs_accept_and_first_response_and_no_resolution(cast: Cast) -> None:
    case = cast.open_case()
    assert case.reference == "ACME-1001"
    assert reading(case, "first_response", NOON).state == "running"
    assert reading(case, "accept", NOON).state == "running"
    assert reading(case, "resolution", NOON) is None


def test_accepting_confirms_the_priority_and_starts_the_resolution(cast: Cast) -> None:
    case = accepted(cast)
    assert (case.status, case.priority, case.owner) == ("triage", "P1", cast.agent)
    assert reading(case, "accept", NOON + MINUTE).state == "met"
    resolution = reading(case, "resolution", NOON + MINUTE)
    assert resolution.due_at == NOON + MINUTE + timedelta(hours=6)


def test_waiting_pauses_the_resolution_and_the_customers_answer_resumes_it(cast: Cast) -> None:
    case = accepted(cast)
    agent = cast.actor(cast.agent)
    case = lifecycle.wait(case, actor=agent, ask="Please send the logs.", seen=case.version, now=NOON + 10 * MINUTE)
    paused = reading(case, "resolution", NOON + 70 * MINUTE)
    assert paused.state == "paused"
    left = paused.left
    conversation.reply(case, actor=cast.actor(cast.ada), body="Here they are", now=NOON + 70 * MINUTE)
    case.refresh_from_db()
    assert case.status == "in_progress"
    running = reading(case, "resolution", NOON + 70 * MINUTE)
    assert (running.state, running.left) == ("running", left)


def test_waiting_needs_an_ask(cast: Cast) -> None:
    case = accepted(cast)
    with pytest.raises(DomainError) as refusal:
        lifecycle.wait(case, actor=cast.actor(cast.agent), ask=" ", seen=case.version, now=NOON + MINUTE)
    assert refusal.value.field == "ask"


def test_two_agents_at_once_one_wins_and_the_other_is_told(cast: Cast) -> None:
    case = cast.open_case()
    seen = case.version
    lifecycle.accept(case, actor=cast.actor(cast.agent), priority="P1", owner=cast.agent, seen=seen, now=NOON)
    with pytest.raises(Conflict) as conflict:
        lifecycle.accept(case, actor=cast.actor(cast.agent2), priority="P2", owner=cast.agent2, seen=seen, now=NOON)
    assert "Amy Agent" in conflict.value.message
    assert Transition.objects.filter(case=case).count() == 1


def test_a_move_out_of_order_names_the_moves_that_are_possible(cast: Cast) -> None:
    case = cast.open_case()
    with pytest.raises(NotAllowedNow) as refusal:
        lifecycle.start(case, actor=cast.actor(cast.agent), seen=case.version, now=NOON)
    assert "Accept" in refusal.value.message


def test_resolving_needs_summary_code_and_evidence(cast: Cast) -> None:
    case = accepted(cast)
    agent = cast.actor(cast.agent)
    case = lifecycle.start(case, actor=agent, seen=case.version, now=NOON + MINUTE)
    for fix, field in (
        (Fix(summary="", code="quota", evidence_links=["x"]), "summary"),
        (Fix(summary="Raised", code="", evidence_links=["x"]), "code"),
        (Fix(summary="Raised", code="quota"), "evidence"),
    ):
        with pytest.raises(DomainError) as refusal:
            lifecycle.resolve(case, fix, actor=agent, seen=case.version, now=NOON + 2 * MINUTE)
        assert refusal.value.field == field
    case.refresh_from_db()
    assert case.status == "in_progress"


def resolved(cast: Cast):
    case = accepted(cast)
    agent = cast.actor(cast.agent)
    case = lifecycle.start(case, actor=agent, seen=case.version, now=NOON + 2 * MINUTE)
    fix = Fix(summary="The quota was raised.", code="quota", evidence_links=["https://traces.example/1"])
    return lifecycle.resolve(case, fix, actor=agent, seen=case.version, now=NOON + 30 * MINUTE)


def test_not_fixed_resumes_the_same_cycle_without_the_time_in_resolved(cast: Cast) -> None:
    case = resolved(cast)
    left = reading(case, "resolution", NOON + 30 * MINUTE).target - 29 * MINUTE
    case = lifecycle.reject(
        case, actor=cast.actor(cast.ada), reason="Still throttled", seen=None, now=NOON + 90 * MINUTE
    )
    again = reading(case, "resolution", NOON + 90 * MINUTE)
    assert (case.status, case.cycle, again.state, again.left) == ("in_progress", 0, "running", left)


def test_reopening_a_closed_case_begins_a_new_cycle_and_keeps_the_old(cast: Cast) -> None:
    case = resolved(cast)
    case = lifecycle.close(case, actor=cast.actor(cast.ada), seen=None, now=NOON + 40 * MINUTE)
    before = reading(case, "resolution", NOON + 40 * MINUTE)
    with pytest.raises(DomainError):
        lifecycle.reopen(case, actor=cast.actor(cast.ada), reason="", seen=None, now=NOON + 50 * MINUTE)
    case = lifecycle.reopen(case, actor=cast.actor(cast.ada), reason="It is back", seen=None, now=NOON + 50 * MINUTE)
    new = reading(case, "resolution", NOON + 50 * MINUTE, cycle=1)
    assert (case.cycle, new.state, new.left) == (1, "running", timedelta(hours=6))
    assert reading(case, "resolution", NOON + 50 * MINUTE) == before


def test_requesters_cannot_do_what_agents_do(cast: Cast) -> None:
    case = cast.open_case()
    with pytest.raises(Forbidden):
        lifecycle.accept(case, actor=cast.actor(cast.ada), priority="P0", owner=cast.agent, seen=None, now=NOON)


def test_a_priority_changed_while_resolved_holds_when_it_is_not_fixed(cast: Cast) -> None:
    case = resolved(cast)
    case = properties.prioritise(
        case, actor=cast.actor(cast.lead), priority="P0", reason="Worse", seen=case.version, now=NOON + 40 * MINUTE
    )
    case = lifecycle.reject(case, actor=cast.actor(cast.ada), reason="Still", seen=None, now=NOON + 90 * MINUTE)
    assert reading(case, "resolution", NOON + 90 * MINUTE).target == timedelta(hours=2)
