"""Operations' admin: versions are added and never changed, clocks are read with their ledgers."""

import pytest
from django.urls import reverse
from django.utils import timezone

from sla import scenarios
from sla.models import Calendar, Clock, Policy
from tenants import isolation
from tenants.access import SYSTEM
from tests.factories import UserFactory
from tests.sla.conftest import HOUR, new_case

FIELDS = {
    "key": "berlin",
    "name": "Berlin",
    "tenant": "",
    "time_zone": "Europe/Berlin",
    "weekly": "Mon-Fri 09:00-12:30 13:30-17:00\nFri 22:00-06:00",
    "country": "DE",
    "subdivision": "BE",
    "own_days": "[]",
    "openings": "[]",
    "day_length": "07:30:00",
}


@pytest.fixture
def operator(system, client):
    client.force_login(UserFactory(email="ops@support.example", role="operator", is_staff=True))
    return client


def seen(model):
    with isolation.scope(SYSTEM):
        return list(model.objects.order_by("pk"))


def errors(response) -> str:
    return str(response.context["errors"]) if response.context and "errors" in response.context else ""


def test_a_calendar_is_added_then_followed_by_a_version_and_never_changed(operator):
    add = reverse("admin:sla_calendar_add")
    response = operator.post(add, FIELDS)
    assert response.status_code == 302, errors(response)
    first = Calendar.objects.get(key="berlin")
    assert (first.version, len(first.weekly)) == (1, 11)
    assert "2027-03-08" in [day for day, _ in first.holidays]  # Berlin's own
    page = reverse("admin:sla_calendar_change", args=[first.pk])
    assert "Mon 09:00-12:30 13:30-17:00" in operator.get(page).content.decode()
    operator.post(page, {**FIELDS, "name": "Changed"})
    assert Calendar.objects.get(pk=first.pk).name == "Berlin"
    response = operator.post(page, {**FIELDS, "name": "Berlin, later", "_saveasnew": "1"})
    assert response.status_code == 302, errors(response)
    found = Calendar.objects.filter(key="berlin").order_by("version").values_list("version", "name")
    assert list(found) == [(1, "Berlin"), (2, "Berlin, later")]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"weekly": ""}, "required"),
        ({"weekly": "Mon 09:00-12:00 11:00-13:00"}, "overlap"),
        ({"weekly": "Mon nine"}, "cannot be read"),
        ({"time_zone": "Mars/Base"}, "not a time zone"),
        ({"country": "XX"}, "No holidays are known"),
        ({"own_days": '[["soon", "x"]]'}, "not written as described"),
    ],
)
def test_an_unsound_calendar_is_refused_with_its_reason(operator, wrong, told):
    response = operator.post(reverse("admin:sla_calendar_add"), {**FIELDS, **wrong})
    assert response.status_code == 200
    assert told in errors(response)
    assert not Calendar.objects.filter(key="berlin").exists()


def test_a_policy_is_added_with_its_targets_and_followed_by_a_version(operator):
    standard = Policy.objects.get(key="standard")
    targets = {"targets-TOTAL_FORMS": "1", "targets-INITIAL_FORMS": "0", "targets-0-priority": "P1"}
    targets |= {"targets-0-metric": "resolution", "targets-0-amount": "03:00:00", "targets-0-basis": "elapsed"}
    form = {
        "key": "standard",
        "name": "Standard",
        "tenant": "",
        "segment": "",
        "tier": "standard",
        "calendar": standard.calendar_id,
        "active_from_0": "2026-11-24",
        "active_from_1": "00:00:00",
        "shares": "50,90",
        "reason": "Quicker.",
        "_saveasnew": "1",
        **targets,
    }
    address = reverse("admin:sla_policy_change", args=[standard.pk])
    told = {"name": "Due at one", "policy": "standard", "priority": "P1", "metric": "resolution"}
    told |= {"opened": "Mon 09:00", "expect": {"due": "Mon 13:00"}}
    with isolation.scope(SYSTEM):
        scenario = scenarios.save(scenarios.read_scenario(told), actor=SYSTEM, now=timezone.now())
    refused = operator.post(address, form)
    assert refused.status_code == 422 and not Policy.objects.filter(key="standard", version=2).exists()
    with isolation.scope(SYSTEM):
        scenario.delete()
    response = operator.post(address, form)
    assert response.status_code == 302, errors(response)
    second = Policy.objects.get(key="standard", version=2)
    assert second.targets.get().amount == 3 * HOUR
    assert standard.targets.count() == 14


def test_what_is_shared_takes_an_operator_who_reaches_every_tenant(system, client):
    near = UserFactory(email="near@support.example", role="operator", is_staff=True, regions=["eu"])
    client.force_login(near)
    response = client.post(reverse("admin:sla_calendar_add"), FIELDS)
    assert response.status_code == 403
    assert not Calendar.objects.filter(key="berlin").exists()


def test_clocks_are_read_and_not_written(operator, case):
    case.start()
    other = new_case(case.tenant)
    other.start()
    clock = seen(Clock)[0]
    assert operator.get(reverse("admin:sla_clock_changelist")).status_code == 200
    page = reverse("admin:sla_clock_change", args=[clock.pk])
    assert "case.opened" in operator.get(page).content.decode()
    assert operator.post(page, {"state": "met"}).status_code == 403
    assert operator.get(reverse("admin:sla_clock_add")).status_code == 403
