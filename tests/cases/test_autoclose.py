"""Silence closes a resolved case: by moving time, never by waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cases import autoclose, conversation, lifecycle
from cases.models import Transition
from companyos.web.errors import NotAllowedNow
from tests.cases import way
from tests.cast import NOON, Cast

RESOLVED_AT = NOON + 30 * way.MINUTE
DAY = timedelta(days=1)


def closes(case, now) -> bool:
    done = autoclose.close_one(now)
    case.refresh_from_db()
    return done


def test_it_closes_at_its_day_and_not_a_microsecond_before(cast: Cast) -> None:
    case = way.resolved(cast)
    due = RESOLVED_AT + 7 * DAY
    assert not closes(case, due - timedelta(microseconds=1))
    assert case.status == "resolved"
    assert closes(case, due)
    assert (case.status, case.closed_as, case.closed_at) == ("closed", "silent", due)
    last = Transition.objects.filter(case=case).order_by("id").last()
    assert (last.actor_kind, last.actor_name, last.reason) == ("system", "Auto-close", "No answer for 7 days")
    assert not closes(case, due + DAY), "once"


def test_a_late_sweep_dates_the_closure_at_its_day(cast: Cast) -> None:
    case = way.resolved(cast)
    assert closes(case, RESOLVED_AT + 30 * DAY)
    assert case.closed_at == RESOLVED_AT + 7 * DAY


def test_the_days_are_the_tenants(cast: Cast) -> None:
    cast.acme.auto_close_days = 2
    cast.acme.save()
    case = way.resolved(cast)
    assert not closes(case, RESOLVED_AT + 2 * DAY - way.MINUTE)
    assert closes(case, RESOLVED_AT + 2 * DAY)


def test_each_word_of_the_customer_begins_the_days_anew_and_no_more_than_that(cast: Cast) -> None:
    case, ada = way.resolved(cast), cast.actor(cast.ada)
    for day in (3, 5, 6):
        last = RESOLVED_AT + day * DAY
        conversation.reply(case, actor=ada, body=f"Day {day}: still testing", now=last)
        case.refresh_from_db()
        assert case.auto_close_at == last + 7 * DAY
    assert not closes(case, RESOLVED_AT + 7 * DAY)
    assert closes(case, RESOLVED_AT + 13 * DAY)
    assert Transition.objects.filter(case=case).order_by("id").last().reason == "No answer for 7 days"


def test_an_agents_word_does_not(cast: Cast) -> None:
    case = way.resolved(cast)
    conversation.reply(case, actor=cast.actor(cast.agent), body="Does it hold?", now=RESOLVED_AT + 3 * DAY)
    assert closes(case, RESOLVED_AT + 7 * DAY)


def test_a_case_that_is_resolved_no_more_is_left_alone(cast: Cast) -> None:
    case = way.resolved(cast)
    lifecycle.reject(case, actor=cast.actor(cast.ada), reason="No", seen=None, now=RESOLVED_AT + DAY)
    assert not closes(case, RESOLVED_AT + 60 * DAY)
    again = RESOLVED_AT + 2 * DAY
    lifecycle.resolve(case, way.FIX, actor=cast.actor(cast.agent), seen=None, now=again)
    assert not closes(case, RESOLVED_AT + 8 * DAY), "the days count from the second resolution"
    assert closes(case, again + 7 * DAY)


def test_many_are_closed_one_a_step_the_oldest_first(cast: Cast) -> None:
    cases = [way.resolved(cast) for _ in range(3)]
    steps = 0
    while autoclose.close_one(RESOLVED_AT + 8 * DAY):
        steps += 1
    assert steps == 3
    for case in cases:
        case.refresh_from_db()
        assert case.status == "closed"


# ── What is closed as spam stays so ──────────────────────────────────────────
def test_spam_is_not_reopened_even_by_somebody_who_has_not_seen_that_it_is(cast: Cast) -> None:
    case = way.accepted(cast)
    stale = type(case).objects.get(pk=case.pk)
    lifecycle.dismiss(case, actor=cast.actor(cast.lead), kind="spam", seen=None, now=NOON + 2 * way.MINUTE)
    with pytest.raises(NotAllowedNow, match="spam"):
        lifecycle.reopen(stale, actor=cast.actor(cast.ada), reason="No!", seen=None, now=NOON + 3 * way.MINUTE)
    case.refresh_from_db()
    assert (case.status, case.closed_as, case.cycle) == ("closed", "spam", 0)
