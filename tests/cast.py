"""The known cast: two tenants in two regions, their requesters, and one person of each role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth.models import Group

from cases import intake
from cases.intake import Report
from cases.models import Case
from tenants import actors
from tenants.access import Actor
from tenants.models import Membership, Requester, Tenant, User
from tests.factories import RequesterFactory, ResourceFactory, TenantFactory

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
    agent, agent2, eu_agent, lead, manager, operator, auditor = staff(
        ("agent@support.example", "Amy Agent", "agent", []),
        ("agent2@support.example", "Abe Second", "agent", []),
        ("eu@support.example", "Eve Europe", "agent", ["eu"]),
        ("lead@support.example", "Lea Lead", "lead", []),
        ("manager@support.example", "Max Manager", "manager", []),
        ("operator@support.example", "Ola Operator", "operator", []),
        ("auditor@support.example", "Aud Auditor", "auditor", []),
    )
    return Cast(
        acme=acme,
        birch=birch,
        ada=RequesterFactory(tenant=acme, external_id="u-ada", name="Ada Moreno"),
        ann=RequesterFactory(tenant=acme, external_id="u-ann", name="Ann Admin", role="admin"),
        cleo=RequesterFactory(tenant=birch, external_id="u-cleo", name="Cleo Tanaka"),
        agent=agent,
        agent2=agent2,
        eu_agent=eu_agent,
        lead=lead,
        manager=manager,
        operator=operator,
        auditor=auditor,
    )


def staff(*told: tuple[str, str, str, list[str]]) -> list[User]:
    """People by address, name, role and regions, in few statements: most tests begin with them."""
    groups = dict(Group.objects.values_list("name", "pk"))
    found = []
    for email, name, _, _ in told:
        first, last = name.split()
        found.append(User(email=email, username=email, first_name=first, last_name=last))
    User.objects.bulk_create(found)
    through = User.groups.through
    pairs = list(zip(found, told, strict=True))
    through.objects.bulk_create(through(user_id=user.pk, group_id=groups[role]) for user, (_, _, role, _) in pairs)
    Membership.objects.bulk_create(Membership(user=user, regions=regions) for user, (*_, regions) in pairs)
    return found
