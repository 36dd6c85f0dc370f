"""What alerts leave about a case goes with it, and says nothing once its requester is forgotten."""

from __future__ import annotations

import pytest

from cases import watching
from cases.models import Watcher
from companyos.events.models import Event
from escalations import escalate
from escalations.models import Escalation
from integrations.models import Outgoing
from tenants.retention.classes import functions
from tests.cast import NOON, Cast
from tests.privacy import life

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(cast: Cast):
    """An old case, watched, escalated, and written about."""
    old = life.lived(cast, closed_days_ago=400)
    event = Event.objects.filter(subject_kind="case", subject_id=old.pk).earliest("pk")
    watching.watch(old, actor=cast.actor(cast.lead), now=NOON)
    escalate.open_escalation(old, text="Theirs", actor=cast.actor(cast.lead), now=NOON, cause=event)
    Outgoing.objects.create(
        tenant=old.tenant, kind="email", key="x", case=old, event=event, user=cast.lead, subject="Theirs",
        body="Theirs", queued_at=NOON, next_attempt_at=NOON,
    )  # fmt: skip
    return old


def test_retention_takes_them_with_the_case(cast: Cast, case) -> None:
    life.put_in_force(cast, "cases", 365)
    life.carried_out(cast, cast.acme)
    assert not type(case).objects.filter(pk=case.pk).exists()
    assert not (Watcher.objects.exists() or Escalation.objects.exists() or Outgoing.objects.exists())


def test_erasure_takes_their_words(case) -> None:
    for part in functions("WITH_ERASED_CASES"):
        part([case.pk])
    assert Escalation.objects.get().text == "[erased]"
    assert (Outgoing.objects.get().subject, Outgoing.objects.get().body) == ("[erased]", "[erased]")
