"""The promise of the next update: while a P0 or P1 is worked on, each public word begins it anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from cases import conversation, dials, foresight, lifecycle, properties
from cases.models import Case, Note
from cases.updates import METRIC
from sla import policies, sweep, verify
from sla.models import Clock
from sla.versions import policy_document, publish_policy
from tenants import access
from tests.cases.way import FIX, MINUTE, accepted, reading, resolved, started, waiting
from tests.cast import NOON, Cast

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def rounds(case: Case, cycle: int = 0) -> list[tuple[str, list[str]]]:
    """State and ledger of each round, oldest first."""
    found = Clock.objects.filter(clock_set=case.clock_set, metric=METRIC, cycle=cycle).order_by("round")
    return [(clock.state, [entry.kind for entry in clock.entries.order_by("seq")]) for clock in found]


def last(case: Case, cycle: int = 0) -> Clock:
    return Clock.objects.filter(clock_set=case.clock_set, metric=METRIC, cycle=cycle).latest("round")


def write(cast: Cast, case: Case, at: datetime, body: str = "Still looking.") -> None:
    conversation.reply(case, actor=cast.actor(cast.agent), body=body, now=at)


def fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def test_it_begins_when_the_case_is_accepted_and_not_before(cast: Cast) -> None:
    case = cast.open_case()
    assert rounds(case) == []
    write(cast, case, NOON + MINUTE)
    assert rounds(case) == []
    agent = cast.actor(cast.agent)
    lifecycle.accept(case, actor=agent, priority="P0", owner=cast.agent, seen=None, now=NOON + 2 * MINUTE)
    assert rounds(case) == [("running", ["started"])]
    assert last(case).due_at == NOON + 2 * MINUTE + 4 * HOUR


@pytest.mark.parametrize(("priority", "hours"), [("P0", 4), ("P1", 24), ("P2", None), ("P3", None)])
def test_only_p0_and_p1_promise_updates(cast: Cast, priority: str, hours: int | None) -> None:
    case = accepted(cast, priority)
    assert [clock.target / HOUR for clock in Clock.objects.filter(clock_set=case.clock_set, metric=METRIC)] == (
        [hours] if hours else []
    )


def test_each_public_word_of_support_meets_it_and_begins_the_next_round(cast: Cast) -> None:
    case = started(cast)
    write(cast, case, NOON + HOUR)
    write(cast, case, NOON + 5 * HOUR)
    assert rounds(case) == [("met", ["started", "met"]), ("met", ["started", "met"]), ("running", ["started"])]
    assert [clock.round for clock in Clock.objects.filter(metric=METRIC).order_by("round")] == [0, 1, 2]
    assert last(case).due_at == NOON + 29 * HOUR
    causes = set(last(case).entries.values_list("cause", flat=True))
    assert all(cause.startswith("message:") for cause in causes)


def test_a_late_update_is_a_breach_and_the_next_one_is_owed_in_full(cast: Cast) -> None:
    case = started(cast)
    write(cast, case, NOON + 30 * HOUR)
    assert rounds(case) == [("met", ["started", "breached", "met"]), ("running", ["started"])]
    assert last(case).due_at == NOON + 54 * HOUR


def test_internal_notes_automation_and_the_customer_meet_nothing(cast: Cast) -> None:
    case = started(cast)
    agent = cast.actor(cast.agent)
    conversation.note(case, actor=agent, body="Between us", now=NOON + HOUR)
    conversation.note(case, actor=agent, body="Restarted", kind=Note.Kind.MITIGATION, now=NOON + HOUR)
    conversation.reply(case, actor=access.SYSTEM, body="We are on it (automatic).", now=NOON + HOUR)
    conversation.reply(case, actor=cast.actor(cast.ada), body="And?", now=NOON + HOUR)
    assert rounds(case) == [("running", ["started"])]


def test_a_published_note_is_an_update_from_that_instant_on(cast: Cast) -> None:
    """zammad 5925: a note turned public never counted."""
    case = started(cast)
    agent = cast.actor(cast.agent)
    note = conversation.note(case, actor=agent, body="The cause is known", now=NOON + HOUR)
    conversation.publish(case, note, actor=agent, now=NOON + 3 * HOUR)
    first, second = Clock.objects.filter(metric=METRIC).order_by("round")
    assert (first.met_at, second.started_at) == (NOON + 3 * HOUR, NOON + 3 * HOUR)


def test_it_stands_still_while_the_customer_is_awaited(cast: Cast) -> None:
    case = waiting(cast)  # the ask at 12:10 is itself an update: it meets the first round and begins the second
    assert rounds(case) == [("met", ["started", "met"]), ("paused", ["started", "paused"])]
    conversation.reply(case, actor=cast.actor(cast.ada), body="Frankfurt.", now=NOON + 30 * HOUR)
    assert rounds(case)[-1] == ("running", ["started", "paused", "resumed"])
    assert last(case).due_at == NOON + 54 * HOUR


def test_a_word_while_waiting_begins_a_round_that_stands_still_too(cast: Cast) -> None:
    case = waiting(cast)
    write(cast, case, NOON + 2 * HOUR, "Any news from your side?")
    assert rounds(case)[1:] == [("met", ["started", "paused", "met"]), ("paused", ["started", "paused"])]
    assert reading(case, METRIC, NOON + 90 * HOUR).left == 24 * HOUR
    assert sweep.drain(NOON + 90 * HOUR, 50) == 0 or last(case).state == "paused"


def test_it_ends_with_the_resolution_whose_summary_is_the_last_update(cast: Cast) -> None:
    case = resolved(cast)
    assert rounds(case) == [("met", ["started", "met"])]
    write(cast, case, NOON + 2 * HOUR, "You are welcome.")
    assert len(rounds(case)) == 1
    assert not reading(case, METRIC, NOON + 100 * HOUR).breached


def test_it_begins_anew_when_it_is_not_fixed_and_when_it_is_reopened(cast: Cast) -> None:
    case = resolved(cast)
    ada = cast.actor(cast.ada)
    lifecycle.reject(case, actor=ada, reason="Still slow", seen=None, now=NOON + HOUR)
    assert [state for state, _ in rounds(case)] == ["met", "running"]
    agent = cast.actor(cast.agent)
    lifecycle.resolve(fresh(case), FIX, actor=agent, seen=None, now=NOON + 2 * HOUR)
    lifecycle.close(fresh(case), actor=ada, seen=None, now=NOON + 3 * HOUR)
    before = rounds(case)
    assert all(state in ("met", "cancelled") for state, _ in before)
    lifecycle.reopen(fresh(case), actor=agent, reason="It came back", seen=None, now=NOON + 50 * HOUR)
    assert rounds(case) == before
    assert rounds(case, cycle=1) == [("running", ["started"])]
    assert last(case, cycle=1).due_at == NOON + 74 * HOUR


def test_a_change_of_priority_begins_it_retargets_it_and_cancels_it(cast: Cast) -> None:
    case = accepted(cast, "P2")
    about = {"actor": cast.actor(cast.agent), "seen": None, "reason": "It grew"}
    assert rounds(case) == []
    properties.prioritise(case, priority="P1", now=NOON + HOUR, **about)
    assert rounds(case) == [("running", ["started"])]
    properties.prioritise(fresh(case), priority="P0", now=NOON + 2 * HOUR, **about)
    assert rounds(case) == [("running", ["started", "retargeted"])]
    assert last(case).due_at == NOON + 5 * HOUR
    properties.prioritise(fresh(case), priority="P3", now=NOON + 3 * HOUR, **about)
    assert rounds(case) == [("cancelled", ["started", "retargeted", "cancelled"])]
    properties.prioritise(fresh(case), priority="P1", now=NOON + 4 * HOUR, **about)
    assert [state for state, _ in rounds(case)] == ["cancelled", "running"]
    assert last(case).due_at == NOON + 28 * HOUR


def test_a_priority_raised_while_waiting_begins_it_standing_still(cast: Cast) -> None:
    case = accepted(cast, "P3")
    agent = cast.actor(cast.agent)
    lifecycle.wait(case, actor=agent, ask="Which region?", seen=None, now=NOON + HOUR)
    properties.prioritise(fresh(case), priority="P0", reason="It grew", actor=agent, seen=None, now=NOON + 2 * HOUR)
    assert rounds(case) == [("paused", ["started", "paused"])]


def test_two_words_in_one_instant_are_one_update(cast: Cast) -> None:
    case = started(cast)
    for _ in range(3):
        write(cast, case, NOON + HOUR)
    assert rounds(case) == [("met", ["started", "met"]), ("running", ["started"])]


def test_the_screens_foretell_what_a_word_or_a_move_does(cast: Cast) -> None:
    case = started(cast)
    shown = dials.latest_cycle([reading(case, name, NOON + HOUR) for name in ("first_response", "resolution", METRIC)])
    assert foresight.of_reply(shown) == ["meets First response", "meets Next update"]
    assert foresight.of_move("wait", shown) == ["pauses Resolution", "pauses Next update"]
    assert foresight.of_move("resolve", shown) == ["meets Resolution", "ends Next update"]


def test_the_last_round_speaks_for_the_metric_and_the_next_due_follows_it(cast: Cast) -> None:
    case = accepted(cast, "P0")
    for hour in (1, 2, 3):
        write(cast, case, NOON + hour * HOUR)
    said = reading(case, METRIC, NOON + 4 * HOUR)
    assert (said.round, said.consumed, said.due_at) == (3, HOUR, NOON + 7 * HOUR)
    assert (fresh(case).next_due_metric, fresh(case).next_due_at) == ("resolution", NOON + MINUTE + 2 * HOUR)


def test_a_breached_round_is_kept_when_the_next_is_in_time(cast: Cast) -> None:
    case = accepted(cast, "P0")
    write(cast, case, NOON + 6 * HOUR)
    write(cast, case, NOON + 7 * HOUR)
    assert [bool(clock.breached_at) for clock in Clock.objects.filter(metric=METRIC).order_by("round")] == [
        True,
        False,
        False,
    ]
    assert verify.verify().differences == []


def test_what_begins_it_after_a_rejection_is_the_rejection(cast: Cast) -> None:
    case = resolved(cast)
    lifecycle.reject(case, actor=cast.actor(cast.ada), reason="Still slow", seen=None, now=NOON + HOUR)
    assert [entry.cause for entry in last(case).entries.all()] == ["transition:reject"]


def test_an_answer_revives_no_round_that_was_met(cast: Cast) -> None:
    """The policy stopped promising updates just before the ask, so the ask began no round."""
    case, now = started(cast), NOON + HOUR
    choice = policies.choose(case.tenant, now)
    document = replace(policy_document(choice.policy), targets=())
    publish_policy(document, choice.policy.calendar, None, active_from=now, reason="None", now=now)
    lifecycle.wait(fresh(case), actor=cast.actor(cast.agent), ask="Which region?", seen=None, now=now)
    assert rounds(case) == [("met", ["started", "met"])]
    conversation.reply(case, actor=cast.actor(cast.ada), body="Frankfurt.", now=NOON + 30 * HOUR)
    assert rounds(case) == [("met", ["started", "met"])]
