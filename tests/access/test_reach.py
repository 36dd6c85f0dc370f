"""Reach: regions × segments × tenants. All lists must fit, an empty one fits any, a grant adds."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from companyos.web.errors import DomainError
from tenants import actors, reach
from tenants.access import SYSTEM, Actor
from tenants.keys import accounts as service_accounts
from tenants.models import Grant, Membership, Tenant, User
from tenants.reach import Reach
from tests.cast import Cast
from tests.factories import TenantFactory, UserFactory
from tests.sign_in.hands import sign_in_at

REGIONS, SEGMENTS = ("eu", "us"), ("smb", "enterprise")
SLUGS = [f"{region}-{segment}-{n}" for region in REGIONS for segment in SEGMENTS for n in (1, 2)]
AREA = {slug: tuple(slug.split("-")[:2]) for slug in SLUGS}

some = {
    "regions": st.sets(st.sampled_from(REGIONS)),
    "segments": st.sets(st.sampled_from(SEGMENTS)),
    "tenants": st.sets(st.sampled_from(SLUGS)),
}
reaches = st.builds(Reach, **some)


def fitting(asked: Reach) -> set[str]:
    """The rule, said a second way."""
    return {
        slug
        for slug, (region, segment) in AREA.items()
        if region in (asked.regions or REGIONS)
        and segment in (asked.segments or SEGMENTS)
        and slug in (asked.tenants or SLUGS)
    }


@given(reaches, reaches)
def test_within_is_an_order_and_means_a_subset(one: Reach, other: Reach) -> None:
    assert reach.is_within(one, one)
    assert reach.is_within(one, Reach())
    if reach.is_within(one, other):
        assert fitting(one) <= fitting(other)
    if reach.is_within(one, other) and reach.is_within(other, one):
        assert fitting(one) == fitting(other)


def test_the_database_finds_who_fits_all_three_lists_and_what_a_grant_adds(cast: Cast) -> None:
    rows = {slug: TenantFactory(slug=slug, region=AREA[slug][0], segment=AREA[slug][1]) for slug in SLUGS}
    person, now = UserFactory(role="agent"), timezone.now()
    slug_of = {row.pk: slug for slug, row in rows.items()}

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(reaches)
    def holds(asked: Reach) -> None:
        reach.write(person, asked, SYSTEM)
        found = reached_by(person)
        if found is None:
            assert asked == Reach(set(), set(), set())
        else:
            assert {slug_of[pk] for pk in found if pk in slug_of} == fitting(asked)
        assert {row.slug for row in rows.values() if person in reach.people_of(row)} == fitting(asked)

    holds()
    reach.write(person, Reach(regions={"eu"}, segments={"smb"}), SYSTEM)
    before = reached_by(person) or frozenset()
    Grant.objects.create(
        tenant=rows["us-smb-1"], user=person, reach="tenant", subject_kind="case", subject_id=1,
        subject_reference="X-1", reason="To see the log", minutes=30, requested_by=person, requested_at=now,
        state="granted", decided_by=cast.lead, decided_at=now, starts_at=now - timedelta(minutes=1),
        ends_at=now + timedelta(minutes=29),
    )  # fmt: skip
    assert reached_by(person) == before | {rows["us-smb-1"].pk}
    assert person not in reach.people_of(rows["us-smb-1"])


def reached_by(person: User) -> frozenset[int] | None:
    actor = actors.of_user(person)
    assert actor is not None
    return actor.tenant_ids


def test_without_a_membership_nothing_is_in_reach(cast: Cast) -> None:
    person = UserFactory(role="agent")
    Membership.objects.filter(user=person).delete()
    assert reached_by(User.objects.get(pk=person.pk)) == frozenset()
    assert reach.words(person.pk).startswith("No tenant")


def limited(cast: Cast) -> Actor:
    person = UserFactory(role="operator", regions=["eu"])
    return cast.actor(person)


def test_who_is_limited_gives_no_wider_reach(cast: Cast) -> None:
    operator = limited(cast)
    for wide in (Reach(), Reach(segments=("enterprise",)), Reach(regions=("eu", "us")), Reach(tenants=("birch",))):
        with pytest.raises(DomainError) as refused:
            service_accounts.make(name="Wide", purpose="", reach=wide, actor=operator)
        assert refused.value.code in ("wider_than_own", "unknown")
    made = service_accounts.make(name="Fits", purpose="", reach=Reach(("eu",), ("enterprise",)), actor=operator)
    assert reach.words(made.pk) == "Regions eu; segments enterprise"


# ── In the admin ─────────────────────────────────────────────────────────────
@pytest.fixture
def operator(cast: Cast) -> Client:
    User.objects.filter(pk=cast.operator.pk).update(is_staff=True)
    client = Client()
    sign_in_at(client, cast.operator)
    return client


def change(client: Client, person: User, **told: object):
    membership = person.membership
    about = {
        "email": person.email, "time_zone": "UTC", "theme": "auto", "is_active": "on",
        "groups": [group.pk for group in person.groups.all()], "membership-TOTAL_FORMS": 1,
        "membership-INITIAL_FORMS": 1, "membership-0-id": membership.pk, "membership-0-user": person.pk,
    }  # fmt: skip
    return client.post(reverse("admin:tenants_user_change", args=[person.pk]), about | told)


def test_an_operator_sets_a_reach_of_regions_that_there_are(cast: Cast, operator: Client) -> None:
    acme = Tenant.objects.get(slug="acme")
    refused = change(operator, cast.agent, **{"membership-0-regions": ["moon"]})
    assert "moon is not one of the available choices" in refused.content.decode()
    done = change(operator, cast.agent, **{"membership-0-regions": ["eu"], "membership-0-tenants": [acme.pk]})
    assert done.status_code == 302, done.content.decode()[-3000:]
    assert reach.words(cast.agent.pk) == "Regions eu; tenants Acme Analytics"


def test_an_operator_does_not_widen_their_own_rights(cast: Cast, operator: Client) -> None:
    manager = cast.manager.groups.get()
    change(operator, cast.operator, groups=[manager.pk], **{"membership-0-regions": ["us"]})
    assert [group.name for group in cast.operator.groups.all()] == ["operator"]
    assert reach.words(cast.operator.pk) == "Every tenant"


def test_a_service_account_is_not_changed_in_the_admin_and_its_role_is_no_persons(cast: Cast, operator: Client) -> None:
    robot = service_accounts.make(name="Robot", purpose="", reach=Reach(), actor=SYSTEM)
    assert operator.post(reverse("admin:tenants_user_change", args=[robot.pk]), {}).status_code == 403
    assert operator.get(reverse("admin:auth_user_password_change", args=[robot.pk])).status_code in (302, 403)
    page = operator.get(reverse("admin:tenants_user_change", args=[cast.agent.pk])).content.decode()
    assert ">service<" not in page
    assert ">auditor<" in page
