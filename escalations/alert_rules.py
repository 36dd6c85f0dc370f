"""Editing alert rules. A rule of one tenant takes reach over it, a rule for all of them reach over every tenant."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from companyos.web.errors import DomainError, Forbidden, NotFound, require_unchanged
from escalations.models import AlertRule, Channel
from sla.models import Policy
from tenants.access import Actor
from tenants.models import Tenant, User

TELLS = ("owner", "lead", "watchers")


def get_rule(rule_id: int) -> AlertRule:
    """Within the asker's scope. Raises NotFound."""
    found = AlertRule.objects.select_related("tenant", "channel", "reassign_to").filter(pk=rule_id).first()
    if found is None:
        raise NotFound("not_found", f"There is no alert rule {rule_id}.")
    return found


def may_edit(actor: Actor, tenant_id: int | None) -> bool:
    """Whether what is the tenant's (None: everybody's) is the actor's to edit."""
    if not actor.can("policy.edit"):
        return False
    return actor.tenant_ids is None or (tenant_id is not None and tenant_id in actor.tenant_ids)


def require_reach(actor: Actor, tenant: Tenant | None) -> None:
    actor.require("policy.edit")
    if not may_edit(actor, tenant.pk if tenant else None):
        raise Forbidden(
            "reach", "What holds for every tenant is edited by who reaches every tenant; choose one tenant."
        )


@transaction.atomic
def save(
    rule: AlertRule | None, values: Mapping[str, Any], people: Collection[User], *, actor: Actor, seen: int = 0
) -> AlertRule:
    """Make a rule, or change `rule` as it was `seen` (its version). Raises DomainError, Forbidden, Conflict."""
    row = AlertRule() if rule is None else _locked(rule, seen)
    if rule is not None:
        require_reach(actor, row.tenant)
        row.version += 1
    for name, value in values.items():
        setattr(row, name, value)
    require_reach(actor, row.tenant)
    _check(row, people)
    row.save()
    row.people.set(people)
    return row


@transaction.atomic
def switch(rule: AlertRule, enabled: bool, *, actor: Actor) -> AlertRule:
    """Turn it on or off; what is so already stays as it is."""
    row = _locked(rule, None)
    require_reach(actor, row.tenant)
    if row.enabled != enabled:
        row.enabled, row.version = enabled, row.version + 1
        row.save(update_fields=["enabled", "version"])
    return row


@transaction.atomic
def remove(rule: AlertRule, *, actor: Actor, seen: int) -> None:
    """The escalations that it called stay."""
    row = _locked(rule, seen)
    require_reach(actor, row.tenant)
    row.delete()


def _locked(rule: AlertRule, seen: int | None) -> AlertRule:
    row = AlertRule.objects.select_for_update(of=("self",)).select_related("tenant").filter(pk=rule.pk).first()
    if row is None:
        raise NotFound("not_found", "This rule was removed meanwhile.")
    require_unchanged(row.version, seen, f"“{row.name}”")
    return row


def _check(row: AlertRule, people: Collection[User]) -> None:
    if AlertRule.objects.filter(tenant=row.tenant, name=row.name).exclude(pk=row.pk).exists():
        raise DomainError("taken", f"There is a rule “{row.name}” already; name this one otherwise.", "name")
    somebody = bool(people) or any(getattr(row, name) for name in TELLS)
    if (row.in_console or row.by_email) and not somebody and not _acts(row):
        raise DomainError("nobody", "Say whom to tell: the owner, the lead, watchers or people by name.", "people")
    if not _acts(row) and not row.in_console and not row.by_email:
        raise DomainError("nothing", "The rule does nothing; choose a way to tell somebody, or a deed.", "in_console")
    if row.by_email and not somebody:
        raise DomainError("nobody", "Say who gets the e-mail.", "people")
    if row.reassign == AlertRule.Reassign.PERSON and row.reassign_to is None:
        raise DomainError("required", "Say to whom the case is given.", "reassign_to")
    if row.reassign != AlertRule.Reassign.PERSON:
        row.reassign_to = None
    if row.policy_key and not Policy.objects.filter(key=row.policy_key).exists():
        raise DomainError("unknown", f"There is no policy {row.policy_key}.", "policy_key")
    if row.tenant is not None and (row.segment or row.tier):
        raise DomainError("scope", "A rule for one tenant needs no segment and no tier.", "segment")
    _check_channel(row, row.channel)


def _check_channel(row: AlertRule, channel: Channel | None) -> None:
    if channel is not None and channel.tenant_id not in (None, row.tenant_id):
        text = f"“{channel.name}” is another tenant's channel; a rule for all needs a shared one."
        raise DomainError("channel", text, "channel")


def _acts(row: AlertRule) -> bool:
    return bool(row.channel_id or row.channel or row.reassign or row.raise_priority or row.escalate)
