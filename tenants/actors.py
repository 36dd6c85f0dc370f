"""From a row of people to the Actor that rules and scopes understand."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import Case, F, OuterRef, When
from django.db.models.functions import JSONObject

from tenants import isolation
from tenants.access import NEVER_IN_SCOPE, PERMISSIONS, SERVICE, STAFF_ROLES, SYSTEM, Actor, Opened
from tenants.models import ApiKey, Grant, Membership, Requester, Tenant, User

_WHO = -(2**31)  # no row's number


def of_user(user: User, *, with_grants: bool = True) -> Actor | None:
    """The support-side actor; None for an account that is in no role's group (it may sign in and see nothing)."""
    if not user.is_active:
        return None
    with isolation.scope(SYSTEM):
        known = _known(user)
        role = next((role for role in ((SERVICE,) if user.is_service else STAFF_ROLES) if role in known["roles"]), None)
        if role is None:
            return None
        in_force = known["in_force"] if with_grants else ()
        opened = tuple(Opened(one["id"], one["tenant"], one["case"]) for one in in_force)
        tenant_ids = _reach(known, opened)
    sealed, sealed_files = _sealed(known, opened)
    return Actor(
        kind="agent",
        name=str(user),
        role=role,
        tenant_ids=tenant_ids,
        user_id=user.pk,
        sealed=sealed,
        sealed_files=sealed_files,
        opened=opened,
    )


def of_key(key: ApiKey) -> Actor | None:
    """The key's user, within the key's scopes and without grants: what was opened was opened to a person."""
    actor = of_user(key.user, with_grants=False)
    if actor is None:
        return None
    allowed = frozenset(key.scopes) if key.scopes else PERMISSIONS[actor.role]
    return replace(actor, scopes=allowed - NEVER_IN_SCOPE)


def _known(user: User) -> dict[str, Any]:
    """What an actor is made of: groups, grants in force by the database's clock, the membership, restricted tenants.

    Every request asks this, so it is one statement, and put together once.
    """
    question, values = _question()
    with connection.cursor() as cursor:
        cursor.execute(question, [user.pk if value == _WHO else value for value in values])
        (row,) = cursor.fetchall()
    known = dict(zip(("roles", "in_force", "lists", "named", "restricted"), row, strict=True))
    return known | {name: [json.loads(text) for text in known[name]] for name in ("in_force", "lists", "restricted")}


@cache
def _question() -> tuple[str, list[Any]]:
    """What `_known` asks, and its values with _WHO for the user's. Putting it together takes longer than the answer."""
    this = OuterRef("pk")
    case_id = Case(When(reach=Grant.Reach.CASE, then=F("subject_id")))
    grant = JSONObject(id="pk", tenant="tenant_id", case=case_id)
    lists = JSONObject(regions="regions", segments="segments")
    named = Membership.objects.filter(user=this, tenants__isnull=False)
    restricted = Tenant.objects.exclude(restriction="open")
    found = User.objects.filter(pk=_WHO).values_list(
        ArraySubquery(Group.objects.filter(user=this).values("name")),
        ArraySubquery(Grant.objects.filter(user=this).in_force().order_by("pk").values(told=grant)),
        ArraySubquery(Membership.objects.filter(user=this).values(told=lists)),
        ArraySubquery(named.values("tenants")),
        ArraySubquery(restricted.values(told=JSONObject(id="pk", what="restriction"))),
    )
    question, values = found.query.sql_with_params()
    return question, list(values)


def _reach(known: dict[str, Any], opened: tuple[Opened, ...]) -> frozenset[int] | None:
    """None for every tenant, else those that the membership fits and those that a grant opens whole."""
    granted = frozenset(one.tenant_id for one in opened if one.case_id is None)
    if not known["lists"]:
        return granted
    (lists,) = known["lists"]
    if not (lists["regions"] or lists["segments"] or known["named"]):
        return None
    found = Tenant.objects.all()
    if lists["regions"]:
        found = found.filter(region__in=lists["regions"])
    if lists["segments"]:
        found = found.filter(segment__in=lists["segments"])
    if known["named"]:
        found = found.filter(pk__in=known["named"])
    return granted | frozenset(found.values_list("pk", flat=True))


def _sealed(known: dict[str, Any], opened: tuple[Opened, ...]) -> tuple[frozenset[int], frozenset[int]]:
    """The tenants whose content, and whose files, stay closed without a grant for the whole tenant."""
    whole = {one.tenant_id for one in opened if one.case_id is None}
    closed = {one["id"]: one["what"] for one in known["restricted"] if one["id"] not in whole}
    return frozenset(pk for pk, what in closed.items() if what == "content"), frozenset(closed)


def of_requester(requester: Requester) -> Actor:
    """The customer-side actor: one tenant; own cases, or for an administrator all of the tenant's."""
    return Actor(
        kind="requester",
        name=requester.name,
        role="requester-admin" if requester.role == "admin" else "requester",
        tenant_ids=frozenset({requester.tenant_id}),
        requester_id=requester.pk,
    )
