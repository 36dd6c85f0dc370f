"""The promise of the next update: while a case is being worked on, each public word begins it anew."""

from __future__ import annotations

from typing import Any

from cases.change import Change
from cases.models.case import Status
from sla import clocks, policies
from sla.ledger import Reading

METRIC = "next_update"
WORKED_ON = (Status.TRIAGE, Status.IN_PROGRESS, Status.WAITING)


def owe(change: Change, cause: str, priority: str = "") -> None:
    """Start the next round unless one is open; it stands still at once while the customer's answer is awaited.

    Nothing is owed before the case is accepted or once it is resolved, nor where the policy promises no updates.
    `priority` is the one about to be set, where it is not the case's yet.
    """
    case = change.case
    if case.accepted_at is None or case.status not in WORKED_ON or _open_round(change) is not None:
        return
    about: dict[str, Any] = {"cycle": case.cycle, "at": change.now, "cause": cause, "actor": change.actor}
    choice = policies.choose(case.tenant, change.now)
    clock = clocks.start(case.clock_set, METRIC, priority=priority or case.priority, policy_for=choice, **about)
    if clock is None:
        return
    change.effects.append(clocks.Effect.started(clock))
    if case.status == Status.WAITING:
        change.effects += clocks.pause(case.clock_set, METRIC, **about)


def posted(change: Change, cause: str) -> list[clocks.Effect]:
    """A public word by a person of the support side: the update that was owed is there, the next one is owed.

    Two words in one instant are one update.
    """
    case, before = change.case, len(change.effects)
    round_ = _open_round(change)
    if round_ is None or round_.started_at < change.now:
        change.effects += clocks.meet(
            case.clock_set, METRIC, cycle=case.cycle, at=change.now, cause=cause, actor=change.actor
        )
        owe(change, cause)
    return change.effects[before:]


def _open_round(change: Change) -> Reading | None:
    case = change.case
    return next(
        (
            one
            for one in clocks.readings([case.clock_set_id], change.now)[case.clock_set_id]
            if one.metric == METRIC and one.cycle == case.cycle and one.state in clocks.OPEN
        ),
        None,
    )
