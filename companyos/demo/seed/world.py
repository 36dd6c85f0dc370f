"""The demo's tenants, what they may use, their people, and the support side's people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from companyos.demo import host_secrets, people
from companyos.demo.signins import PASSWORD, SIGN_INS
from integrations.models import Connection
from tenants import actors
from tenants.access import Actor
from tenants.models import Entitlement, Membership, Requester, Tenant, User

# By sign-in: given name, family name, time zone.
NAMES = {
    "agent@demo.example": ("Nora", "Falk", "Europe/Stockholm"),
    "agent2@demo.example": ("Mateo", "Silva", "America/New_York"),
    "lead@demo.example": ("Ingrid", "Weber", "Europe/Berlin"),
    "manager@demo.example": ("Daniel", "Okoro", "Europe/London"),
    "operator@demo.example": ("Yuki", "Sato", "Asia/Tokyo"),
    "auditor@demo.example": ("Clara", "Jensen", "Europe/Copenhagen"),
}
# A colleague who reaches the region EU only, to see what isolation hides.
EU_AGENT = ("agent.eu@demo.example", "Ivo", "Brandt", "Europe/Vienna")
ADMIN_ROLES = ("operator", "auditor")


@dataclass(frozen=True)
class Terms:
    """What a tenant pays and gets, besides what people.TENANTS says."""

    plan: str
    segment: str
    annual_revenue: int
    billing_status: str
    auto_close_days: int
    entitlements: tuple[tuple[str, int | None, int, str], ...]  # feature, limit (None: without), used, unit


TERMS = {
    "acme": Terms(
        "Enterprise 2026", "enterprise", 480_000, "active", 7,
        (
            ("Ingest rate", 5_000, 5_000, "events/s"), ("Seats", 150, 118, "people"),
            ("Retention", 395, 365, "days"), ("Exports", None, 214, "a month"), ("Dashboards", None, 86, ""),
        ),
    ),
    "birch": Terms(
        "Premium", "mid-market", 126_000, "active", 5,
        (
            ("Ingest rate", 4_000, 2_650, "events/s"), ("Seats", 40, 37, "people"),
            ("Retention", 90, 90, "days"), ("Exports", 100, 96, "a month"), ("Dashboards", 50, 31, ""),
        ),
    ),
    "cedar": Terms(
        "Standard", "smb", 18_500, "past_due", 7,
        (
            ("Ingest rate", 900, 655, "events/s"), ("Seats", 10, 10, "people"),
            ("Retention", 30, 30, "days"), ("Exports", 20, 7, "a month"), ("Dashboards", 10, 9, ""),
        ),
    ),
}  # fmt: skip


@dataclass
class World:
    """Everybody and everything, by the names that the rest of the seed uses."""

    tenants: dict[str, Tenant] = field(default_factory=dict)
    requesters: dict[str, list[Requester]] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    acting: dict[str, Actor] = field(default_factory=dict)

    def agents_of(self, slug: str) -> list[str]:
        """The addresses of those who own this tenant's cases."""
        wide = ["agent@demo.example", "agent2@demo.example", "lead@demo.example"]
        return [EU_AGENT[0], *wide] if self.tenants[slug].region == "eu" else wide


def people_of_the_support_side() -> dict[str, User]:
    encoded = make_password(PASSWORD)  # made once: a slow hash per person would cost seconds and protect nothing here
    wanted: list[tuple[str, str, str, str, str, list[str]]] = [(s.email, s.role, *NAMES[s.email], []) for s in SIGN_INS]
    wanted.append((EU_AGENT[0], "agent", *EU_AGENT[1:], ["eu"]))
    users = {}
    for email, role, first, last, time_zone, regions in wanted:
        user = User.objects.create(
            email=email,
            username=email,
            first_name=first,
            last_name=last,
            time_zone=time_zone,
            password=encoded,
            is_staff=role in ADMIN_ROLES,
        )
        user.groups.add(Group.objects.get(name=role))
        Membership.objects.create(user=user, regions=regions)
        users[email] = user
    return users


def build(begin: datetime, host_port: int) -> World:
    """All rows but cases and incidents, as they were at `begin`."""
    world = World(users=people_of_the_support_side())
    for given in people.TENANTS:
        tenant = _tenant(given, world.users["lead@demo.example"], host_port)
        world.tenants[given.slug] = tenant
        Connection.objects.create(tenant=tenant, kind=Connection.Kind.TELEMETRY, every_seconds=60, next_run_at=begin)
        Entitlement.objects.bulk_create(
            Entitlement(tenant=tenant, feature=feature, limit=limit, used=used, unit=unit)
            for feature, limit, used, unit in TERMS[given.slug].entitlements
        )
    for who in people.REQUESTERS:
        tenant = world.tenants[who.tenant]
        requester = Requester.objects.create(
            tenant=tenant,
            external_id=who.external_id,
            name=who.name,
            email=who.email,
            role=who.role,
            time_zone=tenant.time_zone,
        )
        world.requesters.setdefault(who.tenant, []).append(requester)
    world.acting = {email: acting for email, user in world.users.items() if (acting := actors.of_user(user))}
    return world


def _tenant(given: people.DemoTenant, lead: User, host_port: int) -> Tenant:
    terms = TERMS[given.slug]
    return Tenant.objects.create(
        name=given.name,
        slug=given.slug,
        prefix=given.prefix,
        plan=terms.plan,
        support_tier=given.tier,
        segment=terms.segment,
        region=given.region,
        data_residency=given.region,
        billing_status=terms.billing_status,
        annual_revenue=terms.annual_revenue,
        time_zone=given.time_zone,
        auto_close_days=terms.auto_close_days,
        escalation_lead=lead,
        telemetry_url=telemetry_url(host_port, given.slug),
        telemetry_token=host_secrets.telemetry_token(settings.SECRET_KEY),
        widget_secret=host_secrets.widget_secret(settings.SECRET_KEY, given.slug),
        widget_origins=people.host_origins(host_port),
    )


def telemetry_url(port: int, slug: str) -> str:
    return f"http://127.0.0.1:{port}/telemetry/{slug}"
