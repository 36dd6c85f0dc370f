"""How the messages about an event fared, told to those below who may not look into the outbox."""

from __future__ import annotations

from collections.abc import Iterable

from escalations.drill_hops import Message
from integrations.models import Outgoing

State = Outgoing.State


def about(event_ids: Iterable[int]) -> list[Message]:
    """Every message queued about these events, oldest first."""
    found = Outgoing.objects.filter(event__in=list(event_ids)).select_related("user", "channel").order_by("pk")
    return [_told(row) for row in found]


def _told(row: Outgoing) -> Message:
    waits = row.last_error or (
        f"held back until {row.next_attempt_at:%H:%M:%S} UTC" if row.next_attempt_at > row.queued_at else "not sent yet"
    )
    tried = f"{row.attempts} attempt{'' if row.attempts == 1 else 's'}"
    details: dict[str, str] = {State.SENT: tried, State.PENDING: waits}
    return Message(
        to=str(row.user or row.channel),
        kind=row.get_kind_display(),
        queued_at=row.queued_at,
        sent_at=row.sent_at,
        gone=row.state in (State.DROPPED, State.DEAD),
        detail=details.get(row.state, row.result or row.last_error),
    )
