"""Reading grants: the lists of the access page, and what concerns a case, a tenant or an incident."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from cases.models import Case
from companyos.web.errors import NotFound
from companyos.web.pagination import Sort
from escalations.models import Incident
from tenants.access import Actor
from tenants.models import Grant

NEWEST = Sort("asked", "requested_at", descending=True)
OLDEST = Sort("waiting", "requested_at")
ENDING = Sort("ending", "ends_at")


@dataclass(frozen=True)
class GrantList:
    """One list of the access page. `empty` says what stands there when nothing does."""

    key: str
    name: str
    icon: str
    sort: Sort
    empty: str


LISTS = {
    one.key: one
    for one in (
        GrantList("decide", "To decide", "inbox", OLDEST, "Nobody waits for a decision."),
        GrantList("force", "In force", "key-round", ENDING, "Nobody works under a grant at the moment."),
        GrantList("review", "To review", "siren", OLDEST, "Nobody broke the glass without a review."),
        GrantList("mine", "Mine", "user", NEWEST, "You have never asked for access. A restricted case offers it."),
        GrantList("history", "History", "history", NEWEST, "No access was asked for yet."),
    )
}


def shown() -> QuerySet[Grant]:
    """Grants within the scope, with their standing now and everybody they name."""
    people = ("user", "requested_by", "decided_by", "revoked_by", "reviewed_by")
    return Grant.objects.with_standing().select_related("tenant", *people)


def get_grant(grant_id: int, actor: Actor) -> Grant:
    """The only way to a grant's page; one of a tenant out of reach is as absent as none."""
    actor.require("grant.read")
    found = shown().filter(pk=grant_id).first()
    if found is None:
        raise NotFound("not_found", f"There is no grant {grant_id}.")
    return found


def rows(key: str, actor: Actor, *, tenant: str = "", person: str = "") -> QuerySet[Grant]:
    """The grants of a list, unordered; `tenant` is a slug, `person` part of a name or an e-mail address."""
    actor.require("grant.read")
    conditions = {
        "decide": Q(state=Grant.State.REQUESTED),
        "review": Q(break_glass=True, reviewed_at=None),
        "mine": Q(user_id=actor.user_id),
    }
    found: Any = shown().filter(conditions.get(key, Q()))
    if key == "force":
        found = found.in_force()
    if tenant:
        found = found.filter(tenant__slug=tenant)
    for word in person.split():
        named = Q(user__first_name__icontains=word) | Q(user__last_name__icontains=word)
        found = found.filter(named | Q(user__email__icontains=word))
    return found  # type: ignore[no-any-return]


def of_case(case: Case) -> QuerySet[Grant]:
    """What was asked for on this case, and what opens its whole tenant at the moment; newest first."""
    here = Q(subject_kind="case", subject_id=case.pk)
    wide = Grant.objects.in_force().filter(tenant_id=case.tenant_id, reach=Grant.Reach.TENANT).values("pk")
    return shown().filter(here | Q(pk__in=wide)).order_by("-requested_at", "-id")


def of_incident(incident: Incident) -> QuerySet[Grant]:
    return shown().filter(subject_kind="incident", subject_id=incident.pk).order_by("-requested_at", "-id")
