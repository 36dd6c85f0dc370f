"""A restricted tenant, and what the tests of elevated access do with it."""

from __future__ import annotations

from django.db import connection

from cases.models import Case, Message
from escalations import grants
from tenants import isolation
from tenants.models import Grant, User
from tests.cast import NOON, Cast

WHY = "The customer's export fails and only its log says why."


def restricted(cast: Cast, what: str = "content") -> Case:
    """A case of Birch, of which this much needs a grant."""
    case = cast.open_case(cast.cleo)
    cast.birch.restriction = what
    cast.birch.save()
    case.tenant.refresh_from_db()
    return case


def asked(cast: Cast, case: Case, person: User | None = None, **more: object) -> Grant:
    actor = cast.actor(person or cast.agent)
    told = {"reach": "case", "reason": WHY, "minutes": 60, **more}
    with isolation.scope(actor):
        return grants.request(grants.about_case(case), actor=actor, now=NOON, **told)


def taken(cast: Cast, case: Case, person: User | None = None, **more: object) -> Grant:
    actor = cast.actor(person or cast.agent)
    told = {"reach": "case", "reason": WHY, "minutes": 30, **more}
    with isolation.scope(actor):
        return grants.break_glass(grants.about_case(case), actor=actor, now=NOON, **told)


def approved(cast: Cast, grant: Grant) -> Grant:
    lead = cast.actor(cast.lead)
    with isolation.scope(lead):
        return grants.approve(grant, actor=lead, now=NOON)


def reads(cast: Cast, person: User, case: Case) -> bool:
    """Whether the person's next request would see the conversation."""
    with isolation.scope(cast.actor(person)):
        return Message.objects.filter(case=case).exists()


def run_out(grant: Grant) -> None:
    """Its time is up, as the database sees it: nobody is told, no worker runs."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tenants_grant SET ends_at = statement_timestamp() WHERE id = %s", [grant.pk])
