"""A case brought to a state by the verbs, minute by minute."""

from __future__ import annotations

from datetime import timedelta

from cases import lifecycle
from cases.lifecycle import Fix
from cases.models import Case
from sla import clocks
from sla.ledger import Reading
from tests.cast import NOON, Cast

MINUTE = timedelta(minutes=1)
FIX = Fix(summary="The quota was raised.", code="quota", evidence_links=["https://traces.example/1"])


def accepted(cast: Cast, priority: str = "P1", **told: object) -> Case:
    case = cast.open_case(**told)
    agent = cast.actor(cast.agent)
    return lifecycle.accept(case, actor=agent, priority=priority, owner=cast.agent, seen=None, now=NOON + MINUTE)


def started(cast: Cast, **told: object) -> Case:
    return lifecycle.start(accepted(cast, **told), actor=cast.actor(cast.agent), seen=None, now=NOON + 2 * MINUTE)


def waiting(cast: Cast, **told: object) -> Case:
    case = started(cast, **told)
    return lifecycle.wait(case, actor=cast.actor(cast.agent), ask="Which region?", seen=None, now=NOON + 10 * MINUTE)


def resolved(cast: Cast, **told: object) -> Case:
    return lifecycle.resolve(
        started(cast, **told), FIX, actor=cast.actor(cast.agent), seen=None, now=NOON + 30 * MINUTE
    )


def reading(case: Case, metric: str, now, cycle: int = 0) -> Reading | None:
    found = clocks.readings([case.clock_set_id], now)[case.clock_set_id]
    return next((one for one in found if (one.metric, one.cycle) == (metric, cycle)), None)
