"""A tenant that comes to another segment or support tier: its open clocks count by what holds for it from then on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import timezone

from companyos.web.errors import DomainError
from sla import jobs, policies, rollout
from sla.book import Deed
from sla.models import Job
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import Tenant

KIND = "follow"
SCOPES = {"support_tier": "Support tier", "segment": "Segment"}


def step(job: Job, now: datetime) -> bool:
    """Retarget the next clocks of the tenant, dated at its change; those that somebody holds once more, a little later.

    Raises DomainError when some could not be moved, however often it was tried.
    """
    tenant = Tenant.objects.get(pk=job.params["tenant"])
    choice = policies.choose(tenant, now)
    differing = rollout.counting_otherwise(tenant, choice)
    later = differing.filter(clock_set_id__gt=job.cursor.get("after", 0)).order_by("clock_set_id")
    ids = list(later.values_list("clock_set_id", flat=True).distinct()[: rollout.SETS_A_STEP])
    if ids:
        deed = Deed(datetime.fromisoformat(job.params["at"]), "tenant", rollout.ACTOR, job.params["reason"])
        under_way = rollout.Pass(now.isoformat(), [tenant.pk])
        job.done += rollout.move(differing.filter(clock_set_id__in=ids), under_way, choice, choice.policy, deed)
        job.cursor = {**job.cursor, "after": ids[-1]}
        return False
    if not differing.exists():
        return _settled(job, now)
    tries = job.cursor.get("tries", 0) + 1
    if tries > rollout.MOST_TRIES:
        raise DomainError("left", f"{differing.count()} clocks could not be moved; the log names them.")
    job.cursor, job.next_step_at = {"tries": tries}, now + rollout.AGAIN * 2**tries
    return False


def _settled(job: Job, now: datetime) -> bool:
    """Once more a minute after the change: a clock may have been started by the old terms in a transaction that was
    still under way."""
    settled = datetime.fromisoformat(job.params["at"]) + rollout.SETTLED
    if now >= settled:
        return True
    job.cursor, job.next_step_at = {}, settled
    return False


# ── Receivers of the tenant's saves ──────────────────────────────────────────
def remember(sender: Any, instance: Tenant, **kwargs: Any) -> None:
    """What the tenant was before it is saved."""
    known = Tenant.objects.filter(pk=instance.pk).values(*SCOPES).first() if instance.pk else None
    vars(instance)["_scopes_before"] = known or {}


def changed(sender: Any, instance: Tenant, **kwargs: Any) -> None:
    """Another tier or segment sets the tenant's open clocks moving."""
    before = vars(instance).pop("_scopes_before", {})
    told = [
        f"{SCOPES[key]} {was or 'none'} → {getattr(instance, key) or 'none'}"
        for key, was in before.items()
        if was != getattr(instance, key)
    ]
    if not told:
        return
    now, who = timezone.now(), isolation.current_actor()
    reason = "; ".join(told) + (f", by {who.name}" if who else "")
    params = {"tenant": instance.pk, "at": now.isoformat(), "reason": reason}
    jobs.ask(KIND, f"Clocks of {instance.name} follow it"[:200], params, actor=SYSTEM, now=now)
