"""A clock's ledger in the database: reading it, appending to it, projecting the row, recording breach and warning.

Whatever is written of clocks goes through a `Writing`: a verb's few lines of one clock and a sweep's of hundreds alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from companyos.events import log
from companyos.events.log import Acting, Fact
from companyos.rows import insert, update
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
    return _rebuilt(ledger.fold(lines(rows), alerted), rows[-1])


def _rebuilt(folded: Projection, last: ClockEntry) -> dict[str, Any]:
    rebuilt = {name: getattr(folded, name) for name in PROJECTED} | {name: getattr(last, name) for name in IN_FORCE}
    rebuilt["cancel_reason"] = last.reason if last.kind == ledger.CANCELLED else ""
    return rebuilt


def alerted_shares(clock: Clock) -> frozenset[int]:
    return frozenset(alert.share for alert in clock.alerts.all())


def _ledgers(clocks: Sequence[Clock]) -> dict[int, list[ClockEntry]]:
    """Each clock's lines, in order."""
    found: dict[int, list[ClockEntry]] = {clock.pk: [] for clock in clocks}
    for row in ClockEntry.objects.filter(clock_id__in=found).order_by("clock_id", "seq"):
        found[row.clock_id].append(row)
    return found


def _alerted(clocks: Sequence[Clock]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {clock.pk: set() for clock in clocks}
    for clock_id, share in ClockAlert.objects.filter(clock_id__in=found).values_list("clock_id", "share"):
        found[clock_id].add(share)
    return {clock_id: frozenset(shares) for clock_id, shares in found.items()}


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
    if written:
        writing = Writing()
        writing.lines(clock, written, columns(rows + written, alerted_shares(clock)))
        writing.write()
    return written


def append_all(deeds: Sequence[tuple[Clock, str, Deed, Terms | None]]) -> dict[int, list[ClockEntry]]:
    """`append` for many locked clocks at once, one deed each: what was written, by clock."""
    clocks = [clock for clock, *_ in deeds]
    rows, alerted, writing = _ledgers(clocks), _alerted(clocks), Writing()
    found: dict[int, list[ClockEntry]] = {}
    for clock, kind, deed, terms in deeds:
        told = rows[clock.pk]
        new = ledger.advance(lines(told), Entry(kind, deed.at, terms.promise.target if terms else None))
        written = [_row(clock, len(told) + n, entry, deed, terms) for n, entry in enumerate(new, start=1)]
        found[clock.pk] = written
        if written:
            writing.lines(clock, written, columns(told + written, alerted[clock.pk]))
    writing.write()
    return found


def catch_up(clocks: Sequence[Clock], now: datetime) -> None:
    """Write all that the locked clocks owe by `now`: each clock's missed warnings in order, then its breach.

    Raises ValueError when one of them owes nothing, and whatever a ledger that cannot be read raises; nothing is
    written then.
    """
    rows, alerted = _ledgers(clocks), _alerted(clocks)
    writing = Writing()
    for clock in clocks:
        owed = ledger.owed(lines(rows[clock.pk]), alerted[clock.pk], now)
        if not owed.shares and owed.breach is None:
            raise ValueError("The row's next alert is not its ledger's.")
        told = rows[clock.pk]
        for share, at in owed.shares:
            writing.warning(clock, share, at, now)
        breach = [_row(clock, len(told) + 1, owed.breach, Deed(now, "due", SYSTEM), None)] if owed.breach else []
        writing.lines(clock, breach, _rebuilt(owed.after, [*told, *breach][-1]))
    writing.write()


class Writing:
    """Lines, warnings and columns of any number of locked clocks, written in one statement for each table."""

    def __init__(self) -> None:
        self._lines: list[ClockEntry] = []
        self._alerts: list[ClockAlert] = []
        self._clocks: dict[int, Clock] = {}
        self._changed: set[str] = set()
        self._facts: list[Fact] = []

    def warning(self, clock: Clock, share: int, at: datetime, now: datetime) -> None:
        """That the share was passed at `at`, told at `now`."""
        self._alerts.append(ClockAlert(tenant_id=clock.tenant_id, clock_id=clock.pk, share=share, at=at, sent_at=now))
        overdue = clock.due_at is not None and clock.due_at <= now
        self._facts.append(_fact("clock.warned", clock, at, share=share, overdue=overdue))

    def lines(self, clock: Clock, new: list[ClockEntry], rebuilt: dict[str, Any]) -> None:
        """New lines of a ledger, and its row's columns after them."""
        self._lines += new
        for name, value in rebuilt.items():
            if getattr(clock, name) != value:
                setattr(clock, name, value)
                self._clocks[clock.pk] = clock
                self._changed.add(name)
        for row in new:
            if row.kind == ledger.BREACHED:
                marked = bool(row.detail.get("at_retarget"))
                self._facts.append(_fact("clock.breached", clock, row.at, share=100, at_retarget=marked))

    def write(self) -> None:
        insert(self._lines)
        insert(self._alerts)
        update(list(self._clocks.values()), list(self._changed))
        log.record_many(self._facts)


def _row(clock: Clock, seq: int, entry: Entry, deed: Deed, terms: Terms | None) -> ClockEntry:
    """A line with what is in force from it on: a retarget's new terms, else the clock's present ones."""
    if entry.kind == ledger.BREACHED and not entry.at_retarget:
        deed, terms = Deed(entry.at, "due", SYSTEM), None
    row = ClockEntry(
        tenant_id=clock.tenant_id,
        clock_id=clock.pk,
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


def _fact(name: str, clock: Clock, at: datetime, **more: Any) -> Fact:
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
    return Fact(name, clock.tenant_id, ("clock_set", clock.clock_set_id), SYSTEM, payload, at)


def preview(clock: Clock, kind: str, deed: Deed, terms: Terms | None = None) -> tuple[list[Entry], Projection]:
    """What `append` would write and leave behind, writing nothing."""
    told = lines(clock.entries.order_by("seq"))
    new = ledger.advance(told, Entry(kind, deed.at, terms.promise.target if terms else None))
    return new, ledger.fold([*told, *new], alerted_shares(clock))
