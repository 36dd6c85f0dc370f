"""Carrying the policies out: a run per tenant and day, batch by batch, each batch one transaction."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from companyos.events import log as events
from companyos.web.errors import NotAllowedNow
from tenants import isolation
from tenants.access import SYSTEM, Actor, system_named
from tenants.models import RetentionRun, Tenant
from tenants.retention import policies
from tenants.retention.classes import before, classes, named

log = structlog.get_logger(__name__)
RETENTION = system_named("Retention")
EVERY = timedelta(hours=24)
MOST_FAILURES = 5
WAKE_TASK = "tenants.tasks.run_retention"
_OVER = {"over": True}


def start(tenant: Tenant, *, dry: bool, actor: Actor, now: datetime) -> RetentionRun:
    """Queue a run. A dry one counts with every policy, drafts too; a real one takes with those in force."""
    actor.require("retention.edit")
    if not dry and not any(one.takes for one in policies.of_tenant(tenant.pk)):
        raise NotAllowedNow("no_policy", f"No policy is in force for {tenant}; preview one and confirm it first.")
    return _queue(tenant.pk, dry, actor.name, now)


def _queue(tenant_id: int, dry: bool, asked_by: str, now: datetime) -> RetentionRun:
    try:
        with transaction.atomic():
            run = RetentionRun.objects.create(
                tenant_id=tenant_id, dry=dry, asked_at=now, asked_by=asked_by, next_step_at=now
            )
    except IntegrityError:
        raise NotAllowedNow("running", "A run is under way for this tenant; wait until it is done.") from None
    transaction.on_commit(lambda: events.wake(WAKE_TASK))
    return run


def plan_one(now: datetime) -> bool:
    """Queue the day's run for one tenant with a policy in force; False when every tenant has had its run."""
    with isolation.scope(SYSTEM):
        recent = RetentionRun.objects.filter(tenant=OuterRef("pk"), dry=False, asked_at__gt=now - EVERY)
        pending = RetentionRun.objects.filter(tenant=OuterRef("pk"), dry=False, finished_at__isnull=True)
        waiting = Tenant.objects.filter(policies.takes_of()).exclude(Exists(recent)).exclude(Exists(pending))
        tenant = waiting.order_by("pk").first()
        if tenant is None:
            return False
        # Somebody may have started this tenant's run just now: it has it then, and the others wait for theirs.
        with suppress(NotAllowedNow):
            _queue(tenant.pk, False, RETENTION.name, now)
        return True


def step(now: datetime) -> bool:
    """Do one batch of the run that has waited longest; False when none is due. A batch that fails leaves no trace."""
    run_id = None
    try:
        with isolation.scope(SYSTEM):
            run = _claim(now)
            if run is None:
                return False
            run_id = run.pk
            _advance(run, now)
            run.save()
    except Exception as error:  # whatever a class's code or the storage raises, the run says so and tries again
        if run_id is None:
            raise
        _failed(run_id, error, now)
    return True


def _claim(now: datetime) -> RetentionRun | None:
    return (
        RetentionRun.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("tenant")
        .filter(state__in=[RetentionRun.QUEUED, RetentionRun.RUNNING], next_step_at__lte=now)
        .order_by("next_step_at", "id")
        .first()
    )


def _advance(run: RetentionRun, now: datetime) -> None:
    if run.state == RetentionRun.QUEUED:
        run.counts, run.state = _counted(run), RetentionRun.RUNNING
    elif (key := next((key for key in classes() if not run.counts.get(key, _OVER)["over"]), None)) is not None:
        _take(run, key)
    if all(one["over"] for one in run.counts.values()):
        _finish(run, RetentionRun.DONE, now)
    run.attempts, run.error, run.next_step_at = 0, "", max(now, run.next_step_at)


def _counted(run: RetentionRun) -> dict[str, Any]:
    """Per class what is found at the run's instant; a dry run is over with that."""
    counts = {}
    for one in policies.of_tenant(run.tenant_id):
        if one.policy is None or not (one.takes or run.dry):
            continue
        days = one.policy.days
        found = one.data_class.find([run.tenant_id], before(days, run.asked_at))
        counts[one.data_class.key] = {
            "days": days,
            "found": found.total,
            "held": found.held,
            "done": 0,
            "over": run.dry or not found.total,
        }
    return counts


def _take(run: RetentionRun, key: str) -> None:
    """One batch. A policy that was changed or stopped since the run began takes nothing more."""
    line = run.counts[key]
    now_in_force = {one.data_class.key: one for one in policies.of_tenant(run.tenant_id)}.get(key)
    policy = now_in_force.policy if now_in_force and now_in_force.takes else None
    taken = named(key).take(run.tenant_id, policy.days, run.asked_at) if policy and policy.days == line["days"] else 0
    line["done"] += taken
    line["over"] = taken == 0


def _finish(run: RetentionRun, state: str, now: datetime) -> None:
    run.state, run.finished_at = state, now
    if not run.dry:
        counts = {key: one["done"] for key, one in run.counts.items()}
        _tell(run, "retention.ran" if state == RetentionRun.DONE else "retention.failed", counts, now)


def _tell(run: RetentionRun, name: str, counts: dict[str, int], now: datetime) -> None:
    events.record(
        name,
        tenant_id=run.tenant_id,
        subject=("retention_run", run.pk),
        actor=RETENTION,
        payload={"counts": counts, "error": run.error},
        at=now,
    )


def _failed(run_id: int, error: Exception, now: datetime) -> None:
    log.warning("retention.batch_failed", run=run_id, error=str(error))
    with isolation.scope(SYSTEM):
        run = RetentionRun.objects.select_for_update(of=("self",)).get(pk=run_id)
        run.attempts += 1
        run.error = str(error)[:2000]
        run.next_step_at = now + timedelta(minutes=2**run.attempts)
        if run.attempts >= MOST_FAILURES:
            _finish(run, RetentionRun.FAILED, now)
        run.save()
