"""Where on the case's page the message or transition stands that made a line of a clock's ledger."""

from __future__ import annotations

from collections.abc import Iterable

from cases.lifecycle import MOVES
from cases.models import Case
from companyos.events.models import Event
from sla.explaining.explain import Explanation, Line
from tenants.access import Actor

OTHERS = {"case:opened": "case.opened", "priority": "case.prioritised"}


def places(case: Case, told: Explanation, actor: Actor) -> dict[int, str]:
    """The anchor of the cause of each line, by the line's number; nothing where the actor may not read the case."""
    if not actor.reads_content(case.tenant_id, case.pk):
        return {}
    instants = {line.asked_at or line.at for line in told.lines}
    events = list(Event.objects.filter(subject_kind="case", subject_id=case.pk, at__in=instants).order_by("pk"))
    found = ((line.seq, _event(line, events)) for line in told.lines)
    return {seq: f"event-{event.pk}" for seq, event in found if event is not None}


def _event(line: Line, events: Iterable[Event]) -> Event | None:
    kind, _, what = line.cause.partition(":")
    if kind == "message":
        return next((one for one in events if str(one.payload.get("message", "")) == what), None)
    name = MOVES[what].event if kind == "transition" and what in MOVES else OTHERS.get(line.cause, "")
    at = line.asked_at or line.at
    return next((one for one in events if (one.name, one.at) == (name, at)), None)
