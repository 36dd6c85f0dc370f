"""Proof that every clock's row is what its ledger says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from sla import book
from sla.calendars import CalendarError
from sla.models import Clock, ClockEntry

CHUNK = 500


@dataclass
class Proof:
    """What was read, and each difference as a line for people."""

    clocks: int = 0
    entries: int = 0
    differences: list[str] = field(default_factory=list)


def verify() -> Proof:
    """Reads every clock in chunks through a server-side cursor, so memory stays bounded. Call it inside a scope.

    The ledger is read a moment after its row. What differs is therefore looked at again under the row's lock: a verb in
    between is no difference.
    """
    proof = Proof()
    for clock in Clock.objects.order_by("pk").prefetch_related("entries", "alerts").iterator(chunk_size=CHUNK):
        rows = sorted(clock.entries.all(), key=lambda row: row.seq)
        proof.clocks += 1
        proof.entries += len(rows)
        if list(differences(clock, rows)):
            proof.differences += [f"clock {clock.pk} ({clock}): {text}" for text in _again(clock.pk)]
    return proof


def differences(clock: Clock, rows: list[ClockEntry]) -> Iterator[str]:
    """What the row says otherwise than its ledger, one line a field."""
    sequence = [row.seq for row in rows]
    if sequence != list(range(1, len(rows) + 1)) or not rows:
        yield f"the ledger's numbers should be 1, 2, 3 …, they are {sequence}"
        return
    if any(later.at < earlier.at for earlier, later in pairwise(rows)):
        yield "the ledger's instants go backwards"
    if {row.tenant_id for row in rows} | {alert.tenant_id for alert in clock.alerts.all()} != {clock.tenant_id}:
        yield "the ledger belongs to another tenant"
    try:
        rebuilt = book.columns(rows, book.alerted_shares(clock))
    except (ValueError, CalendarError) as error:
        yield f"the ledger cannot be read: {error}"
        return
    for name, value in rebuilt.items():
        stored = getattr(clock, name)
        if stored != value:
            yield f"{name} is {stored}, the ledger says {value}"


def _again(clock_id: int) -> list[str]:
    clock = Clock.objects.select_for_update().get(pk=clock_id)
    return list(differences(clock, list(clock.entries.order_by("seq"))))
