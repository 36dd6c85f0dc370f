"""What the rules do when a clock passes a share: whom they tell, what they change, and only once."""

from __future__ import annotations

import pytest

from cases import lifecycle, watching
from cases.models import Case
from companyos.events.models import Delivery, Event
from escalations import alerts, defaults, escalate, reactions
from escalations.models import AlertRule, Escalation, Notice
from integrations.models import Outgoing
from sla.models import Clock
from tests.alerts import hands
from tests.alerts.hands import BREACH, HALF, HOUR, alert, answered, only, pass_until, rule
from tests.cases import way
from tests.cast import NOON, Cast

pytestmark = pytest.mark.django_db


def told(kind: str, case: Case) -> set[str]:
    return {str(notice.user) for notice in Notice.objects.filter(kind=kind, case=case)}


def test_a_fresh_installation_tells_owner_and_lead_and_mails_the_breach(cast: Cast) -> None:
    assert list(AlertRule.objects.values_list("name", flat=True)) == [rule["name"] for rule in defaults.RULES]
    case = answered(cast)
    pass_until(HALF)
    assert told("sla.warned", case) == {"Amy Agent", "Lea Lead"}
    assert alert(case, 50).payload["email"] == []
    pass_until(BREACH)
    assert told("sla.breached", case) == {"Amy Agent", "Lea Lead"}
    assert set(alert(case, 100).payload["emailed"]) == {"Amy Agent", "Lea Lead"}
    assert not Escalation.objects.exists()


def test_the_defaults_come_back_only_where_no_shared_rule_is(cast: Cast) -> None:
    only(name="Ours")
    defaults.after_migrate(None)
    assert [one.name for one in AlertRule.objects.all()] == ["Ours"]


def test_a_p0_breach_calls_an_escalation_and_tells_the_lead_of_it(cast: Cast) -> None:
    case = answered(cast, "P0")
    pass_until(NOON + 3 * HOUR)
    assert Escalation.objects.get(case=case, metric="resolution").state == "open"
    assert {"Amy Agent", "Lea Lead"} <= told("escalation.opened", case)
    assert "called an escalation" in alert(case, 100).payload["did"]


def test_an_event_handled_again_adds_nothing(cast: Cast) -> None:
    only(share=100, owner=True, by_email=True, escalate=True)
    case = answered(cast)
    pass_until(BREACH)
    breach = Event.objects.get(name="clock.breached", subject_id=case.clock_set_id, payload__metric="resolution")
    assert Delivery.objects.filter(event=breach).count() == 1
    before = Notice.objects.count(), Outgoing.objects.count(), Escalation.objects.count()
    reactions.alert_about_clock(breach, BREACH + HOUR)
    hands.deliver(BREACH + HOUR)
    assert Notice.objects.count() == before[0]
    assert Escalation.objects.count() == before[2] == 1


def test_watchers_and_named_people_are_told_while_they_reach_the_tenant(cast: Cast) -> None:
    named = only(share=50, watchers=True)
    named.people.add(cast.manager, cast.operator)
    case = answered(cast)
    for person in (cast.agent2, cast.eu_agent, cast.auditor):
        assert watching.watch(case, actor=cast.actor(person), now=NOON)
    assert not watching.watch(case, actor=cast.actor(cast.agent2), now=NOON)
    watching.unwatch(case, actor=cast.actor(cast.auditor))
    for person in (cast.agent2, cast.operator):
        person.membership.regions = ["us"]
        person.membership.save()
    pass_until(HALF)
    assert told("sla.warned", case) == {"Eve Europe", "Max Manager"}


def test_a_clock_that_runs_no_more_alerts_nobody(cast: Cast) -> None:
    only(share=50, owner=True, escalate=True)
    case = answered(cast)
    way_on = lifecycle.start(case, actor=cast.actor(cast.agent), seen=None, now=NOON + 3 * way.MINUTE)
    while hands.sweep.step(HALF):
        pass
    lifecycle.wait(way_on, actor=cast.actor(cast.agent), ask="Which region?", seen=None, now=HALF)
    hands.deliver(HALF + HOUR)
    payload = alert(case, 50).payload
    assert (payload["runs"], payload["told"], payload["did"]) == (False, [], [])
    assert not Escalation.objects.exists() and not told("sla.warned", case)


def test_a_rule_raises_the_priority_by_one_step_with_its_reason_and_stops_at_the_top(cast: Cast) -> None:
    only(share=50, raise_priority=True, name="Hurry")
    case = answered(cast)
    pass_until(HALF)
    case.refresh_from_db()
    assert case.priority == "P0"
    event = Event.objects.get(name="case.prioritised", subject_id=case.pk)
    assert (event.actor_name, event.reason) == (
        "Rule “Hurry”",
        "Resolution has used 50 % of its target (rule “Hurry”)",
    )
    pass_until(HALF + 24 * HOUR)
    assert Event.objects.filter(name="case.prioritised", subject_id=case.pk).count() == 1
    assert Clock.objects.get(clock_set=case.clock_set, metric="resolution").priority == "P0"


def test_a_rule_gives_the_case_to_the_lead_or_says_why_it_could_not(cast: Cast) -> None:
    only(share=50, reassign="lead", name="To the lead")
    rule(share=75, reassign="person", reassign_to=cast.auditor, name="To the auditor")
    case = answered(cast)
    pass_until(HALF)
    case.refresh_from_db()
    assert case.owner == cast.lead
    assert alert(case, 50).payload["did"] == ["gave it to Lea Lead"]
    pass_until(HALF + 2 * HOUR)
    case.refresh_from_db()
    assert case.owner == cast.lead
    assert alert(case, 75).payload["did"][0].startswith("could not do more: Aud Auditor cannot own cases")


def test_rules_of_another_tenant_or_policy_are_not_for_this_case(cast: Cast) -> None:
    only(share=50, owner=True, tenant=cast.birch)
    rule(share=50, owner=True, policy_key="standard")
    rule(share=50, owner=True, enabled=False)
    case = answered(cast)
    pass_until(HALF)
    assert alert(case, 50).payload["rules"] == []


def test_who_wants_no_mail_gets_none(cast: Cast) -> None:
    only(share=50, owner=True, lead=True, by_email=True)
    alerts.set_by_email(cast.agent, False)
    case = answered(cast)
    pass_until(HALF)
    assert alert(case, 50).payload["emailed"] == ["Lea Lead"]


def test_escalations_end_with_the_case(cast: Cast) -> None:
    only(share=100, escalate=True)
    case = answered(cast)
    pass_until(BREACH)
    case = lifecycle.start(Case.objects.get(pk=case.pk), actor=cast.actor(cast.agent), seen=None, now=BREACH)
    lifecycle.resolve(case, way.FIX, actor=cast.actor(cast.agent), seen=None, now=BREACH + HOUR)
    hands.deliver(BREACH + HOUR)
    found = Escalation.objects.get(case=case)
    assert (found.state, found.acknowledged_at, found.closed_by) == ("closed", None, "SLA alerts")
    assert escalate.get_escalation(found.pk).closed_at == BREACH + HOUR
