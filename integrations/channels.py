"""Editing and testing channels. Their addresses are written, never read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from companyos.web.errors import DomainError, NotFound, require_unchanged
from escalations.alert_rules import require_reach
from escalations.models import Channel
from integrations import chat, reactions
from integrations.models import Outgoing
from tenants.access import Actor


def get_channel(channel_id: int) -> Channel:
    """Within the asker's scope. Raises NotFound."""
    found = Channel.objects.select_related("tenant").filter(pk=channel_id).first()
    if found is None:
        raise NotFound("not_found", f"There is no channel {channel_id}.")
    return found


@transaction.atomic
def save(channel: Channel | None, values: Mapping[str, Any], addresses: str, *, actor: Actor, seen: int = 0) -> Channel:
    """Make a channel, or change `channel` as it was `seen`; empty `addresses` keep those that it has."""
    row = Channel() if channel is None else _locked(channel, seen)
    if channel is not None:
        require_reach(actor, row.tenant)
        row.version += 1
    for name, value in values.items():
        setattr(row, name, value)
    require_reach(actor, row.tenant)
    if addresses.strip() or channel is None:
        lines = chat.parse(addresses)
        row.addresses, row.shown = "\n".join(lines), chat.shown(lines)
    _check(row)
    row.save()
    return row


@transaction.atomic
def remove(channel: Channel, *, actor: Actor, seen: int) -> None:
    """Refused while a rule sends to it; what waits to be sent to it goes too."""
    row = _locked(channel, seen)
    require_reach(actor, row.tenant)
    if row.rules.exists():
        raise DomainError("in_use", f"Alert rules send to “{row.name}”; take it out of them first.", "name")
    row.delete()


@transaction.atomic
def test(channel: Channel, *, actor: Actor, now: datetime) -> Outgoing:
    """Queue a message that says it is a test; one at a time, and quiet hours don't hold it back."""
    row = _locked(channel, None)
    require_reach(actor, row.tenant)
    waiting = last_tests([row]).get(row.pk)
    if waiting is not None and waiting.state == Outgoing.State.PENDING:
        return waiting
    made = Outgoing.objects.create(
        tenant=row.tenant,
        kind=Outgoing.Kind.APPRISE,
        key=f"test:{row.pk}:{now.timestamp()}",
        channel=row,
        subject="Test from CompanyOS",
        body=f"{actor.name} tests the channel “{row.name}”. Alerts about service levels will arrive here.",
        queued_at=now,
        next_attempt_at=now,
    )
    transaction.on_commit(reactions.wake)
    return made


def last_tests(channels: Sequence[Channel]) -> dict[int, Outgoing]:
    """The newest test of each channel that was tested, in one query."""
    found = Outgoing.objects.filter(channel__in=channels, key__startswith="test:")
    newest = found.order_by("channel_id", "-pk").distinct("channel_id")
    return {row.channel_id: row for row in newest if row.channel_id is not None}


def _locked(channel: Channel, seen: int | None) -> Channel:
    row = Channel.objects.select_for_update(of=("self",)).select_related("tenant").filter(pk=channel.pk).first()
    if row is None:
        raise NotFound("not_found", "This channel was removed meanwhile.")
    require_unchanged(row.version, seen, f"“{row.name}”")
    return row


def _check(row: Channel) -> None:
    if Channel.objects.filter(tenant=row.tenant, name=row.name).exclude(pk=row.pk).exists():
        raise DomainError("taken", f"There is a channel “{row.name}” already; name this one otherwise.", "name")
    if (row.quiet_from is None) != (row.quiet_until is None):
        raise DomainError("quiet", "Quiet hours have a beginning and an end.", "quiet_until")
    if row.quiet_from is not None and row.quiet_from == row.quiet_until:
        raise DomainError("quiet", "Quiet hours end at another time than they begin.", "quiet_until")
    if row.pk and row.tenant_id and row.rules.filter(~Q(tenant_id=row.tenant_id) | Q(tenant=None)).exists():
        raise DomainError("in_use", f"A rule for others sends to “{row.name}”; it stays shared.", "tenant")
