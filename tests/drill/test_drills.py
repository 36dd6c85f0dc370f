"""Drills: the real path, called inline and with moved time, from the clock to the acknowledgement."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cases import queue
from cases.models import Case
from companyos.events import dispatch
from companyos.web.errors import Conflict, DomainError, Forbidden
from escalations import drills, escalate
from escalations.models import AlertRule, Drill, Escalation, Notice
from escalations.retention import forget_cases
from integrations import outbox
from integrations.models import Outgoing
from reporting import feedback, overview
from reporting.models import FeedbackItem
from sla import sweep
from tenants import isolation
from tenants.models import Tenant
from tests.cast import Cast

SECOND = timedelta(seconds=1)


def work(now: datetime) -> None:
    """What worker and beat do."""
    sweep.drain(now, 100)
    while dispatch.deliver_one(now):
        pass
    while outbox.send_one(now):
        pass
    drills.advance(now)


def named(drill: Drill) -> dict[str, str]:
    return {hop["name"]: hop["result"] for hop in drill.hops}


def begun(cast: Cast, **asked: str) -> tuple[Drill, datetime]:
    now = timezone.now()
    return drills.start(cast.actor(cast.lead), now, **asked), now


def ended(drill: Drill, now: datetime) -> Drill:
    """The path works, seconds later."""
    for seconds in (0, 7, 8):
        work(now + seconds * SECOND)
    drill.refresh_from_db()
    return drill


def test_a_drill_goes_the_whole_way_and_leaves_nothing_behind(cast: Cast, mailoutbox: list) -> None:
    drill, now = begun(cast)
    assert set(named(drill).values()) == {"done", "awaited"}
    drill = ended(drill, now)
    assert (drill.state, drill.missing) == ("passed", "")
    assert [hop["name"] for hop in drill.hops] == [
        "opened", "clock", "warned-50", "warned-75", "warned-90", "breached", "alerted", "noticed", "escalated",
        "delivered-1", "acknowledged",
    ]  # fmt: skip
    assert set(named(drill).values()) == {"done"}
    assert all(hop["took_ms"] >= 0 and hop["at"] for hop in drill.hops)
    case = Case.objects.get(pk=drill.case_id)
    assert (case.status, case.owner, case.next_due_at) == ("closed", cast.lead, None)
    work(now + 9 * SECOND)
    assert Escalation.objects.get(case=case).acknowledged_by == cast.lead
    assert Escalation.objects.get(case=case).state == "closed"
    assert not Outgoing.objects.filter(case=case, state="pending").exists()
    assert all(notice.text.startswith("DRILL-") for notice in Notice.objects.filter(case=case))
    breach = next(mail for mail in mailoutbox if "breached" in mail.subject)
    assert breach.subject.startswith("[DRILL-")
    assert "This is a DRILL" in breach.body
    assert drills.last() == drill


def test_what_is_missing_is_named(cast: Cast) -> None:
    drill, now = begun(cast)
    drills.advance(now + 89 * SECOND)
    assert Drill.objects.get().state == "running"
    drills.advance(now + 90 * SECOND)
    drill.refresh_from_db()
    assert drill.state == "failed"
    assert "Breach recorded: the sweep recorded no breach" in drill.missing
    assert Case.objects.get().status == "closed"
    assert drills.advance(now + 91 * SECOND) is False


def test_a_priority_that_no_rule_escalates_fails_by_name(cast: Cast) -> None:
    drill, now = begun(cast, priority="P2")
    drill = ended(drill, now)
    assert named(drill)["escalated"] == "failed"
    assert (drill.state, drill.seconds < 10) == ("failed", True), "nothing is left to wait for"
    assert "no alert rule calls one for this policy and priority" in drill.missing


def test_the_rules_of_the_tested_policy_hold(cast: Cast) -> None:
    AlertRule.objects.filter(escalate=True).update(policy_key="premium", tier="premium")
    drill, now = begun(cast, policy_key="standard")
    assert named(ended(drill, now))["escalated"] == "failed"
    again = drills.start(cast.actor(cast.lead), now + 100 * SECOND, policy_key="premium")
    assert ended(again, now + 100 * SECOND).state == "passed"
    assert [one.key for one in drills.testable(now)][:1] == ["standard"]
    assert Tenant.objects.filter(is_drill=True).count() == 1
    assert {one.key for one in drills.testable(now)} == {"standard", "premium", "enterprise"}


def test_the_rules_of_the_tested_metric_hold(cast: Cast) -> None:
    AlertRule.objects.filter(escalate=True).update(metric="resolution")
    drill, now = begun(cast)
    assert ended(drill, now).state == "failed"
    again = drills.start(cast.actor(cast.lead), now + 100 * SECOND, metric="resolution")
    assert ended(again, now + 100 * SECOND).state == "passed"
    with pytest.raises(DomainError):
        drills.start(cast.actor(cast.lead), now + 200 * SECOND, metric="patience")


def test_a_message_that_cannot_be_delivered_fails_the_drill(cast: Cast, settings) -> None:
    settings.EMAIL_BACKEND = "tests.drill.mute.Backend"
    drill, now = begun(cast)
    drill = ended(drill, now)
    assert named(drill)["delivered-1"] == "awaited"
    work(now + 90 * SECOND)
    drill.refresh_from_db()
    assert drill.state == "failed"
    assert drill.missing.startswith("E-mail to Lea Lead: The mail server did not take it")


def test_only_one_at_a_time_and_only_who_may(cast: Cast) -> None:
    for person in (cast.agent, cast.auditor):
        with pytest.raises(Forbidden):
            drills.start(cast.actor(person), timezone.now())
    drill, now = begun(cast)
    with pytest.raises(Conflict):
        drills.start(cast.actor(cast.operator), now + SECOND)
    with pytest.raises(DomainError):
        drills.start(cast.actor(cast.lead), now, policy_key="nothing-of-ours")
    assert Drill.objects.count() == 1
    assert drill.case_reference == Case.objects.get().reference


def test_an_operators_drill_is_acknowledged_in_their_name(cast: Cast) -> None:
    now = timezone.now()
    drill = drills.start(cast.actor(cast.operator), now)
    drill = ended(drill, now)
    assert drill.state == "passed"
    assert drill.hops[-1]["detail"] == "in the name of Ola Operator"


def test_a_person_who_is_faster_keeps_the_acknowledgement(cast: Cast) -> None:
    drill, now = begun(cast)
    sweep.drain(now + 7 * SECOND, 100)
    while dispatch.deliver_one(now + 7 * SECOND):
        pass
    escalate.acknowledge(Escalation.objects.get(), actor=cast.actor(cast.agent), now=now + 7 * SECOND)
    drill = ended(drill, now)
    assert (drill.state, drill.hops[-1]["detail"]) == ("passed", "in the name of Amy Agent")


def test_drills_count_in_no_list_and_no_figure(cast: Cast) -> None:
    lead, now = cast.actor(cast.lead), timezone.now()
    before = (queue.counts(lead, now), overview.read(now))
    drill, now = begun(cast)
    everything = queue.Query(view=None, sort="newest")
    assert queue.rows(everything, lead, now).count() == 0
    assert queue.rows(queue.Query(view=None, text=drill.case_reference), lead, now).count() == 0
    drill = ended(drill, now)
    after = (queue.counts(lead, now), overview.read(now))
    assert after == before
    assert FeedbackItem.objects.count() == 0
    assert feedback.raise_for(drill.case, now) == []


def test_its_policy_and_calendar_are_nobodys_choice(cast: Cast, client: Client) -> None:
    begun(cast)
    client.force_login(cast.lead)
    for page in ("calendars", "new-scenario", "alert-rules/new", "replays"):
        told = client.get(f"/service-levels/{page}/").content.decode()
        assert "Standard" in told or "standard" in told
        assert not any(words in told for words in ("/calendars/drill/", 'value="drill"', "Drill, version")), page


def test_a_kept_result_outlives_its_case(cast: Cast) -> None:
    drill, now = begun(cast)
    drill = ended(drill, now)
    forget_cases([drill.case_id])
    drill.refresh_from_db()
    assert (drill.case, drill.state) == (None, "passed")
    assert drill.hops


def test_a_limited_lead_drills_within_reach(cast: Cast) -> None:
    cast.lead.membership.regions = ["us"]
    cast.lead.membership.save()
    with isolation.scope(cast.actor(cast.lead)):
        drill, now = begun(cast)
    with isolation.scope(cast.actor(cast.lead)):
        assert Case.objects.get().tenant.region == "us"
    assert ended(drill, now).state == "passed"


def test_a_drill_whose_case_was_erased_ends_and_lets_the_next_one_run(cast: Cast) -> None:
    drill, now = begun(cast)
    Drill.objects.filter(pk=drill.pk).update(case=None)
    assert drills.advance(now)
    drill.refresh_from_db()
    assert (drill.state, drill.missing) == ("failed", "Its case was removed while it ran.")
    assert begun(cast)[0].pk != drill.pk
