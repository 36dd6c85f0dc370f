"""What the support side does in these stories, by the same verbs as the console."""

from __future__ import annotations

from django.utils import timezone

from cases import conversation, lifecycle
from cases.models import Case
from companyos.events.models import Event
from tenants import isolation
from tenants.access import SYSTEM, Actor
from tenants.models import Requester, User


def case_of(reference: str) -> Case:
    return Case.objects.select_related("tenant", "requester").get(reference=reference)


def accepted(reference: str, agent: Actor) -> None:
    with isolation.scope(agent):
        owner = User.objects.get(pk=agent.user_id)
        case = case_of(reference)
        lifecycle.accept(case, actor=agent, priority="P1", owner=owner, seen=None, now=timezone.now())


def asks(reference: str, agent: Actor, ask: str) -> None:
    with isolation.scope(agent):
        lifecycle.wait(case_of(reference), actor=agent, ask=ask, seen=None, now=timezone.now())


def resolved(reference: str, agent: Actor) -> None:
    fix = lifecycle.Fix("The quota is raised.", "quota", evidence_links=["https://traces.example/1"])
    with isolation.scope(agent):
        case = case_of(reference)
        if case.status == "triage":
            case = lifecycle.start(case, actor=agent, seen=None, now=timezone.now())
        lifecycle.resolve(case, fix, actor=agent, seen=None, now=timezone.now())


def says(reference: str, agent: Actor, body: str) -> None:
    with isolation.scope(agent):
        conversation.reply(case_of(reference), actor=agent, body=body, now=timezone.now())


def happened(reference: str) -> list[str]:
    """The names of the case's events, in order."""
    with isolation.scope(SYSTEM):
        case = case_of(reference)
        about = Event.objects.filter(subject_kind="case", subject_id=case.pk)
        return list(about.order_by("id").values_list("name", flat=True))


def narrow(external_id: str, keys: list[str]) -> None:
    """Which resources this requester may name."""
    with isolation.scope(SYSTEM):
        Requester.objects.filter(external_id=external_id).update(viewable_resources=keys)
