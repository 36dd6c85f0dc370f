"""The known cast: two tenants in two regions, their requesters, and one person of each role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cases import intake
from cases.intake import Report
from cases.models import Case
from tenants import actors
from tenants.access import Actor
from tenants.models import Requester, Tenant, User
from tests.factories import RequesterFactory, ResourceFactory, TenantFactory, UserFactory

# A Tuesday in working hours, UTC.
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@dataclass
class Cast:
    acme: Tenant
    birch: Tenant
    ada: Requester  # of Acme, a member
    ann: Requester  # of Acme, its administrator
    cleo: Requester  # of Birch
    agent: User
    agent2: User
    eu_agent: User  # reaches region EU only: Acme, not Birch
    lead: User
    manager: User
    operator: User
    auditor: User

    def actor(self, person: User | Requester) -> Actor:
        found = actors.of_requester(person) if isinstance(person, Requester) else actors.of_user(person)
        assert found is not None
        return found

    def open_case(self, requester: Requester | None = None, *, now: datetime = NOON, **words: object) -> Case:
        """A case as the widget opens one."""
        requester = requester or self.ada
        told = {"subject": "Events are delayed", "description": "Ingest is throttled since noon.", **words}
        return intake.open_case(Report(**told), requester=requester, actor=self.actor(requester), now=now)


def assemble() -> Cast:
    acme = TenantFactory(
        name="Acme Analytics", slug="acme", prefix="ACME", support_tier="enterprise", segment="enterprise", region="eu"
    )
    birch = TenantFactory(name="Birch & Co", slug="birch", prefix="BIRCH", support_tier="standard", region="us")
    ResourceFactory(tenant=acme)
    ResourceFactory(tenant=birch, health="ok", signals={})
    return Cast(
        acme=acme,
        birch=birch,
        ada=RequesterFactory(tenant=acme, external_id="u-ada", name="Ada Moreno"),
        ann=RequesterFactory(tenant=acme, external_id="u-ann", name="Ann Admin", role="admin"),
        cleo=RequesterFactory(tenant=birch, external_id="u-cleo", name="Cleo Tanaka"),
        agent=UserFactory(email="agent@support.example", first_name="Amy", last_name="Agent", role="agent"),
        agent2=UserFactory(email="agent2@support.example", first_name="Abe", last_name="Second", role="agent"),
        eu_agent=UserFactory(
            email="eu@support.example", first_name="Eve", last_name="Europe", role="agent", regions=["eu"]
        ),
        lead=UserFactory(email="lead@support.example", first_name="Lea", last_name="Lead", role="lead"),
        manager=UserFactory(email="manager@support.example", first_name="Max", last_name="Manager", role="manager"),
        operator=UserFactory(email="operator@support.example", first_name="Ola", last_name="Operator", role="operator"),
        auditor=UserFactory(email="auditor@support.example", first_name="Aud", last_name="Auditor", role="auditor"),
    )
