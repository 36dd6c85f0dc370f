"""Replies, notes and what they do to the clocks; the satisfaction question."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import conversation, lifecycle
from cases.models import Message, Note, Survey
from companyos.events.models import Event
from companyos.web.errors import Conflict, DomainError, Forbidden, NotAllowedNow
from sla.models import ClockEntry
from tests.cases import way
from tests.cases.test_uploads import upload
from tests.cast import NOON, Cast

MINUTE = way.MINUTE


def test_only_a_person_of_the_support_side_meets_the_first_response(cast: Cast) -> None:
    case = way.accepted(cast)
    conversation.reply(case, actor=cast.actor(cast.ada), body="Any news?", now=NOON + 2 * MINUTE)
    conversation.note(case, actor=cast.actor(cast.agent), body="Looking", now=NOON + 3 * MINUTE)
    assert way.reading(case, "first_response", NOON + 4 * MINUTE).state == "running"
    conversation.reply(case, actor=cast.actor(cast.agent), body="On it.", now=NOON + 5 * MINUTE)
    met = way.reading(case, "first_response", NOON + 6 * MINUTE)
    assert (met.state, met.met_at) == ("met", NOON + 5 * MINUTE)


def test_a_note_made_public_counts_from_that_instant(cast: Cast) -> None:
    case, agent = way.accepted(cast), cast.actor(cast.agent)
    note = conversation.note(case, actor=agent, body="The quota is too small.", now=NOON + 2 * MINUTE)
    late = NOON + timedelta(hours=3)
    message = conversation.publish(case, note, actor=agent, now=late)
    met = way.reading(case, "first_response", late)
    assert (met.met_at, met.breached) == (late, True), "P1 owed it within the hour; a note does not answer anybody"
    assert (message.at, message.body) == (late, note.body)
    case.refresh_from_db()
    assert case.first_response_at == late
    with pytest.raises(NotAllowedNow):
        conversation.publish(case, note, actor=agent, now=late)
    assert Message.objects.filter(body=note.body).count() == 1


def test_a_note_of_another_case_is_not_published(cast: Cast) -> None:
    case, other, agent = way.accepted(cast), cast.open_case(), cast.actor(cast.agent)
    note = conversation.note(other, actor=agent, body="Elsewhere", now=NOON)
    with pytest.raises(DomainError):
        conversation.publish(case, note, actor=agent, now=NOON)


def ledger(case) -> list[tuple]:
    rows = ClockEntry.objects.filter(clock__clock_set=case.clock_set_id).order_by(
        "clock__metric", "clock__round", "seq"
    )
    return [(row.clock.metric, row.kind, row.at) for row in rows.select_related("clock")]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=st.integers(0, 600), reply_first=st.booleans())
def test_answer_and_wait_in_one_submit_give_one_ledger_whatever_the_order(
    cast: Cast, minutes: int, reply_first: bool
) -> None:
    agent, now = cast.actor(cast.agent), NOON + MINUTE + minutes * MINUTE
    apart, together = way.accepted(cast), way.accepted(cast)
    deeds = [
        lambda: conversation.reply(apart, actor=agent, body="We look.", now=now),
        lambda: lifecycle.wait(apart, actor=agent, ask="Which region?", seen=None, now=now),
    ]
    for deed in deeds if reply_first else reversed(deeds):
        deed()
    lifecycle.wait(together, actor=agent, ask="We look. Which region?", seen=None, now=now)
    assert ledger(apart) == ledger(together)


def test_any_sign_of_the_customer_sets_a_waiting_case_going(cast: Cast) -> None:
    for sign in ("reply", "attach"):
        case = way.waiting(cast)
        now = NOON + 20 * MINUTE
        if sign == "reply":
            conversation.reply(case, actor=cast.actor(cast.ada), body="Here", now=now)
        else:
            conversation.attach(case, actor=cast.actor(cast.ada), files=[upload("a.txt", b"x")], now=now)
        case.refresh_from_db()
        assert (case.status, case.waiting_since) == ("in_progress", None)
        assert way.reading(case, "resolution", now).state == "running"


def test_an_agents_reply_does_not_wake_a_waiting_case(cast: Cast) -> None:
    case = way.waiting(cast)
    conversation.reply(case, actor=cast.actor(cast.agent), body="A reminder.", now=NOON + 20 * MINUTE)
    case.refresh_from_db()
    assert case.status == "waiting"


def test_a_closed_case_takes_no_message(cast: Cast) -> None:
    case = lifecycle.close(way.resolved(cast), actor=cast.actor(cast.ada), seen=None, now=NOON + 40 * MINUTE)
    for person in (cast.ada, cast.agent):
        with pytest.raises(NotAllowedNow, match="reopen"):
            conversation.reply(case, actor=cast.actor(person), body="Hello?", now=NOON + 50 * MINUTE)


def test_a_reply_to_a_conversation_that_moved_on_is_a_conflict_and_the_customers_never(cast: Cast) -> None:
    case = way.accepted(cast)
    seen = case.version
    conversation.reply(case, actor=cast.actor(cast.ada), body="Wait, it is worse", now=NOON + 2 * MINUTE)
    with pytest.raises(Conflict):
        conversation.reply(case, actor=cast.actor(cast.agent), body="Fine!", seen=seen, now=NOON + 3 * MINUTE)
    assert not Message.objects.filter(body="Fine!").exists()


@pytest.mark.parametrize("body", ["", "  \n ", "a\x00b", "x" * 50_001])
def test_a_body_that_cannot_be_kept_is_refused_everywhere(cast: Cast, body: str) -> None:
    case, agent = way.accepted(cast), cast.actor(cast.agent)
    before = (Message.objects.count(), Note.objects.count(), Event.objects.count())
    for deed in (conversation.reply, conversation.note):
        with pytest.raises(DomainError) as refusal:
            deed(case, actor=agent, body=body, now=NOON)
        assert refusal.value.field == "body"
    assert (Message.objects.count(), Note.objects.count(), Event.objects.count()) == before


def test_who_may_not_write_does_not(cast: Cast) -> None:
    case = way.accepted(cast)
    for person, deed in (
        (cast.auditor, conversation.reply),
        (cast.operator, conversation.note),
        (cast.ada, conversation.note),
    ):
        with pytest.raises(Forbidden):
            deed(case, actor=cast.actor(person), body="Words", now=NOON)


# ── Satisfaction ─────────────────────────────────────────────────────────────
def test_the_question_is_answered_once_a_cycle_by_the_customer(cast: Cast) -> None:
    case, ada = way.resolved(cast), cast.actor(cast.ada)
    now = NOON + 40 * MINUTE
    conversation.survey(case, actor=ada, score=4, words="Quick", now=now)
    with pytest.raises(NotAllowedNow):
        conversation.survey(case, actor=ada, score=1, words="", now=now)
    case = lifecycle.close(case, actor=ada, seen=None, now=now)
    case = lifecycle.reopen(case, actor=ada, reason="Back", seen=None, now=now)
    with pytest.raises(NotAllowedNow):
        conversation.survey(case, actor=ada, score=1, words="", now=now)
    case = lifecycle.resolve(case, way.FIX, actor=cast.actor(cast.agent), seen=None, now=now + MINUTE)
    conversation.survey(case, actor=ada, score=2, words="Twice", now=now + MINUTE)
    assert list(Survey.objects.order_by("cycle").values_list("cycle", "score")) == [(0, 4), (1, 2)]


@pytest.mark.parametrize("score", [0, 6, -1])
def test_a_score_is_one_to_five(cast: Cast, score: int) -> None:
    with pytest.raises(DomainError) as refusal:
        conversation.survey(
            way.resolved(cast), actor=cast.actor(cast.ada), score=score, words="", now=NOON + 40 * MINUTE
        )
    assert refusal.value.field == "score"


def test_nobody_of_the_support_side_answers_for_the_customer(cast: Cast) -> None:
    with pytest.raises(DomainError):
        conversation.survey(way.resolved(cast), actor=cast.actor(cast.lead), score=5, words="", now=NOON + 40 * MINUTE)
