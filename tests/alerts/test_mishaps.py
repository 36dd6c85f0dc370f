"""What could go wrong on the way of an alert, and stops nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from companyos.events.models import Event
from escalations import reactions
from integrations import outbox
from integrations.models import Outgoing
from sla import sweep
from tests.alerts import hands
from tests.alerts.hands import BREACH, HALF, answered, only, pass_until
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_a_message_that_cannot_even_be_written_is_given_up_and_holds_up_nobody(cast: Cast) -> None:
    only(share=50, owner=True, by_email=True)
    cast.agent.email = "agent\n@support.example"
    cast.agent.save()
    answered(cast)
    pass_until(HALF)
    row = Outgoing.objects.get()
    assert (row.state, row.attempts) == ("pending", 1) and row.last_error.startswith("It could not be sent")
    for _ in range(outbox.MOST_ATTEMPTS - 1):
        assert outbox.send_one(Outgoing.objects.get().next_attempt_at)
    assert Outgoing.objects.get().state == "dead" and not outbox.send_one(HALF + timedelta(days=1))


def test_a_case_is_held_while_the_rules_are_followed(cast: Cast) -> None:
    """Resolved in between, it would keep an escalation that nobody closes."""
    only(share=100, escalate=True)
    case = answered(cast)
    sweep.drain(BREACH, 10)
    breach = Event.objects.get(name="clock.breached", payload__metric="resolution")
    with CaptureQueriesContext(connection) as asked:
        reactions.alert_about_clock(breach, BREACH)
    first = next(query["sql"] for query in asked if '"cases_case"' in query["sql"])
    assert "FOR UPDATE" in first
    assert case.escalations.get().state == "open"
    hands.deliver(BREACH)
