"""Two restricted tenants, and elevated access in each of its states: asked for, in force, glass broken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cases.models import Case
from companyos.demo.seed.world import EU_AGENT, World
from escalations import grants
from tenants import actors, isolation
from tenants.access import Actor
from tenants.models import Tenant

RESTRICTED = {"cedar": "content", "birch": "files"}


def restrict(world: World, now: datetime) -> None:
    """The last deed of the seed: the history was made while everything was open."""
    for slug, what in RESTRICTED.items():
        Tenant.objects.filter(slug=slug).update(restriction=what)
    waiting, working, urgent = _cases("cedar")[:3]
    _ask(world, "agent@demo.example", waiting, "The export stops at the same row each time; I need the log.", 60, now)
    asked = _ask(world, "agent2@demo.example", working, "Compare the sign-in trace with last week's.", 120, now)
    lead = _acting(world, "lead@demo.example")
    with isolation.scope(lead):
        words = "Only the trace, please."
        grants.approve(asked, actor=lead, now=now - timedelta(minutes=3), minutes=90, words=words)
    on_call = _acting(world, EU_AGENT[0])
    with isolation.scope(on_call):
        reason = "Sign-in is down for all of them and nobody who approves answers."
        about: dict[str, Any] = {"actor": on_call, "reach": "case", "minutes": 60, "now": now - timedelta(minutes=2)}
        grants.break_glass(grants.about_case(urgent), reason=reason, **about)


def _cases(slug: str) -> list[Case]:
    return list(Case.objects.select_related("tenant").filter(tenant__slug=slug, status="in_progress").order_by("id"))


def _acting(world: World, email: str) -> Actor:
    """The person as of now: what is sealed and opened changes with each deed."""
    acting = actors.of_user(world.users[email])
    assert acting is not None
    return acting


def _ask(world: World, email: str, case: Case, reason: str, minutes: int, now: datetime) -> grants.Grant:
    actor = _acting(world, email)
    with isolation.scope(actor):
        about: dict[str, Any] = {
            "actor": actor,
            "reach": "case",
            "minutes": minutes,
            "now": now - timedelta(minutes=14),
        }
        return grants.request(grants.about_case(case), reason=reason, **about)
