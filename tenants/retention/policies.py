"""Setting how long a class of data is kept: written as a draft, looked at in a preview, and only then put in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from companyos.web.errors import DomainError, Forbidden, NotAllowedNow, NotFound, require_unchanged
from tenants.access import Actor
from tenants.models import RetentionPolicy, Tenant
from tenants.retention.classes import DataClass, before, check_days, classes, named

PREVIEW_HOLDS = timedelta(hours=24)
DRAFT, PREVIEWED, ACTIVE = RetentionPolicy.State.DRAFT, RetentionPolicy.State.PREVIEWED, RetentionPolicy.State.ACTIVE


@dataclass(frozen=True)
class InForce:
    """What holds for a tenant and class: its own policy in whatever state, else the default; None keeps everything."""

    data_class: DataClass
    policy: RetentionPolicy | None

    @property
    def is_default(self) -> bool:
        return self.policy is not None and self.policy.tenant_id is None

    @property
    def takes(self) -> bool:
        return self.policy is not None and self.policy.state == ACTIVE


def of_tenant(tenant_id: int | None) -> list[InForce]:
    """Per class, in the assembly's order; of None the defaults."""
    rows = RetentionPolicy.objects.select_related("changed_by", "confirmed_by").filter(tenant__isnull=True)
    found = {row.data_class: row for row in rows}
    if tenant_id is not None:
        own = RetentionPolicy.objects.select_related("changed_by", "confirmed_by").filter(tenant_id=tenant_id)
        found |= {row.data_class: row for row in own}
    return [InForce(one, found.get(one.key)) for one in classes().values()]


def get(policy_id: int, actor: Actor) -> RetentionPolicy:
    actor.require("retention.read")
    policy = RetentionPolicy.objects.select_related("tenant").filter(pk=policy_id).first()
    if policy is None:
        raise NotFound("not_found", "There is no such policy.")
    return policy


def set_days(
    tenant: Tenant | None, data_class: str, days: int, *, actor: Actor, now: datetime, seen: int | None = None
) -> RetentionPolicy:
    """Write the period down as a draft; until it is confirmed nothing of the class goes. The same again is the same."""
    _may_edit(actor, tenant.pk if tenant else None)
    one = named(data_class)
    check_days(one, days)
    with transaction.atomic():
        policy, made = RetentionPolicy.objects.select_for_update().get_or_create(
            tenant=tenant,
            data_class=one.key,
            defaults={"days": days, "changed_at": now, "changed_by_id": actor.user_id},
        )
        if made or policy.days == days:
            return policy
        require_unchanged(policy.version, seen, "The policy")
        _save(policy, days=days, state=DRAFT, changed_at=now, changed_by_id=actor.user_id, preview={})
    return policy


def preview(policy: RetentionPolicy, *, actor: Actor, now: datetime, seen: int | None = None) -> RetentionPolicy:
    """Count what the policy would take if it were in force now, tenant by tenant; the confirmation is of just this."""

    def look(locked: RetentionPolicy) -> None:
        if locked.state == ACTIVE:
            raise NotAllowedNow("in_force", "This policy is in force; its runs show what it takes.")
        _save(locked, state=PREVIEWED, previewed_at=now, preview=_counted(locked, now))

    return _changed(policy, actor, seen, look)


def activate(policy: RetentionPolicy, *, actor: Actor, now: datetime, seen: int | None = None) -> RetentionPolicy:
    """Put a policy in force whose preview this person has just seen. From the next run on, data goes."""

    def confirm(locked: RetentionPolicy) -> None:
        if locked.state == ACTIVE:
            return
        if locked.state != PREVIEWED or locked.previewed_at is None:
            raise NotAllowedNow("not_previewed", "Preview the policy first: nobody has seen yet what it takes.")
        if locked.previewed_at < now - PREVIEW_HOLDS:
            raise NotAllowedNow("preview_old", "The preview is older than a day; preview again, then confirm.")
        _save(locked, state=ACTIVE, confirmed_at=now, confirmed_by_id=actor.user_id)

    return _changed(policy, actor, seen, confirm)


def suspend(policy: RetentionPolicy, *, actor: Actor, now: datetime, seen: int | None = None) -> RetentionPolicy:
    """Stop a policy at once: a run that is under way takes nothing more of the class."""

    def stop(locked: RetentionPolicy) -> None:
        if locked.state != DRAFT:
            _save(locked, state=DRAFT, changed_at=now, changed_by_id=actor.user_id, preview={})

    return _changed(policy, actor, seen, stop)


def _changed(
    policy: RetentionPolicy, actor: Actor, seen: int | None, change: Callable[[RetentionPolicy], None]
) -> RetentionPolicy:
    _may_edit(actor, policy.tenant_id)
    with transaction.atomic():
        locked = RetentionPolicy.objects.select_for_update(of=("self",)).select_related("tenant").get(pk=policy.pk)
        require_unchanged(locked.version, seen, "The policy")
        change(locked)
    return locked


def _may_edit(actor: Actor, tenant_id: int | None) -> None:
    actor.require("retention.edit")
    if tenant_id is None and actor.tenant_ids is not None:
        raise Forbidden("forbidden", "The default is every tenant's; it takes somebody who reaches all of them.")


def _save(policy: RetentionPolicy, **values: Any) -> None:
    for name, value in {**values, "version": policy.version + 1}.items():
        setattr(policy, name, value)
    policy.save()


def _counted(policy: RetentionPolicy, now: datetime) -> dict[str, Any]:
    tenants = subject_to(policy)
    found = named(policy.data_class).find(list(tenants), before(policy.days, now))
    most = sorted(found.by_tenant.items(), key=lambda one: (-one[1], tenants[one[0]]))[:50]
    return {
        "total": found.total,
        "held": found.held,
        "bytes": found.size,
        "tenants": [{"tenant": tenants[pk], "count": count} for pk, count in most if count],
        "examples": found.examples[:5],
    }


def subject_to(policy: RetentionPolicy) -> dict[int, str]:
    """The tenants that a policy speaks for: its own, or all that have none of the class."""
    if policy.tenant_id is not None:
        return {policy.tenant_id: str(policy.tenant)}
    own = RetentionPolicy.objects.filter(data_class=policy.data_class, tenant__isnull=False).values("tenant_id")
    return dict(Tenant.objects.exclude(pk__in=own).values_list("pk", "name"))


def takes_of() -> Q:
    """The condition that some policy in force speaks for a tenant: its own, or a default that no own one displaces."""
    own = RetentionPolicy.objects.filter(tenant=OuterRef("pk"))
    condition = Q(Exists(own.filter(state=ACTIVE)))
    defaults = RetentionPolicy.objects.filter(tenant__isnull=True, state=ACTIVE)
    for data_class in defaults.values_list("data_class", flat=True):
        condition |= ~Q(Exists(own.filter(data_class=data_class)))
    return condition


def days_from(text: str) -> int:
    """The number that a person typed."""
    try:
        return int(text.strip())
    except ValueError:
        raise DomainError("not_a_number", "Write the period as a whole number of days.", "days") from None
