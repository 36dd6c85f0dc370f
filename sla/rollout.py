"""Open clocks follow a new policy version: from its instant on they count by what holds for their tenant.

A change never rewrites history: each clock's ledger gets one line, dated at the instant from which the version held
(`active_from`, or its publication where that came later), naming the version and its reason. So the ledger is the same
however late the worker came, unless something was written in between: then the line stands right after that, with the
instant asked for in its detail, and a breach that was recorded meanwhile stands.

A step handles some clocks and commits. It never waits for a clock that somebody holds but comes back to it, and it
goes over all of them once more a minute after the version's instant: a clock may have been started by the old version
in a transaction that was still under way. A clock that was moved is not found again, so a repeated step does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet

from companyos.events import log as events
from companyos.events.log import Fact
from sla import clocks, policies
from sla.book import Deed
from sla.clocks import OPEN, Effect
from sla.models import Clock, Policy, Rollout
from sla.policies import PolicyChoice
from tenants import isolation
from tenants.access import SYSTEM, system_named
from tenants.models import Tenant

log = structlog.get_logger(__name__)
SETS_A_STEP = 200
SETTLED = timedelta(minutes=1)  # by then whatever was under way at a version's instant has committed
AGAIN = timedelta(seconds=5)  # for clocks that somebody held
MOST_TRIES = 5  # passes that leave a clock behind because of an error
ACTOR = system_named("Roll-out")


@dataclass
class Pass:
    """Where one pass over the tenants stands; a JSON object in the row's cursor."""

    at: str
    tenants: list[int]
    after: int = 0
    skipped: int = 0
    failed: int = 0


def step(now: datetime) -> bool:
    """Move the next clocks of a version that holds by `now`; False when there is nothing to do."""
    with isolation.scope(SYSTEM):
        rollout = _claim(now)
        if rollout is None:
            return False
        policy = rollout.policy
        cursor = rollout.cursor.get("pass")
        under_way = Pass(**cursor) if cursor else Pass(now.isoformat(), _tenants(policy, now))
        left = SETS_A_STEP
        while under_way.tenants and left > 0:
            left -= _move_some(rollout, under_way, left, now)
        rollout.cursor = {**rollout.cursor, "pass": vars(under_way)}
        if not under_way.tenants:
            _end_pass(rollout, under_way, now)
        rollout.save()
    return True


def held_from(policy: Policy) -> datetime:
    """The instant from which the version held: never before it was published."""
    return max(policy.active_from, policy.created_at)


def _claim(now: datetime) -> Rollout | None:
    new = Policy.objects.filter(active_from__lte=now, rollout=None).order_by("active_from", "pk")
    Rollout.objects.bulk_create(
        [Rollout(policy=policy, tenant_id=policy.tenant_id, begun_at=now, next_step_at=now) for policy in new],
        ignore_conflicts=True,
    )
    due = Rollout.objects.filter(next_step_at__lte=now).order_by("next_step_at", "pk").select_related("policy")
    return due.select_for_update(skip_locked=True, of=("self",)).first()


def _tenants(policy: Policy, now: datetime) -> list[int]:
    """Those whose clocks the version may move: whom it holds for, or (retired or for others now) held for."""
    scope = Q(pk=policy.tenant_id) if policy.tenant_id else Q()
    scope &= Q(segment=policy.segment) if policy.segment else Q()
    scope &= Q(support_tier=policy.tier) if policy.tier else Q()
    rescoped = _rescoped(policy)
    found = Tenant.objects.order_by("pk") if rescoped else Tenant.objects.filter(scope).order_by("pk")
    if policy.retired or rescoped:
        return [tenant.pk for tenant in found]
    return [tenant.pk for tenant in found if policies.choose(tenant, now).policy == policy]


def _rescoped(policy: Policy) -> bool:
    before = Policy.objects.filter(key=policy.key, version__lt=policy.version)
    same = {"tenant_id": policy.tenant_id, "segment": policy.segment, "tier": policy.tier}
    return before.exists() and before.exclude(**same).exists()


def _move_some(rollout: Rollout, under_way: Pass, most: int, now: datetime) -> int:
    """Move up to `most` clock sets of the first tenant left; how many steps of the budget that took."""
    tenant, policy = Tenant.objects.filter(pk=under_way.tenants[0]).first(), rollout.policy
    ids: list[int] = []
    if tenant is not None:
        choice = policies.choose(tenant, now)
        differing = counting_otherwise(tenant, choice)
        later = differing.filter(clock_set_id__gt=under_way.after).order_by("clock_set_id")
        ids = list(later.values_list("clock_set_id", flat=True).distinct()[:most])
        if ids:
            deed = _deed(policy, choice, now)
            rollout.clocks += move(differing.filter(clock_set_id__in=ids), under_way, choice, policy, deed)
    if len(ids) < most:
        under_way.tenants, under_way.after = under_way.tenants[1:], 0
    else:
        under_way.after = ids[-1]
    return max(len(ids), 1)


def counting_otherwise(tenant: Tenant, choice: PolicyChoice) -> QuerySet[Clock]:
    """The tenant's open clocks that count by another version than the one that holds."""
    found = Clock.objects.filter(tenant=tenant, state__in=OPEN)
    return found.exclude(policy=choice.policy) if choice.policy else found


def move(found: QuerySet[Clock], under_way: Pass, choice: PolicyChoice, policy: Policy | None, deed: Deed) -> int:
    """Retarget the clocks that nobody holds; those that somebody does are left to the next pass. Answers how many.

    All are one tenant's; `policy` is the version that the event names.
    """
    wanted = found.count()
    locked = list(found.order_by("clock_set_id", "pk").select_for_update(skip_locked=True, of=("self",)))
    under_way.skipped += max(wanted - len(locked), 0)
    told: dict[int, list[dict[str, Any]]] = {}
    moved = 0
    for clock, line in _retargeted(locked, choice, deed, under_way):
        moved += 1
        told.setdefault(clock.clock_set_id, []).append(line)
    tenant_id = locked[0].tenant_id if locked else 0
    events.record_many([_fact(policy, tenant_id, pk, lines, deed) for pk, lines in told.items()])
    return moved


def _retargeted(
    locked: list[Clock], choice: PolicyChoice, deed: Deed, under_way: Pass
) -> Iterator[tuple[Clock, dict[str, Any]]]:
    """Each clock that was moved, with the event's line. All at once; where one of them fails, one by one."""
    were_due = {clock.pk: clock.due_at for clock in locked}
    try:
        with transaction.atomic():
            effects = clocks.retarget_all(locked, choice=choice, deed=deed)
        yield from ((clock, _line(clock, were_due[clock.pk], effects.get(clock.pk, []))) for clock in locked)
        return
    except Exception as error:
        log.warning("sla.rollout_one_by_one", error=repr(error))
    for clock in Clock.objects.filter(pk__in=were_due).order_by("clock_set_id", "pk"):
        try:
            with transaction.atomic():
                done = clocks.retarget_one(clock, priority=clock.priority, choice=choice, deed=deed)
        except Exception:
            log.exception("sla.rollout_clock_failed", clock=clock.pk)
            under_way.failed += 1
        else:
            yield clock, _line(clock, were_due[clock.pk], done)


def _deed(policy: Policy, choice: PolicyChoice, now: datetime) -> Deed:
    """Why, and from when: a clock that falls to another policy does so once both hold."""
    at = held_from(policy)
    if choice.policy is not None:
        at = max(at, held_from(choice.policy))
    reason = f"Retired: {policy.reason}".strip(" :") if policy.retired else policy.reason
    return Deed(min(at, now), f"policy:{policy.key} version {policy.version}", ACTOR, reason)


def _line(clock: Clock, was_due: datetime | None, effects: list[Effect]) -> dict[str, Any]:
    return {
        "clock": clock.pk,
        "metric": clock.metric,
        "cycle": clock.cycle,
        "round": clock.round,
        "effects": [effect.effect for effect in effects],
        "was_due": was_due.isoformat() if was_due else None,
        "due": clock.due_at.isoformat() if clock.due_at and clock.state in OPEN else None,
        "state": clock.state,
    }


def _fact(policy: Policy | None, tenant_id: int, clock_set: int, lines: list[dict[str, Any]], deed: Deed) -> Fact:
    payload: dict[str, Any] = {"policy": "", "name": "No policy", "version": 0, "clocks": lines}
    if policy is not None:
        payload |= {"policy": policy.key, "name": policy.name, "version": policy.version}
    return Fact("clock.retargeted", tenant_id, ("clock_set", clock_set), ACTOR, payload, deed.at, deed.reason)


def _end_pass(rollout: Rollout, over: Pass, now: datetime) -> None:
    """Done, or once more: for clocks that were held, or because the version's instant was only just reached."""
    settled, tries = held_from(rollout.policy) + SETTLED, rollout.cursor.get("tries", 0)
    rollout.cursor, rollout.failed = {"tries": tries + (1 if over.failed else 0)}, over.failed
    if over.skipped:
        rollout.next_step_at = now + AGAIN
    elif over.failed and tries < MOST_TRIES:
        rollout.next_step_at = now + SETTLED * 2**tries
    elif datetime.fromisoformat(over.at) < settled:
        rollout.next_step_at = max(settled, now)
    else:
        rollout.next_step_at, rollout.finished_at = None, now
