"""Asking for access, deciding, taking it in need, reviewing, giving back: who may, in which order, and what is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import Error, connection, transaction

from cases.models import Case
from companyos.events import dispatch
from companyos.events.models import Event
from companyos.web.errors import Conflict, DomainError, Forbidden, NotAllowedNow, NotFound
from escalations import grants
from escalations.models import Incident, Notice
from tenants import isolation
from tenants.models import Grant, User
from tests.cast import NOON, Cast
from tests.factories import UserFactory
from tests.grants.hands import WHY, asked, reads, restricted, taken


@pytest.fixture
def case(cast: Cast) -> Case:
    """A case of Birch, whose content needs a grant."""
    return restricted(cast)


def by(cast: Cast, person: User, verb: Callable[..., Grant], grant: Grant, **more: object) -> Grant:
    actor = cast.actor(person)
    with isolation.scope(actor):
        return verb(grant, actor=actor, now=NOON, **more)


def told(person: User) -> list[str]:
    while dispatch.deliver_one(NOON):
        pass
    return list(Notice.objects.filter(user=person, grant__isnull=False).order_by("id").values_list("kind", flat=True))


def refused(kind: type[DomainError], code: str, verb: Callable[[], object]) -> DomainError:
    with pytest.raises(kind) as refusal:
        verb()
    assert refusal.value.code == code
    return refusal.value


# ── The way through ──────────────────────────────────────────────────────────
def test_access_that_was_asked_for_and_approved_opens_the_case_to_its_holder_alone(cast: Cast, case: Case) -> None:
    other = cast.open_case(cast.cleo)
    assert not reads(cast, cast.agent, case)
    grant = asked(cast, case)
    assert not reads(cast, cast.agent, case)
    assert told(cast.lead) == told(cast.manager) == ["grant.requested"]
    grant = by(cast, cast.lead, grants.approve, grant, minutes=20, words="Only the log, please.")
    assert grant.ends_at - grant.starts_at == timedelta(minutes=20)
    assert reads(cast, cast.agent, case)
    assert not reads(cast, cast.agent, other)
    assert not reads(cast, cast.agent2, case)
    assert not reads(cast, cast.lead, case)
    assert told(cast.agent) == ["grant.granted"]
    by(cast, cast.agent, grants.revoke, grant)
    assert not reads(cast, cast.agent, case)
    told_of = Event.objects.filter(subject_kind="case", subject_id=case.pk, name__startswith="grant.").order_by("id")
    assert [(event.name, event.actor_name) for event in told_of] == [
        ("grant.requested", "Amy Agent"), ("grant.granted", "Lea Lead"), ("grant.revoked", "Amy Agent"),
    ]  # fmt: skip


def test_a_grant_for_the_tenant_opens_all_its_cases(cast: Cast, case: Case) -> None:
    other = cast.open_case(cast.cleo)
    by(cast, cast.lead, grants.approve, asked(cast, case, reach="tenant"))
    assert reads(cast, cast.agent, case) and reads(cast, cast.agent, other)


def test_a_lead_gives_access_to_somebody_whose_region_does_not_reach(cast: Cast, case: Case) -> None:
    lead = cast.actor(cast.lead)
    about = {"to": cast.eu_agent, "actor": lead, "reason": WHY, "minutes": 60, "now": NOON}
    with isolation.scope(lead):
        refused(
            DomainError,
            "out_of_reach",
            lambda: grants.give(grants.about_case(case), reach="case", **about),
        )
        grants.give(grants.about_case(case), reach="tenant", **about)
    assert reads(cast, cast.eu_agent, case)
    assert told(cast.eu_agent) == ["grant.granted"]


def test_a_service_account_is_given_no_grant(cast: Cast, case: Case) -> None:
    program, lead = UserFactory(email="bot@service.invalid", role="service", is_service=True, password="!"), cast.lead
    about = {"to": program, "actor": cast.actor(lead), "reach": "tenant", "reason": WHY, "minutes": 60, "now": NOON}
    with isolation.scope(cast.actor(lead)):
        refused(DomainError, "people_only", lambda: grants.give(grants.about_case(case), **about))


def test_broken_glass_opens_at_once_and_is_reviewed_by_somebody_else(cast: Cast, case: Case) -> None:
    grant = taken(cast, case, cast.lead)
    assert reads(cast, cast.lead, case)
    assert told(cast.manager) == ["grant.broken_glass"] and told(cast.lead) == []
    refused(Forbidden, "own_grant", lambda: by(cast, cast.lead, grants.review, grant, justified=True, words="Mine"))
    by(cast, cast.manager, grants.review, grant, justified=False, words="A request would have done.")
    assert told(cast.lead) == ["grant.reviewed"]
    again = {"justified": True, "words": "After all"}
    refused(Conflict, "already_reviewed", lambda: by(cast, cast.manager, grants.review, grant, **again))


def test_a_missing_review_is_called_for_once_a_day_until_it_is_there(cast: Cast, case: Case) -> None:
    grant = taken(cast, case)
    grant.refresh_from_db()
    day = timedelta(hours=24)
    assert not grants.nag_one(grant.starts_at + day - timedelta(seconds=1))
    assert grants.nag_one(grant.starts_at + day)
    assert not grants.nag_one(grant.starts_at + day + timedelta(hours=1))
    assert grants.nag_one(grant.starts_at + 2 * day)
    by(cast, cast.lead, grants.review, grant, justified=True, words="There was no time.")
    assert not grants.nag_one(grant.starts_at + 4 * day)
    assert Event.objects.filter(name="grant.unreviewed").count() == 2


def test_access_for_an_incident_is_to_the_tenant_and_told_on_the_incident(cast: Cast, case: Case) -> None:
    incident = Incident.objects.create(reference="INC-9", title="Ingest", severity="SEV1", started_at=NOON)
    agent = cast.actor(cast.agent)
    subject = grants.about_incident(incident, case.tenant)
    about = {"actor": agent, "reason": WHY, "minutes": 60, "now": NOON}
    with isolation.scope(agent):
        refused(DomainError, "unknown_reach", lambda: grants.request(subject, reach="case", **about))
        grant = grants.request(subject, reach="tenant", **about)
    by(cast, cast.lead, grants.approve, grant)
    assert reads(cast, cast.agent, case)
    assert Event.objects.filter(subject_kind="incident", subject_id=incident.pk).count() == 2
    assert told(cast.agent) == ["grant.granted"]


# ── Refusals ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"reason": "  too few "}, "too_short"),
        ({"reason": ""}, "required"),
        ({"reason": "a\x00 very long reason"}, "null_characters"),
        ({"reason": "x" * 2_001}, "too_long"),
        ({"minutes": 4}, "bad_minutes"),
        ({"minutes": 481}, "bad_minutes"),
        ({"reach": "world"}, "unknown_reach"),
    ],
)
def test_a_request_says_which_field_is_wrong(cast: Cast, case: Case, wrong: dict[str, object], code: str) -> None:
    assert refused(DomainError, code, lambda: asked(cast, case, **wrong)).field in wrong
    assert not Grant.objects.exists()


def test_glass_is_broken_for_an_hour_at_most(cast: Cast, case: Case) -> None:
    refused(DomainError, "bad_minutes", lambda: taken(cast, case, minutes=61))


def test_a_second_open_request_for_the_same_is_refused(cast: Cast, case: Case) -> None:
    first = asked(cast, case)
    refused(Conflict, "already_asked", lambda: asked(cast, case))
    asked(cast, case, cast.agent2)
    by(cast, cast.agent, grants.withdraw, first)
    asked(cast, case)


def test_what_is_open_anyway_needs_no_grant(cast: Cast, case: Case) -> None:
    refused(NotAllowedNow, "not_needed", lambda: asked(cast, cast.open_case(cast.ada)))
    refused(NotAllowedNow, "not_needed", lambda: taken(cast, cast.open_case(cast.ada)))


def test_nobody_decides_about_their_own(cast: Cast, case: Case) -> None:
    grant = asked(cast, case, cast.lead)
    refused(Forbidden, "own_grant", lambda: by(cast, cast.lead, grants.approve, grant))
    refused(Forbidden, "own_grant", lambda: by(cast, cast.lead, grants.deny, grant, words="No"))
    lead = cast.actor(cast.lead)
    about = {"actor": lead, "reach": "case", "reason": WHY, "minutes": 60, "now": NOON}
    refused(Forbidden, "own_grant", lambda: grants.give(grants.about_case(case), to=cast.lead, **about))
    with pytest.raises(Error, match="not_approved_by_its_holder"), transaction.atomic():
        Grant.objects.filter(pk=grant.pk).update(decided_by=cast.lead)


def test_only_who_reaches_the_tenant_without_a_grant_decides(cast: Cast, case: Case) -> None:
    europe = UserFactory(email="eu-lead@support.example", role="lead", regions=["eu"])
    grant = asked(cast, case)
    refused(NotFound, "not_found", lambda: by(cast, europe, grants.approve, grant))
    lead = cast.actor(cast.lead)
    about = {"actor": lead, "reach": "tenant", "reason": WHY, "minutes": 60, "now": NOON}
    grants.give(grants.about_case(case), to=europe, **about)
    assert reads(cast, europe, case)
    refused(Forbidden, "out_of_reach", lambda: by(cast, europe, grants.approve, grant))
    for person in (cast.agent2, cast.operator, cast.auditor):
        refused(Forbidden, "forbidden", lambda person=person: by(cast, person, grants.approve, grant))


def test_an_approver_shortens_and_never_lengthens(cast: Cast, case: Case) -> None:
    grant = asked(cast, case, minutes=30)
    refused(DomainError, "bad_minutes", lambda: by(cast, cast.lead, grants.approve, grant, minutes=31))
    by(cast, cast.lead, grants.approve, grant, minutes=5)


def test_a_decision_is_made_once_and_the_second_is_told_who_was_first(cast: Cast, case: Case) -> None:
    grant = asked(cast, case)
    by(cast, cast.lead, grants.approve, grant)
    for verb, more in ((grants.approve, {}), (grants.deny, {"words": "No"})):
        refusal = refused(Conflict, "decided", lambda verb=verb, more=more: by(cast, cast.manager, verb, grant, **more))
        assert "granted by Lea Lead" in refusal.message
    refused(Conflict, "decided", lambda: by(cast, cast.agent, grants.withdraw, grant))
    by(cast, cast.manager, grants.revoke, grant, words="Enough")
    assert (
        "revoked by Max Manager"
        in refused(Conflict, "decided", lambda: by(cast, cast.agent, grants.revoke, grant)).message
    )
    assert not reads(cast, cast.agent, case)


def test_a_colleague_neither_withdraws_nor_revokes(cast: Cast, case: Case) -> None:
    grant = asked(cast, case)
    refused(Forbidden, "not_yours", lambda: by(cast, cast.agent2, grants.withdraw, grant))
    by(cast, cast.lead, grants.approve, grant)
    refused(Forbidden, "forbidden", lambda: by(cast, cast.agent2, grants.revoke, grant))


# ── What the database holds by itself ────────────────────────────────────────
@pytest.mark.parametrize(
    ("deed", "refusal"),
    [
        ("DELETE FROM tenants_grant", "never deleted"),
        ("UPDATE tenants_grant SET minutes = minutes + 1", "only grows shorter"),
        ("UPDATE tenants_grant SET ends_at = ends_at + interval '1 second'", "only grows shorter"),
        ("UPDATE tenants_grant SET starts_at = starts_at + interval '1 second'", "only grows shorter"),
        ("UPDATE tenants_grant SET ends_at = NULL", "only grows shorter"),
        ("UPDATE tenants_grant SET state = 'requested'", "does not go from granted to requested"),
        ("UPDATE tenants_grant SET user_id = requested_by_id + 1", "stands"),
        ("UPDATE tenants_grant SET reach = 'tenant'", "stands"),
        ("UPDATE tenants_grant SET reason = 'something else'", "stands"),
        ("INSERT INTO tenants_grant (tenant_id, user_id, reach, subject_kind, subject_id, subject_reference, reason,"
         " minutes, state, requested_by_id, requested_at, decision, review, break_glass, starts_at, ends_at)"
         " SELECT tenant_id, user_id, reach, subject_kind, subject_id, subject_reference, reason, 30, state,"
         " requested_by_id, requested_at, '', '', false, now(), now() + interval '31 minutes' FROM tenants_grant",
         "grant_within_its_minutes"),
    ],
)  # fmt: skip
def test_no_statement_makes_a_grant_larger_or_another(cast: Cast, case: Case, deed: str, refusal: str) -> None:
    by(cast, cast.lead, grants.approve, asked(cast, case))
    with pytest.raises(Error, match=refusal), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(deed)
