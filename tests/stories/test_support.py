"""Stories with moved time: given a case, let hours and days pass, expect what people and backlogs get."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cases import autoclose, conversation, lifecycle
from cases.models import Case
from companyos.events import dispatch
from companyos.events.models import Event
from companyos.web.errors import Forbidden
from escalations import incidents
from escalations.models import Incident, IncidentLink, Notice
from reporting.models import FeedbackItem
from sla import sweep
from tests.cases import way
from tests.cast import NOON, Cast

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def pass_until(now: datetime) -> None:
    """What worker and beat do, late: sweep, close, deliver until nothing is left."""
    while sweep.step(now):
        pass
    while autoclose.close_one(now):
        pass
    while dispatch.deliver_one(now + HOUR):
        pass


def told(kind: str) -> set[str]:
    return {str(notice.user) for notice in Notice.objects.filter(kind=kind)}


def test_a_clock_that_runs_out_warns_then_breaches_at_its_instant_and_tells_owner_and_lead(cast: Cast) -> None:
    case = way.accepted(cast, priority="P1")  # 6 h to resolve, since 12:01
    conversation.reply(case, actor=cast.actor(cast.agent), body="We are on it.", now=NOON + 2 * way.MINUTE)
    pass_until(NOON + way.MINUTE + 3 * HOUR)
    assert told("sla.warned") == {"Amy Agent", "Lea Lead"}
    assert told("sla.breached") == set()
    pass_until(NOON + 3 * DAY)
    breach = Event.objects.get(
        name="clock.breached", subject_id=case.clock_set_id, payload__metric="resolution", payload__cycle=0
    )
    assert breach.at == NOON + way.MINUTE + 6 * HOUR
    assert told("sla.breached") == {"Amy Agent", "Lea Lead"}
    alerts = Event.objects.filter(name="case.alerted", subject_id=case.pk, payload__metric="resolution")
    assert [event.payload["share"] for event in alerts.order_by("at", "id")] == [50, 75, 90, 100]
    before = Notice.objects.count()
    pass_until(NOON + 4 * DAY)
    assert Notice.objects.count() == before


def test_a_reply_in_time_silences_the_first_response(cast: Cast) -> None:
    case = way.accepted(cast, priority="P1")
    conversation.reply(case, actor=cast.actor(cast.agent), body="We are on it.", now=NOON + 10 * way.MINUTE)
    pass_until(NOON + 2 * HOUR)
    assert not Event.objects.filter(
        name__in=("clock.warned", "clock.breached"), payload__metric="first_response"
    ).exists()


def test_silence_after_the_resolution_closes_the_case_on_its_day_and_feeds_the_backlog(cast: Cast) -> None:
    case = way.resolved(cast)
    pass_until(NOON + 6 * DAY)
    case.refresh_from_db()
    assert case.status == "resolved"
    pass_until(NOON + 30 * DAY)
    case.refresh_from_db()
    assert (case.status, case.closed_as) == ("closed", "silent")
    assert case.closed_at == NOON + 30 * way.MINUTE + cast.acme.auto_close_days * DAY
    item = FeedbackItem.objects.get(case=case)
    assert (item.backlog, item.title) == ("product", "Increase default quotas for segment enterprise")
    pass_until(NOON + 60 * DAY)
    assert FeedbackItem.objects.filter(case=case).count() == 1


def test_enrichment_proposes_an_open_incident_on_the_same_resource(cast: Cast) -> None:
    for reference, keys, status in (("INC-204", ["ingest"], "identified"), ("INC-7", ["billing"], "identified")):
        Incident.objects.create(
            reference=reference, title="x", severity="SEV2", status=status, resource_keys=keys, started_at=NOON
        )
    case = cast.open_case(error_ids=["ERR-INGEST-429"])
    pass_until(NOON)
    link = IncidentLink.objects.get(case=case)
    assert (link.incident.reference, link.state, link.reason) == ("INC-204", "suggested", "Both affect Event ingest")
    incidents.link(case, link.incident, actor=cast.actor(cast.agent), now=NOON + HOUR)
    assert Case.objects.get(pk=case.pk).incident_reference == "INC-204"


def test_the_customers_answer_reaches_the_owner_and_nobody_hears_of_own_deeds(cast: Cast) -> None:
    case = way.waiting(cast)
    conversation.reply(case, actor=cast.actor(cast.ada), body="Frankfurt.", now=NOON + HOUR)
    pass_until(NOON + HOUR)
    assert told("message.received") == {"Amy Agent"}
    case.refresh_from_db()
    lead = cast.actor(cast.lead)
    lifecycle.resolve(case, way.FIX, actor=lead, seen=None, now=NOON + 2 * HOUR)
    pass_until(NOON + 2 * HOUR)
    assert not Notice.objects.filter(user=cast.lead, event__actor_id=cast.lead.pk, event__actor_kind="agent").exists()


def test_a_disputed_wait_lets_the_clocks_run_on_and_reaches_the_owner(cast: Cast) -> None:
    case = way.waiting(cast)
    lifecycle.dispute(case, actor=cast.actor(cast.ada), words="", now=NOON + HOUR)
    pass_until(NOON + HOUR)
    assert told("case.wait_disputed") == {"Amy Agent"}
    resolution = way.reading(case, "resolution", NOON + 2 * HOUR)
    assert (resolution.state, resolution.consumed) == ("running", 9 * way.MINUTE + HOUR)
    with pytest.raises(Forbidden):
        lifecycle.dispute(case, actor=cast.actor(cast.agent), words="", now=NOON + HOUR)


def test_what_automation_tells_makes_nobodys_edit_stale(cast: Cast) -> None:
    case = way.accepted(cast, priority="P1")
    pass_until(case.accepted_at)  # enrichment
    case.refresh_from_db()
    seen = case.version
    pass_until(NOON + 5 * HOUR)
    assert Event.objects.filter(name="case.alerted", subject_id=case.pk).exists()
    lifecycle.start(case, actor=cast.actor(cast.agent), seen=seen, now=NOON + 5 * HOUR)
