"""What a deed would do to a case's clocks, said before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cases.dials import METRIC_NAMES, Dial
from cases.lifecycle import MOVES
from cases.models import Case
from cases.models.case import Priority
from sla import clocks, policies
from sla.clocks import Effect

_VERBS = {"meet": "meets", "start": "starts", "pause": "pauses", "resume": "resumes", "cancel": "ends"}


def of_move(verb: str, dials: list[Dial]) -> list[str]:
    """ "pauses Resolution" for each clock that the move would touch, the open ones only."""
    open_metrics = {one.reading.metric for one in dials if one.reading.state in ("running", "paused")}
    met = {one.reading.metric for one in dials if one.reading.state == "met"}
    told = []
    for operation, metric in MOVES[verb].clocks:
        if operation == "owe":  # begins or not, by the priority that is about to be chosen
            continue
        touched = operation == "start" or metric in open_metrics or (operation == "resume" and metric in met)
        if metric == "*":
            told += [f"ends {METRIC_NAMES[name]}" for name in METRIC_NAMES if name in open_metrics]
        elif touched:
            told.append(f"{_VERBS[operation]} {METRIC_NAMES[metric]}")
    return told


def of_reply(dials: list[Dial]) -> list[str]:
    """What a public reply by a person of the support side meets."""
    owed = {one.reading.metric for one in dials if one.reading.state in clocks.OPEN}
    return [f"meets {METRIC_NAMES[metric]}" for metric in ("first_response", "next_update") if metric in owed]


@dataclass(frozen=True)
class Retargeting:
    """What confirming a priority would do: the new due instants, and whether one is past already."""

    priority: str
    effects: list[Effect]

    @property
    def breaches(self) -> list[Effect]:
        return [effect for effect in self.effects if effect.effect == "breached"]

    @property
    def due(self) -> list[Effect]:
        return [effect for effect in self.effects if effect.effect == "retargeted" and effect.due_at]

    @property
    def paused(self) -> list[Effect]:
        """Retargeted while it stands still: due when it runs again is not known yet."""
        return [effect for effect in self.effects if effect.effect == "retargeted" and not effect.due_at]


def of_priorities(case: Case, now: datetime) -> list[Retargeting]:
    """One line for each other priority."""
    choice = policies.choose(case.tenant, now)
    return [
        Retargeting(one, clocks.preview_retarget(case.clock_set, priority=one, choice=choice, at=now))
        for one in Priority.values
        if one != case.priority
    ]
