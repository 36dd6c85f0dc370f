"""How a case moves. The map is the model's FSM; here stand what each move asks for and what it does to the clocks.

Every verb: lock, check version, right and guard; change; write one Transition and one event, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django_fsm import TransitionNotAllowed

from cases import posting, properties, updates
from cases.change import Change, changing
from cases.models import Case, Evidence, Macro, Resolution, ResolutionEvidence, Transition
from cases.models.case import ClosedAs, Severity, Status
from companyos.web.errors import DomainError, NotAllowedNow
from sla import clocks, policies
from sla.choice import METRICS
from tenants.access import Actor
from tenants.models import User


@dataclass(frozen=True)
class Move:
    """One verb of the lifecycle: the FSM method, the event it records, the right it takes, its clock effects.

    `clocks` holds (operation, metric) pairs, applied in this order; the metric "*" means every clock still open, and
    the operation "owe" begins the promise of the next update.
    """

    verb: str
    title: str
    fsm: str
    event: str
    permission: str
    clocks: tuple[tuple[str, str], ...] = ()


MOVES: dict[str, Move] = {
    move.verb: move
    for move in (
        Move(
            "accept",
            "Accept",
            "to_triage",
            "case.accepted",
            "case.transition",
            (("meet", "accept"), ("start", "resolution"), ("owe", "next_update")),
        ),
        Move("start", "Start work", "to_started", "case.started", "case.transition"),
        Move(
            "wait",
            "Wait for the customer",
            "to_waiting",
            "case.waiting",
            "case.transition",
            (("pause", "resolution"), ("pause", "next_update")),
        ),
        Move(
            "resume",
            "Resume",
            "to_resumed",
            "case.resumed",
            "case.answer",
            (("resume", "resolution"), ("resume", "next_update")),
        ),
        Move(
            "dispute",
            "Not waiting on me",
            "to_resumed",
            "case.wait_disputed",
            "case.dispute",
            (("resume", "resolution"), ("resume", "next_update")),
        ),
        Move(
            "resolve",
            "Resolve",
            "to_resolved",
            "case.resolved",
            "case.transition",
            (("meet", "resolution"), ("cancel", "next_update")),
        ),
        Move(
            "reject",
            "Not fixed",
            "to_rejected",
            "case.rejected",
            "case.confirm",
            (("resume", "resolution"), ("owe", "next_update"), ("retarget", "*")),
        ),
        Move("close", "Close", "to_closed", "case.closed", "case.confirm", (("cancel", "*"),)),
        Move(
            "reopen",
            "Reopen",
            "to_reopened",
            "case.reopened",
            "case.reopen",
            (("start", "first_response"), ("start", "resolution"), ("owe", "next_update")),
        ),
        Move("dismiss", "Dismiss", "to_dismissed", "case.dismissed", "case.dismiss", (("cancel", "*"),)),
    )
}
_BY_FSM = {move.fsm: move for move in MOVES.values()}


def allowed_moves(case: Case, actor: Actor) -> list[Move]:
    """The moves that the case's status allows and the actor's role may make, in the order of the table."""
    open_now = {transition.name for transition in case.get_available_status_transitions()}
    return [move for move in MOVES.values() if move.fsm in open_now and actor.can(move.permission)]


@contextmanager
def _moving(case: Case, verb: str, *, actor: Actor, reason: str, seen: int | None, now: datetime) -> Iterator[Change]:
    move = MOVES[verb]
    with changing(case, actor=actor, permission=move.permission, seen=seen, now=now) as change:
        source = change.case.status
        try:
            getattr(change.case, move.fsm)()
        except TransitionNotAllowed as error:
            raise NotAllowedNow("not_allowed_now", _refusal(change.case, move, actor)) from error
        change.fields.add("status")
        yield change
        _turn_clocks(change, move, reason)
        _write_transition(change, move, source, reason)


def _refusal(case: Case, move: Move, actor: Actor) -> str:
    others = [other.title for other in allowed_moves(case, actor)]
    possible = f"From here: {', '.join(others)}." if others else "Nothing can be done from here."
    return f"“{move.title}” is not possible while {case.reference} is {Status(case.status).label}. {possible}"


def _turn_clocks(change: Change, move: Move, reason: str) -> None:
    case = change.case
    about: dict[str, Any] = {"at": change.now, "cause": f"transition:{move.verb}", "actor": change.actor}
    for operation, metric in move.clocks:
        if operation == "start":
            choice = policies.choose(case.tenant, change.now)
            clock = clocks.start(
                case.clock_set, metric, cycle=case.cycle, priority=case.priority, policy_for=choice, **about
            )
            change.effects += [clocks.Effect.started(clock)] if clock else []
            continue
        if operation == "owe":
            updates.owe(change, about["cause"])
            continue
        if operation == "retarget":  # an ended clock takes no new target: the priority may have changed meanwhile
            properties.retarget(change, case.priority, reason)
            continue
        for each in METRICS if metric == "*" else (metric,):
            change.effects += getattr(clocks, operation)(case.clock_set, each, cycle=case.cycle, reason=reason, **about)


def _write_transition(change: Change, move: Move, source: str, reason: str) -> None:
    case = change.case
    Transition.objects.create(
        tenant_id=case.tenant_id,
        case=case,
        cycle=case.cycle,
        verb=move.verb,
        source=source,
        target=case.status,
        actor_kind=change.actor.kind,
        actor_id=change.actor.identifier,
        actor_name=change.actor.name,
        reason=reason,
        at=change.now,
        sla_impact=change.sla(),
    )
    payload = {"verb": move.verb, "source": source, "target": case.status, "cycle": case.cycle, "sla": change.sla()}
    change.record(move.event, payload, reason)


def _demand(text: str, field: str, message: str) -> str:
    cleaned = posting.clean_text(text, field)
    if not cleaned:
        raise DomainError("required", message, field)
    return cleaned


# ── The verbs ────────────────────────────────────────────────────────────────
def accept(
    case: Case,
    *,
    actor: Actor,
    priority: str,
    owner: User | None,
    seen: int | None,
    now: datetime,
    severity: str = "",
    reason: str = "",
) -> Case:
    """New → Triage: the priority is confirmed, somebody owns it, the resolution clock starts."""
    properties.check_priority(priority)
    if severity and severity not in Severity.values:
        raise DomainError("unknown_severity", f"Severity is one of {', '.join(Severity.values)}.", "severity")
    if owner is None:
        raise DomainError("required", "Say who owns the case.", "owner")
    properties.check_owner(case, owner)
    with _moving(case, "accept", actor=actor, reason=reason, seen=seen, now=now) as change:
        if priority != change.case.priority:
            properties.retarget(change, priority, reason or "Priority confirmed in triage")
        change.set(
            priority=priority,
            priority_confirmed=True,
            severity=severity or change.case.severity,
            owner=owner,
            accepted_at=now,
        )
    return change.case


def start(case: Case, *, actor: Actor, seen: int | None, now: datetime, reason: str = "") -> Case:
    """Triage → In progress: somebody works on it."""
    with _moving(case, "start", actor=actor, reason=reason, seen=seen, now=now) as change:
        pass
    return change.case


def wait(
    case: Case,
    *,
    actor: Actor,
    ask: str,
    seen: int | None,
    now: datetime,
    reason: str = "",
    files: Sequence[UploadedFile] = (),
    macro: Macro | None = None,
) -> Case:
    """→ Waiting on customer. The ask is sent as a public message first, so a first response is met, then all pauses."""
    ask = _demand(ask, "ask", "Write what you need from the customer: it is sent to them, and the clock stands still.")
    with _moving(case, "wait", actor=actor, reason=reason, seen=seen, now=now) as change:
        posting.post(change, body=ask, asks=True, files=files, macro=macro)
        change.set(waiting_since=now, waiting_reason=reason or ask)
    return change.case


def resume(case: Case, *, actor: Actor, seen: int | None, now: datetime, reason: str = "") -> Case:
    """Waiting → In progress, by an agent or by any sign of the customer."""
    with _moving(case, "resume", actor=actor, reason=reason, seen=seen, now=now) as change:
        change.set(waiting_since=None, waiting_reason="")
    return change.case


def dispute(case: Case, *, actor: Actor, words: str, now: datetime, channel: str = "") -> Case:
    """Waiting → In progress: the customer says that support is not waiting for them. What they write is sent too."""
    words = posting.clean_text(words, "reason")
    with _moving(case, "dispute", actor=actor, reason=words, seen=None, now=now) as change:
        if words:
            posting.post(change, body=words, channel=channel)
        change.set(waiting_since=None, waiting_reason="")
    return change.case


@dataclass(frozen=True)
class Fix:
    """What a resolution must say. Evidence: collected artefacts of the case, or links (traces, changes, graphs)."""

    summary: str
    code: str
    root_cause: str = ""
    preventive_action: str = ""
    evidence: Sequence[Evidence] = ()
    evidence_links: Sequence[str] = ()


def resolve(case: Case, fix: Fix, *, actor: Actor, seen: int | None, now: datetime) -> Case:
    """→ Resolved: the summary goes to the customer; summary and evidence are required."""
    summary = _demand(fix.summary, "summary", "Write what was done; the customer reads it.")
    if fix.code not in Resolution.Code.values:
        raise DomainError("required", "Choose how it was resolved.", "code")
    links = [link.strip() for link in fix.evidence_links if link.strip()]
    if not fix.evidence and not links:
        raise DomainError(
            "required", "Add evidence: tick a collected artefact or paste a link (trace, change, graph).", "evidence"
        )
    if any(len(link) > 500 for link in links):
        raise DomainError("too_long", "An evidence link has at most 500 characters.", "evidence_links")
    if any(artefact.case_id != case.pk for artefact in fix.evidence):
        raise DomainError("foreign_evidence", "Evidence must belong to this case.", "evidence")
    with _moving(case, "resolve", actor=actor, reason="", seen=seen, now=now) as change:
        posting.post(change, body=summary)
        _write_resolution(change, fix, summary, links)
        days = change.case.tenant.auto_close_days
        change.set(resolved_at=now, auto_close_at=now + timedelta(days=days), waiting_since=None, waiting_reason="")
    return change.case


def _write_resolution(change: Change, fix: Fix, summary: str, links: list[str]) -> None:
    case = change.case
    resolution = Resolution.objects.create(
        tenant_id=case.tenant_id,
        case=case,
        cycle=case.cycle,
        summary=summary,
        code=fix.code,
        root_cause=posting.clean_text(fix.root_cause, "root_cause"),
        preventive_action=posting.clean_text(fix.preventive_action, "preventive_action"),
        evidence_links=links,
        author_name=change.actor.name,
        at=change.now,
    )
    ResolutionEvidence.objects.bulk_create(
        ResolutionEvidence(tenant_id=case.tenant_id, resolution=resolution, evidence=artefact)
        for artefact in fix.evidence
    )


def reject(case: Case, *, actor: Actor, reason: str, seen: int | None, now: datetime) -> Case:
    """Resolved → In progress, same cycle: the customer says that it is not fixed."""
    reason = _demand(reason, "reason", "Say what is still wrong.")
    with _moving(case, "reject", actor=actor, reason=reason, seen=seen, now=now) as change:
        if actor.kind == "requester":
            posting.post(change, body=reason)
        change.set(resolved_at=None, auto_close_at=None)
    return change.case


def close(case: Case, *, actor: Actor, seen: int | None, now: datetime, reason: str = "") -> Case:
    """Resolved → Closed: the customer confirmed, silence lasted long enough, or support closes it."""
    closed_as = {"requester": ClosedAs.CONFIRMED, "system": ClosedAs.SILENT}.get(actor.kind, ClosedAs.AGENT)
    with _moving(case, "close", actor=actor, reason=reason, seen=seen, now=now) as change:
        change.set(closed_at=now, closed_as=closed_as, auto_close_at=None)
    return change.case


def reopen(case: Case, *, actor: Actor, reason: str, seen: int | None, now: datetime) -> Case:
    """Closed → In progress with a new cycle of clocks, full targets; the old cycle stays as it is."""
    reason = _demand(reason, "reason", "Say why it is reopened.")
    with _moving(case, "reopen", actor=actor, reason=reason, seen=seen, now=now) as change:
        if change.case.closed_as in (ClosedAs.SPAM, ClosedAs.DUPLICATE):
            raise NotAllowedNow("not_allowed_now", "Closed as spam or duplicate: it is not reopened; open a new case.")
        change.set(cycle=change.case.cycle + 1, closed_at=None, closed_as="", resolved_at=None)
        if actor.kind == "requester":
            posting.post(change, body=reason)
    return change.case


def dismiss(
    case: Case,
    *,
    actor: Actor,
    kind: str,
    seen: int | None,
    now: datetime,
    reason: str = "",
    duplicate_of: Case | None = None,
) -> Case:
    """New or Triage → Closed, as spam or as a duplicate of another case of the tenant; its clocks are cancelled."""
    if kind not in (ClosedAs.SPAM, ClosedAs.DUPLICATE):
        raise DomainError("unknown_kind", "A case is dismissed as spam or duplicate.", "kind")
    if kind == ClosedAs.DUPLICATE and (duplicate_of is None or duplicate_of.tenant_id != case.tenant_id):
        raise DomainError("required", "Name the case of the same tenant that this one repeats.", "duplicate_of")
    if duplicate_of is not None and duplicate_of.pk == case.pk:
        raise DomainError("own_duplicate", "A case cannot be its own duplicate.", "duplicate_of")
    with _moving(case, "dismiss", actor=actor, reason=reason or kind, seen=seen, now=now) as change:
        change.set(closed_at=now, closed_as=kind, duplicate_of=duplicate_of)
    return change.case
