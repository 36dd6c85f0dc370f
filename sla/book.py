"""A clock's ledger in the database: reading it, appending to it, projecting the row, recording breach and warning."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from companyos.events import log
from companyos.events.log import Acting
from sla import ledger
from sla.ledger import Entry, Projection
from sla.models import Clock, ClockAlert, ClockEntry
from sla.policies import Promise, calendar_spec, policy_facts
from tenants.access import SYSTEM

PROJECTED = tuple(column.name for column in fields(Projection) if column.name != "target")
IN_FORCE = ("priority", "policy_id", "calendar_id", "target", "basis")


@dataclass(frozen=True)
class Deed:
    """What makes an entry: when, by what (a transition, a message), by whom and why."""

    at: datetime
    cause: str
    actor: Acting
    reason: str = ""


@dataclass(frozen=True)
class Terms:
    """What a start or a retarget puts in force."""

    priority: str
    policy_id: int
    promise: Promise


def line(row: ClockEntry) -> Entry:
    """The entry as the pure fold reads it."""
    target = None
    if row.kind in (ledger.STARTED, ledger.RETARGETED):
        spec = calendar_spec(row.calendar_id) if row.calendar_id else None
        target = ledger.Target(row.target, row.basis, spec, policy_facts(row.policy_id).shares)
    return Entry(row.kind, row.at, target, bool(row.detail.get("at_retarget")))


def lines(rows: Iterable[ClockEntry]) -> list[Entry]:
    return [line(row) for row in rows]


def projection(clock: Clock) -> Projection:
    """What the row says, without reading the ledger."""
    spec = calendar_spec(clock.calendar_id) if clock.calendar_id else None
    target = ledger.Target(clock.target, clock.basis, spec, policy_facts(clock.policy_id).shares)
    return Projection(target=target, **{name: getattr(clock, name) for name in PROJECTED})


def columns(rows: list[ClockEntry], alerted: frozenset[int]) -> dict[str, Any]:
    """Every rebuilt column of a clock, from its ledger and the alerts that went out."""
    folded = ledger.fold(lines(rows), alerted)
    last = rows[-1]
    rebuilt = {name: getattr(folded, name) for name in PROJECTED} | {name: getattr(last, name) for name in IN_FORCE}
    rebuilt["cancel_reason"] = last.reason if last.kind == ledger.CANCELLED else ""
    return rebuilt


def alerted_shares(clock: Clock) -> frozenset[int]:
    return frozenset(alert.share for alert in clock.alerts.all())


def begin(clock: Clock, terms: Terms, deed: Deed) -> None:
    """The first line of a new clock, and the clock's row itself."""
    first = _row(clock, 1, Entry(ledger.STARTED, deed.at, terms.promise.target), deed, terms)
    for name, value in columns([first], frozenset()).items():
        setattr(clock, name, value)
    clock.save(force_insert=True)
    first.clock = clock
    first.save(force_insert=True)


def append(clock: Clock, kind: str, deed: Deed, terms: Terms | None = None) -> list[ClockEntry]:
    """Append what `kind` brings about on a locked clock and re-project its row; a repetition appends nothing."""
    rows = list(clock.entries.order_by("seq"))
    new = ledger.advance(lines(rows), Entry(kind, deed.at, terms.promise.target if terms else None))
    written = [_row(clock, len(rows) + n, entry, deed, terms) for n, entry in enumerate(new, start=1)]
    _keep(clock, rows, written)
    return written


def settle(clock: Clock, now: datetime) -> bool:
    """Write down the breach of a locked clock that is a fact by `now`."""
    rows = list(clock.entries.order_by("seq"))
    breach = ledger.settle(ledger.fold(lines(rows)), now)
    if breach is None:
        return False
    _keep(clock, rows, [_row(clock, len(rows) + 1, breach, Deed(now, "due", SYSTEM), None)])
    return True


def warn(clock: Clock, now: datetime) -> bool:
    """Send the first share's alert that is due by `now` on a locked clock."""
    rows = list(clock.entries.order_by("seq"))
    alerted = alerted_shares(clock)
    due = ledger.due_share(lines(rows), alerted, now)
    if due is None:
        return False
    share, at = due
    ClockAlert.objects.create(tenant_id=clock.tenant_id, clock=clock, share=share, at=at, sent_at=now)
    _project(clock, rows, alerted | {share})
    _record("clock.warned", clock, at, share=share, overdue=clock.due_at is not None and clock.due_at <= now)
    return True


def _keep(clock: Clock, rows: list[ClockEntry], written: list[ClockEntry]) -> None:
    if not written:
        return
    ClockEntry.objects.bulk_create(written)
    _project(clock, rows + written, alerted_shares(clock))
    for row in written:
        if row.kind == ledger.BREACHED:
            _record("clock.breached", clock, row.at, share=100, at_retarget=bool(row.detail.get("at_retarget")))


def _project(clock: Clock, rows: list[ClockEntry], alerted: frozenset[int]) -> None:
    rebuilt = columns(rows, alerted)
    changed = [name for name, value in rebuilt.items() if getattr(clock, name) != value]
    for name in changed:
        setattr(clock, name, rebuilt[name])
    if changed:
        clock.save(update_fields=[name.removesuffix("_id") for name in changed])


def _row(clock: Clock, seq: int, entry: Entry, deed: Deed, terms: Terms | None) -> ClockEntry:
    """A line with what is in force from it on: a retarget's new terms, else the clock's present ones."""
    if entry.kind == ledger.BREACHED and not entry.at_retarget:
        deed, terms = Deed(entry.at, "due", SYSTEM), None
    row = ClockEntry(
        tenant_id=clock.tenant_id,
        clock=clock,
        seq=seq,
        kind=entry.kind,
        at=entry.at,
        cause=deed.cause,
        actor_kind=deed.actor.kind,
        actor_id=deed.actor.identifier,
        actor_name=deed.actor.name,
        reason=deed.reason,
        detail=_detail(clock, entry, deed),
    )
    for name, value in _in_force(clock, terms).items():
        setattr(row, name, value)
    return row


def _in_force(clock: Clock, terms: Terms | None) -> dict[str, Any]:
    if terms is None:
        return {name: getattr(clock, name) for name in IN_FORCE}
    promise = terms.promise
    return {
        "priority": terms.priority,
        "policy_id": terms.policy_id,
        "calendar_id": promise.calendar.pk if promise.calendar else None,
        "target": promise.target.amount,
        "basis": promise.target.basis,
    }


def _detail(clock: Clock, entry: Entry, deed: Deed) -> dict[str, Any]:
    """What the columns don't hold: the earlier target of a retarget, and an instant that had to be moved up."""
    detail: dict[str, Any] = {}
    if entry.kind == ledger.RETARGETED or entry.at_retarget:
        detail["earlier"] = {
            "priority": clock.priority,
            "policy_id": clock.policy_id,
            "target_seconds": clock.target.total_seconds(),
            "basis": clock.basis,
            "due_at": clock.due_at.isoformat() if clock.due_at else None,
        }
    if entry.at_retarget:
        detail["at_retarget"] = True
    if entry.kind != ledger.BREACHED and entry.at != deed.at:
        detail["asked_at"] = deed.at.isoformat()
    return detail


def _record(name: str, clock: Clock, at: datetime, **more: Any) -> None:
    """A fact about the clock, dated when it became one, with the state as this transaction leaves it."""
    payload = {
        "clock": clock.pk,
        "metric": clock.metric,
        "cycle": clock.cycle,
        "round": clock.round,
        "priority": clock.priority,
        "state": clock.state,
        "due_at": clock.due_at.isoformat() if clock.due_at else None,
        **more,
    }
    log.record(
        name, tenant_id=clock.tenant_id, subject=("clock_set", clock.clock_set_id), actor=SYSTEM, payload=payload, at=at
    )


def preview(clock: Clock, kind: str, deed: Deed, terms: Terms | None = None) -> tuple[list[Entry], Projection]:
    """What `append` would write and leave behind, writing nothing."""
    told = lines(clock.entries.order_by("seq"))
    new = ledger.advance(told, Entry(kind, deed.at, terms.promise.target if terms else None))
    return new, ledger.fold([*told, *new], alerted_shares(clock))
