"""Watching a case: to be told of its alerts without being its owner. It changes nothing of the case."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from cases.models import Case, Watcher
from companyos.web.errors import Forbidden
from tenants import restriction
from tenants.access import Actor
from tenants.models import User
from tenants.reach import people_of


def watch(case: Case, *, actor: Actor, now: datetime) -> bool:
    """The actor watches the case from now on; False when they did already."""
    at = {"tenant_id": case.tenant_id, "at": now}
    return Watcher.objects.get_or_create(case=case, user_id=_person(actor, case), defaults=at)[1]


def unwatch(case: Case, *, actor: Actor) -> bool:
    """The actor watches the case no more; False when they did not."""
    actor.require("case.watch")
    return bool(Watcher.objects.filter(case=case, user_id=actor.user_id or 0).delete()[0])


def watchers_of(case: Case) -> QuerySet[User]:
    """Who watches and still reaches the case's tenant."""
    return people_of(case.tenant).filter(pk__in=Watcher.objects.filter(case=case).values("user_id"))


def forget_cases(ids: Collection[int]) -> None:
    """Before the cases are deleted."""
    Watcher.objects.filter(case_id__in=ids).delete()


def _person(actor: Actor, case: Case) -> int:
    actor.require("case.watch")
    if actor.user_id is None:
        raise Forbidden("nobody_to_tell", "Only a person can watch a case.")
    restriction.require_content(actor, case.tenant, case.pk)
    return actor.user_id
