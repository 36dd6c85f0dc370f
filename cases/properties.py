"""A case's properties that are no state: owner, priority, tags."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from cases import updates
from cases.change import Change, changing
from cases.models import Case
from cases.models.case import Priority
from companyos.web.errors import DomainError
from sla import clocks, policies
from tenants import actors
from tenants.access import Actor
from tenants.models import User

TAG = re.compile(r"^[a-z0-9][a-z0-9:_-]{0,39}$")
MOST_TAGS = 20


def check_priority(priority: str) -> None:
    if priority not in Priority.values:
        raise DomainError("unknown_priority", f"Priority is one of {', '.join(Priority.values)}.", "priority")


def check_owner(case: Case, owner: User) -> None:
    """An owner is somebody of the support side who may work on cases and reaches the case's tenant."""
    actor = actors.of_user(owner)
    reaches = actor is not None and (actor.tenant_ids is None or case.tenant_id in actor.tenant_ids)
    if actor is None or not actor.can("case.reply") or not reaches:
        raise DomainError("not_an_owner", f"{owner} cannot own cases of {case.tenant.name}.", "owner")


def retarget(change: Change, priority: str, reason: str) -> None:
    """Swap the targets of the case's open clocks for those of `priority`; start and pauses stay.

    A priority that promises updates begins that promise now.
    """
    choice = policies.choose(change.case.tenant, change.now)
    change.effects += clocks.retarget(
        change.case.clock_set,
        priority=priority,
        choice=choice,
        at=change.now,
        cause="priority",
        actor=change.actor,
        reason=reason,
    )
    updates.owe(change, "priority", priority)


def assign(case: Case, *, actor: Actor, owner: User | None, seen: int | None, now: datetime) -> Case:
    """Give the case to somebody; a case that was accepted always has an owner."""
    if owner is not None:
        check_owner(case, owner)
    with changing(case, actor=actor, permission="case.assign", seen=seen, now=now) as change:
        if owner is None and change.case.accepted_at is not None:
            raise DomainError("required", "An accepted case needs an owner; choose another person.", "owner")
        before = str(change.case.owner) if change.case.owner else ""
        if change.case.owner_id != (owner.pk if owner else None):
            change.set(owner=owner)
            payload = {"owner": str(owner) if owner else "", "owner_id": owner.pk if owner else None, "before": before}
            change.record("case.assigned", payload)
    return change.case


def prioritise(case: Case, *, actor: Actor, priority: str, reason: str, seen: int | None, now: datetime) -> Case:
    """Change the priority, with a reason; the clocks are retargeted."""
    check_priority(priority)
    if not reason.strip():
        raise DomainError("required", "Say why the priority changes; the customer may ask.", "reason")
    with changing(case, actor=actor, permission="case.prioritise", seen=seen, now=now) as change:
        before = change.case.priority
        if before != priority:
            retarget(change, priority, reason)
            change.set(priority=priority)
            change.record("case.prioritised", {"before": before, "priority": priority, "sla": change.sla()}, reason)
    return change.case


def tag(case: Case, *, actor: Actor, tags: Iterable[str], seen: int | None, now: datetime) -> Case:
    """Replace the tags: at most twenty, of small letters, digits, `-`, `_` and `:`."""
    cleaned = sorted({word.strip().lower() for word in tags if word.strip()})
    for word in cleaned:
        if not TAG.match(word):
            raise DomainError("bad_tag", f"“{word[:40]}” is no tag: use a-z, 0-9, - _ : and at most 40.", "tags")
    if len(cleaned) > MOST_TAGS:
        raise DomainError("too_many", f"A case has at most {MOST_TAGS} tags.", "tags")
    with changing(case, actor=actor, permission="case.note", seen=seen, now=now) as change:
        if cleaned != change.case.tags:
            before = change.case.tags
            change.set(tags=cleaned)
            change.record("case.tagged", {"before": before, "tags": cleaned})
    return change.case
