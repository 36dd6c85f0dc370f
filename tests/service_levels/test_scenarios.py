"""Scenarios are kept with their policies, shown as they stand, and bar the activation of what breaks them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from companyos.demo.seed import promises
from companyos.web.errors import Conflict, DomainError, Forbidden
from sla import defaults, jobs, scenarios
from sla.drafts import activation, drafting
from sla.forms.scenarios import ScenarioForm
from sla.models import Policy
from sla.models import Scenario as Row
from tests.cast import Cast

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
FRIDAY: dict[str, Any] = {
    "name": "Friday afternoon",
    "policy": "premium",
    "priority": "P2",
    "metric": "resolution",
    "opened": "Fri 16:30",
    "pauses": [{"from": "Fri 17:00", "for": "2 h"}],
    "expect": {"due": "Mon 16:30"},
}
FORM = {
    **{key: value for key, value in FRIDAY.items() if isinstance(value, str)},
    "pauses": "Fri 17:00 for 2 h\r\nSat 10:00 to Sun 10:00",
    "due": "Mon 16:30",
}


@pytest.fixture
def house(cast: Cast) -> Cast:
    defaults.install(timezone.now())
    return cast


@pytest.fixture
def lead(house: Cast) -> Client:
    client = Client()
    client.force_login(house.lead)
    return client


def told(**more: Any) -> scenarios.Scenario:
    return scenarios.read_scenario({**FRIDAY, **more})


def keep(house: Cast, **more: Any) -> Row:
    return scenarios.save(told(**more), actor=house.actor(house.lead), now=NOW)


# ── Verbs ────────────────────────────────────────────────────────────────────
def test_a_scenario_is_kept_changed_and_deleted(house):
    actor = house.actor(house.lead)
    row = keep(house)
    assert (row.policy_key, row.version, row.position, row.tenant_id, row.author_id) == (
        "premium",
        1,
        1,
        None,
        actor.user_id,
    )
    assert keep(house, name="Another").position == 2
    row = scenarios.save(told(name="Friday, late"), actor=actor, now=NOW, row_id=row.pk, seen=1)
    assert (row.name, row.version) == ("Friday, late", 2)
    with pytest.raises(Conflict):
        scenarios.save(told(), actor=actor, now=NOW, row_id=row.pk, seen=1)
    with pytest.raises(Conflict):
        scenarios.delete(row.pk, actor=actor, seen=1)
    scenarios.delete(row.pk, actor=actor, seen=2)
    assert Row.objects.count() == 1


def test_a_name_is_taken_once_and_a_policy_must_be_there(house):
    keep(house)
    with pytest.raises(DomainError, match="already"):
        keep(house)
    with pytest.raises(DomainError, match="no policy"):
        keep(house, policy="platinum")


def test_who_may_not_edit_policies_keeps_no_scenario_and_what_is_shared_takes_every_tenants_reach(house):
    with pytest.raises(Forbidden):
        scenarios.save(told(), actor=house.actor(house.agent), now=NOW)
    house.lead.membership.regions = ["eu"]
    house.lead.membership.save()
    with pytest.raises(Forbidden, match="every tenant"):
        keep(house)


# ── The gate ─────────────────────────────────────────────────────────────────
def policy_draft(**amounts: str) -> Any:
    data = drafting.written(drafting.newest(drafting.POLICY, "premium"))
    for target in data["targets"]:
        if target["metric"] == "resolution" and target["priority"] in amounts:
            target["amount"] = amounts[target["priority"]]
    return drafting.sound(drafting.POLICY, "premium", data).document


def calendar_draft(**more: Any) -> Any:
    data = drafting.written(drafting.newest(drafting.CALENDAR, "office-hours"))
    return drafting.sound(drafting.CALENDAR, "office-hours", data | more).document


def test_the_gate_of_a_policy_plays_its_own_scenarios(house):
    keep(house)
    assert scenarios.failing("policy", "premium", policy_draft(), NOW) == []
    (failure,) = scenarios.failing("policy", "premium", policy_draft(P2="2 business days"), NOW)
    assert (failure.scenario, failure.got) == ("Friday afternoon", "due Tue 20 Jan 2026 16:30")
    assert scenarios.failing("policy", "standard", policy_draft(), NOW) == []


def test_the_gate_of_a_calendar_plays_the_scenarios_of_all_who_count_in_it(house):
    keep(house)
    keep(house, policy="standard", expect={"due": "Tue 16:30"})
    assert scenarios.failing("calendar", "office-hours", calendar_draft(), NOW) == []
    half_days = calendar_draft(week="Mon-Fri 09:00-13:00")
    assert {failure.policy for failure in scenarios.failing("calendar", "office-hours", half_days, NOW)} == {
        "premium",
        "standard",
    }
    closed = calendar_draft(closed_days=[{"date": "2026-01-19", "name": "Stocktaking"}])
    got = {failure.got for failure in scenarios.failing("calendar", "office-hours", closed, NOW)}
    assert got == {"due Tue 20 Jan 2026 16:30", "due Wed 21 Jan 2026 16:30"}


def test_a_scenario_that_cannot_be_read_any_more_fails(house):
    row = keep(house)
    Row.objects.filter(pk=row.pk).update(document={"name": "?"})
    (failure,) = scenarios.failing("policy", "premium", policy_draft(), NOW)
    assert "cannot be read" in failure.got


def test_the_demos_scenarios_hold_under_the_example_policies(house):
    promises.keep(house.actor(house.lead), NOW)
    standings = scenarios.standings(NOW)
    assert len(standings) == len(promises.SCENARIOS)
    assert [str(failure) for one in standings for failure in one.failures] == []


# ── Pages ────────────────────────────────────────────────────────────────────
def test_a_lead_writes_a_scenario_and_sees_it_hold(house, lead):
    assert lead.get(reverse("new_scenario")).status_code == 200
    shown = lead.post(reverse("new_scenario"), {**FORM, "show": "1"})
    assert b"holds" in shown.content and not Row.objects.exists()
    saved = lead.post(reverse("new_scenario"), FORM)
    row = Row.objects.get()
    assert saved.status_code == 302 and saved.url == reverse("scenario", args=[row.pk])
    assert row.document["pauses"][1] == {"from": "Sat 10:00", "to": "Sun 10:00"}
    page = lead.get(reverse("scenarios")).content.decode()
    assert "1 of 1 hold" in page and "Opened Fri 16:30, P2 resolution, premium" in page


def test_a_failing_scenario_says_what_came_out_and_why(house, lead):
    keep(house, expect={"due": "Mon 12:00"})
    page = lead.get(reverse("scenarios")).content.decode()
    assert "due Mon 19 Jan 2026 12:00" in page and "due Mon 19 Jan 2026 16:30" in page and "fails" in page


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"opened": "Someday"}, "is no instant here"),
        ({"pauses": "Fri 17:00 for 2 h\nlater"}, "Line 2"),
        ({"pauses": "Fri 17:00 for ever"}, "Line 1: “ever” cannot be read"),
        ({"priority_changes": "Mon"}, "Line 1"),
        ({"due": ""}, "when it is due, when it is breached, or what is left"),
        ({"left_is": "1 h"}, "It is missing: write a weekday and time, such as Fri 16:30."),
        ({"zone": "Berlin"}, "IANA"),
    ],
)
def test_a_fault_stands_at_its_field_with_its_line(more, words):
    form = ScenarioForm({**FORM, **more}, policies=[("premium", "Premium")])
    assert not form.is_valid() and words in str(form.errors)
    assert set(form.errors) & {*more, "left_at"}


def test_nothing_that_was_typed_is_lost(house, lead):
    answer = lead.post(reverse("new_scenario"), {**FORM, "opened": "Someday", "name": "Typed <long>"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "is no instant here" in page and "Typed &lt;long&gt;" in page
    assert not Row.objects.exists()


def test_two_who_edit_at_once_see_each_others_words(house, lead):
    row = keep(house)
    scenarios.save(
        told(name="Theirs", priority="P1", expect={"due": "Sat 00:30"}),
        actor=house.actor(house.manager),
        now=NOW,
        row_id=row.pk,
        seen=1,
    )
    answer = lead.post(reverse("scenario", args=[row.pk]), {**FORM, "seen": "1"})
    page = answer.content.decode()
    assert (
        answer.status_code == 409
        and "Saved meanwhile: Opened Fri 16:30, P1" in page
        and 'value="Friday afternoon"' in page
    )
    again = lead.post(reverse("scenario", args=[row.pk]), {**FORM, "seen": "2"})
    assert again.status_code == 302
    assert lead.post(reverse("scenario", args=[row.pk]), {"delete": "1", "seen": "3"}).url == reverse("scenarios")


def test_an_agent_reads_and_does_not_write(house):
    client = Client()
    client.force_login(house.agent)
    row = keep(house)
    page = client.get(reverse("scenario", args=[row.pk])).content.decode()
    assert "disabled" in page and "Delete" not in page
    assert client.post(reverse("scenario", args=[row.pk]), {**FORM, "seen": "1"}).status_code == 403
    assert client.get(reverse("new_scenario")).status_code == 403


def test_a_tenants_own_scenarios_are_seen_by_those_who_reach_it(house):
    policy = Policy.objects.get(key="premium")
    calendar = policy.calendar
    Policy.objects.create(
        key="birch", name="Birch", tenant=house.birch, calendar=calendar, active_from=NOW - timedelta(days=1)
    )
    row = keep(house, policy="birch")
    assert row.tenant_id == house.birch.pk
    client = Client()
    client.force_login(house.eu_agent)
    assert "Friday afternoon" not in client.get(reverse("scenarios")).content.decode()
    assert client.get(reverse("scenario", args=[row.pk])).status_code == 404


# ── From the draft to its activation ─────────────────────────────────────────
def activate(house: Cast, kind: str, key: str, changed: dict[str, Any], now: datetime) -> list[Policy]:
    """Begin, change, preview by the worker and activate, as a lead does."""
    actor = house.actor(house.lead)
    draft = drafting.begin(kind, key, actor=actor, now=now)
    draft = drafting.save(draft.pk, draft.document | changed, seen=draft.edits, actor=actor, now=now)
    draft = drafting.ask_preview(draft.pk, seen=draft.edits, actor=actor, now=now)
    while jobs.step(now):
        pass
    return activation.activate(draft.pk, active_from=now, reason="Tried.", seen=draft.edits, actor=actor, now=now)


@pytest.mark.parametrize(
    ("kind", "key", "changed"),
    [
        ("calendar", "office-hours", {"week": "Mon-Fri 09:00-16:00"}),
        (
            "policy",
            "premium",
            {"targets": [{"priority": "P2", "metric": "resolution", "amount": "9 h", "basis": "business"}]},
        ),
    ],
)
def test_a_version_cannot_be_activated_while_a_scenario_fails(house, kind, key, changed):
    row, now = keep(house), timezone.now()
    with pytest.raises(activation.ScenariosFail, match="Friday afternoon"):
        activate(house, kind, key, changed, now)
    assert Policy.objects.filter(key="premium").count() == 1
    scenarios.delete(row.pk, actor=house.actor(house.lead), seen=1)
    made = activate(house, kind, key, changed, now)
    assert "premium" in {policy.key for policy in made}
    assert {policy.version for policy in made} == {2}


def test_a_version_under_which_every_scenario_holds_is_activated(house):
    keep(house)
    changed = {"name": "Shorter Wednesdays", "week": "Mon-Tue 09:00-17:00\nWed 09:00-12:00\nThu-Fri 09:00-17:00"}
    made = activate(house, "calendar", "office-hours", changed, timezone.now())
    assert {policy.calendar.name for policy in made} == {"Shorter Wednesdays"}
