"""The verbs of clocks, and their readings. Each verb is idempotent: what holds already is not done again.

A caller holds the lock of the thing that the clocks belong to; a verb then locks the clock's row, appends to its
ledger, re-projects the row and says what changed. Whatever the verb, a breach that is a fact by then is written first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from companyos.events.log import Acting
from sla import book, ledger
from sla.book import Deed, Terms
from sla.choice import REPEATED
from sla.ledger import Reading
from sla.models import Clock, ClockEntry, ClockSet
from sla.policies import PolicyChoice, Promise, policy_facts, promise
from tenants.models import Tenant

OPEN = (ledger.RUNNING, ledger.PAUSED)
NO_TARGET = "The policy in force has no target for this metric and priority."


@dataclass(frozen=True)
class Effect:
    """What a verb did to one clock. `due_at` is the clock's due instant afterwards (None while nobody can know it)."""

    metric: str
    cycle: int
    effect: str
    due_at: datetime | None

    @classmethod
    def started(cls, clock: Clock) -> Effect:
        return cls(clock.metric, clock.cycle, ledger.STARTED, clock.due_at)

    def as_dict(self) -> dict[str, Any]:
        due_at = self.due_at.isoformat() if self.due_at else None
        return {"metric": self.metric, "cycle": self.cycle, "effect": self.effect, "due_at": due_at}


def new_set(tenant: Tenant) -> ClockSet:
    """An empty set of clocks, for one thing of the tenant."""
    return ClockSet.objects.create(tenant=tenant)


@transaction.atomic
def start(
    clock_set: ClockSet,
    metric: str,
    *,
    cycle: int,
    priority: str,
    policy_for: PolicyChoice,
    at: datetime,
    cause: str,
    actor: Acting,
    reason: str = "",
) -> Clock | None:
    """The clock of that metric and cycle, started unless it was before; None when the policy has no target for it.

    A repeated metric has one open clock at a time: when the last has ended, this starts the next round.
    """
    ClockSet.objects.select_for_update().get(pk=clock_set.pk)
    last = _latest(Clock.objects.filter(clock_set=clock_set), metric, cycle)
    if last is not None and (metric not in REPEATED or last.state in OPEN):
        return last
    promised = promise(policy_for, metric, priority)
    if promised is None or policy_for.policy is None:
        return None
    number = last.round + 1 if last else 0
    clock = Clock(tenant_id=clock_set.tenant_id, clock_set=clock_set, metric=metric, cycle=cycle, round=number)
    book.begin(clock, Terms(priority, policy_for.policy.pk, promised), Deed(at, cause, actor, reason))
    return clock


def pause(
    clock_set: ClockSet, metric: str, *, cycle: int, at: datetime, cause: str, actor: Acting, reason: str = ""
) -> list[Effect]:
    """Stop the clock until it is resumed."""
    return _apply(clock_set, metric, cycle, ledger.PAUSED, Deed(at, cause, actor, reason))


def resume(
    clock_set: ClockSet, metric: str, *, cycle: int, at: datetime, cause: str, actor: Acting, reason: str = ""
) -> list[Effect]:
    """Let a paused clock run on with what was left; a met one too (it was not fixed after all), in the same cycle.

    A repeated promise that was met stays met: the next round is a new clock.
    """
    return _apply(clock_set, metric, cycle, ledger.RESUMED, Deed(at, cause, actor, reason))


def meet(
    clock_set: ClockSet, metric: str, *, cycle: int, at: datetime, cause: str, actor: Acting, reason: str = ""
) -> list[Effect]:
    """The promise is kept at `at`; at the due instant or after it, it is kept late."""
    return _apply(clock_set, metric, cycle, ledger.MET, Deed(at, cause, actor, reason))


def cancel(
    clock_set: ClockSet, metric: str, *, cycle: int, at: datetime, cause: str, actor: Acting, reason: str = ""
) -> list[Effect]:
    """End the clock for good, neither met nor missed from here on. A met clock stays met."""
    return _apply(clock_set, metric, cycle, ledger.CANCELLED, Deed(at, cause, actor, reason))


@transaction.atomic
def retarget(
    clock_set: ClockSet,
    *,
    priority: str,
    choice: PolicyChoice,
    at: datetime,
    cause: str,
    actor: Acting,
    reason: str,
) -> list[Effect]:
    """Put new terms in force on every clock that has not ended; one that they have no target for is cancelled."""
    effects: list[Effect] = []
    for clock in _open(Clock.objects.select_for_update().filter(clock_set=clock_set)):
        effects += retarget_one(clock, priority=priority, choice=choice, deed=Deed(at, cause, actor, reason))
    return effects


def retarget_one(clock: Clock, *, priority: str, choice: PolicyChoice, deed: Deed) -> list[Effect]:
    """Put new terms in force on one clock, open and locked; without a target in them it is cancelled."""
    kind, deed, terms = _retargeting(clock, priority, promise(choice, clock.metric, priority), choice, deed)
    return [] if _holds(clock, terms) else _effects(clock, book.append(clock, kind, deed, terms))


def retarget_all(clocks: Iterable[Clock], *, choice: PolicyChoice, deed: Deed) -> dict[int, list[Effect]]:
    """`retarget_one` for many clocks at once, each with the priority it has: its effects, by clock."""
    promised: dict[tuple[str, str], Promise | None] = {}
    deeds = []
    for clock in clocks:
        place = (clock.metric, clock.priority)
        if place not in promised:
            promised[place] = promise(choice, *place)
        kind, why, terms = _retargeting(clock, clock.priority, promised[place], choice, deed)
        if not _holds(clock, terms):
            deeds.append((clock, kind, why, terms))
    written = book.append_all(deeds)
    return {clock.pk: _effects(clock, written[clock.pk]) for clock, *_ in deeds}


def preview_retarget(clock_set: ClockSet, *, priority: str, choice: PolicyChoice, at: datetime) -> list[Effect]:
    """What `retarget` would do, for the person about to do it; a `breached` among the effects is what it would cost."""
    effects: list[Effect] = []
    for clock in _open(Clock.objects.filter(clock_set=clock_set)):
        promised = promise(choice, clock.metric, priority)
        kind, deed, terms = _retargeting(clock, priority, promised, choice, Deed(at, "preview", _NOBODY))
        if not _holds(clock, terms):
            entries, after = book.preview(clock, kind, deed, terms)
            effects += [_effect(clock, entry.kind, entry.at, after.due_at) for entry in entries]
    return effects


def readings(clock_set_ids: Iterable[int], now: datetime) -> dict[int, list[Reading]]:
    """Every clock of the sets at `now`, oldest cycle first; a set without clocks has an empty list.

    Of a repeated metric the last round of each cycle speaks for it.
    """
    wanted = list(clock_set_ids)
    found: dict[int, list[Reading]] = defaultdict(list, {pk: [] for pk in wanted})
    key = ("clock_set_id", "cycle", "metric")
    last = Clock.objects.filter(clock_set_id__in=wanted).order_by(*key, "-round").distinct(*key)
    for clock in sorted(last, key=lambda clock: (clock.cycle, clock.pk)):
        found[clock.clock_set_id].append(read(clock, now))
    return dict(found)


def read(clock: Clock, now: datetime) -> Reading:
    """One clock at `now`."""
    facts, projection = policy_facts(clock.policy_id), book.projection(clock)
    return ledger.reading(
        projection,
        now,
        metric=clock.metric,
        cycle=clock.cycle,
        round_=clock.round,
        policy_name=facts.name,
        policy_version=facts.version,
        calendar_name=projection.target.calendar.name if projection.target.calendar else "",
        clock_id=clock.pk,
    )


def next_due(given: Iterable[Reading]) -> Reading | None:
    """The running clock that is due first, a breached one included. Only a view: no clock hides another."""
    running = [reading for reading in given if reading.state == ledger.RUNNING and reading.due_at is not None]
    return min(running, key=lambda reading: (reading.due_at, reading.cycle, reading.metric), default=None)


class _Nobody:
    kind, name, identifier = "system", "Preview", None


_NOBODY = _Nobody()


@transaction.atomic
def _apply(clock_set: ClockSet, metric: str, cycle: int, kind: str, deed: Deed) -> list[Effect]:
    clock = _latest(Clock.objects.select_for_update().filter(clock_set=clock_set), metric, cycle)
    if clock is None or (kind == ledger.RESUMED and metric in REPEATED and clock.state == ledger.MET):
        return []
    return _effects(clock, book.append(clock, kind, deed))


def _latest(clocks: QuerySet[Clock], metric: str, cycle: int) -> Clock | None:
    """The clock that speaks for the metric in the cycle: its last round."""
    return clocks.filter(metric=metric, cycle=cycle).order_by("-round").first()


def _open(clocks: QuerySet[Clock]) -> list[Clock]:
    return list(clocks.filter(state__in=OPEN).order_by("pk"))


def _retargeting(
    clock: Clock, priority: str, promised: Promise | None, choice: PolicyChoice, deed: Deed
) -> tuple[str, Deed, Terms | None]:
    if promised is None or choice.policy is None:
        return ledger.CANCELLED, Deed(deed.at, deed.cause, deed.actor, f"{NO_TARGET} {deed.reason}".strip()), None
    return ledger.RETARGETED, deed, Terms(priority, choice.policy.pk, promised)


def _holds(clock: Clock, terms: Terms | None) -> bool:
    return terms is not None and (clock.priority, clock.policy_id) == (terms.priority, terms.policy_id)


def _effects(clock: Clock, written: list[ClockEntry]) -> list[Effect]:
    return [_effect(clock, row.kind, row.at, clock.due_at) for row in written]


def _effect(clock: Clock, kind: str, at: datetime, due_at: datetime | None) -> Effect:
    return Effect(clock.metric, clock.cycle, kind, at if kind == ledger.BREACHED else due_at)
