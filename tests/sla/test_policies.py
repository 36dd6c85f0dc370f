"""Which policy holds, and that the default ones are the spec's table."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from sla import defaults, policies, versions
from sla.calendars import CalendarError
from sla.choice import check_shares, most_specific
from sla.models import Calendar, Policy, Target
from tests.sla.conftest import MONDAY, make_tenant

H = timedelta(hours=1)
DAY = 8 * H


def policy(key: str, **more) -> Policy:
    more.setdefault("active_from", MONDAY)
    return Policy.objects.create(key=key, name=key.title(), calendar=Calendar.objects.first(), **more)


def test_the_default_policies_are_the_table(system):
    table = {
        "standard": [(H / 4, 4 * H), (H, 8 * H), (4 * H, 2 * DAY), (DAY, 5 * DAY)],
        "premium": [(H / 4, 2 * H), (H, 6 * H), (4 * H, DAY), (DAY, 3 * DAY)],
        "enterprise": [(H / 4, 2 * H), (H, 6 * H), (4 * H, DAY), (DAY, 3 * DAY)],
    }
    for tier, rows in table.items():
        choice = policies.choose(make_tenant(tier[:4].upper(), tier), MONDAY)
        assert (choice.policy.key, choice.why) == (tier, f"support tier {tier}")
        for priority, (response, resolution) in zip(("P0", "P1", "P2", "P3"), rows, strict=True):
            promised = {
                metric: policies.promise(choice, metric, priority).target
                for metric in ("accept", "first_response", "resolution")
            }
            assert promised["first_response"].amount == promised["accept"].amount == response
            assert promised["resolution"].amount == resolution
            assert promised["resolution"].basis == ("business" if priority in ("P2", "P3") else "elapsed")
            assert promised["first_response"].basis == ("business" if priority == "P3" else "elapsed")


def test_installing_twice_is_installing_once(system):
    counts = Policy.objects.count(), Target.objects.count(), Calendar.objects.count()
    defaults.install(timezone.now())
    assert (Policy.objects.count(), Target.objects.count(), Calendar.objects.count()) == counts == (3, 42, 1)


def test_the_most_specific_policy_wins_and_says_why(system):
    tenant = make_tenant("ACME", "premium", segment="health")
    other = make_tenant("OTHR", "premium", segment="retail")
    assert policies.choose(tenant, MONDAY).policy.key == "premium"
    segment = policy("health", segment="health")
    assert policies.choose(tenant, MONDAY) == policies.PolicyChoice(segment, "segment health")
    own = policy("acme", tenant=tenant)
    assert policies.choose(tenant, MONDAY) == policies.PolicyChoice(own, "the tenant has a policy of its own")
    assert policies.choose(other, MONDAY).policy.key == "premium"


def test_a_version_counts_from_its_instant_on_and_a_retired_key_no_more(system):
    tenant = make_tenant("ACME", "standard")
    policy("acme", tenant=tenant, version=1)
    policy("acme", tenant=tenant, version=2, active_from=MONDAY + H)
    policy("acme", tenant=tenant, version=3, active_from=MONDAY + 2 * H, retired=True)
    chosen = [policies.choose(tenant, MONDAY + n * H / 2).policy for n in range(-1, 5)]
    assert [(p.key, p.version) for p in chosen] == [
        ("standard", 1),
        ("acme", 1),
        ("acme", 1),
        ("acme", 2),
        ("acme", 2),
        ("standard", 1),
    ]


def test_no_policy_applies_is_an_answer():
    assert most_specific([], tenant_id=1, segment="", tier="standard") == (None, "no policy applies")


@pytest.mark.parametrize("shares", [[0, 50], [50, 100], [75, 50], [50, 50]])
def test_unsound_shares_are_refused(shares):
    with pytest.raises(ValueError, match="shares"):
        check_shares(shares)


def test_an_unsound_calendar_is_refused_by_its_form_check(system):
    for wrong in (
        {"weekly": []},
        {"time_zone": "Mars/Base"},
        {"weekly": [["Mon", 1, 2]]},
        {"holidays": [["soon", "x"]]},
    ):
        with pytest.raises(ValidationError):
            Calendar(**{"key": "x", "name": "X", "weekly": [[0, 540, 1020]], **wrong}).full_clean()


def test_a_new_version_follows_and_takes_the_holidays_along(system):
    now = datetime(2026, 11, 23, tzinfo=UTC)
    for version in (1, 2):
        calendar = Calendar(key="bavaria", name="Bavaria", time_zone="Europe/Berlin", weekly=[[0, 540, 1020]])
        calendar.country, calendar.subdivision = "DE", "BY"
        versions.publish(calendar, now)
        assert calendar.version == version
    days = [day for day, _ in calendar.holidays]
    assert "2026-01-06" in days
    assert (days[0][:4], days[-1][:4]) == ("2025", "2031")
    with pytest.raises(CalendarError):
        versions.publish(Calendar(key="y", name="Y", weekly=[[0, 540, 1020]], country="XX"), now)


def test_a_tenants_own_zone_is_its_own_calendar_and_policy(system):
    tenant = make_tenant("NIPP", "standard", time_zone="Asia/Tokyo")
    tokyo = Calendar(key="tokyo", name="Tokyo", tenant=tenant, time_zone="Asia/Tokyo", weekly=defaults.OFFICE_HOURS)
    versions.publish(tokyo, MONDAY)
    own = Policy(key="nipp", name="Nippon", tenant=tenant, calendar=tokyo, active_from=MONDAY)
    versions.publish(own, MONDAY)
    own.targets.create(tenant=tenant, priority="P3", metric="resolution", business_days=1, basis="business")
    promised = policies.promise(policies.choose(tenant, MONDAY), "resolution", "P3")
    start = datetime(2026, 11, 24, 5, tzinfo=UTC)  # Tuesday 14:00 in Tokyo
    assert promised.target.due(start, promised.target.amount) == start + timedelta(days=1)
