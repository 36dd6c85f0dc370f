"""What a draft would do to the open clocks if it were in force at once: counted in steps by the worker.

It writes nothing of a clock. What it sees is what the person who asked for it reaches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sla import book, ledger
from sla.amounts import write_duration
from sla.documents import read_calendar, read_policy
from sla.drafts import offers
from sla.drafts.offers import Offer
from sla.models import Clock, Draft, Job
from tenants.models import Tenant, but_drills

KIND = "preview"
SETS_A_STEP = 500
MOST_LISTED = 200
OPEN = (ledger.RUNNING, ledger.PAUSED)


@dataclass(frozen=True)
class Shift:
    """What new terms would do to one clock. `due` None: paused, so nobody can know it, or cancelled."""

    was_due: datetime | None
    due: datetime | None
    breaches: bool = False
    cancelled: bool = False

    @property
    def moved(self) -> timedelta:
        """Later is positive; nothing where one of the two is unknown."""
        return self.due - self.was_due if self.due and self.was_due else ledger.NOTHING


def foresee(entries: list[ledger.Entry], target: ledger.Target | None, at: datetime) -> Shift:
    """The clock of these lines, retargeted at `at`; without a target it is cancelled. Pure."""
    before = ledger.fold(entries)
    if target is None:
        return Shift(before.due_at, None, cancelled=True)
    new = ledger.advance(entries, ledger.Entry(ledger.RETARGETED, at, target))
    after = ledger.fold([*entries, *new])
    return Shift(before.due_at, after.due_at, breaches=any(entry.at_retarget for entry in new))


def step(job: Job, now: datetime) -> bool:
    """Look at the next clock sets; True when there are none left. Registered for jobs of the kind "preview"."""
    plan = _plan(job.params, now)
    if not job.cursor:
        return _begin(job, plan)
    sets, left = SETS_A_STEP, job.cursor
    while left["tenants"] and sets > 0:
        tenant_id = left["tenants"][0]
        found = _open(tenant_id).filter(clock_set_id__gt=left["after"]).order_by("clock_set_id")
        ids = list(found.values_list("clock_set_id", flat=True).distinct()[:sets])
        if ids:
            _count(job.result, ids, plan.get(tenant_id), now)
        sets, job.done = sets - len(ids), job.done + len(ids)
        if sets > 0:
            left["tenants"], left["after"] = left["tenants"][1:], 0
        else:
            left["after"] = ids[-1]
    return not left["tenants"]


def _plan(params: dict[str, Any], now: datetime) -> dict[int, Offer | None]:
    """Tenant → what would hold for it, of the tenants for which the draft would change that."""
    before = offers.in_force(now)
    if params["kind"] == Draft.Kind.CALENDAR:
        after = offers.with_calendar(before, read_calendar(params["document"]), now)
    else:
        document = read_policy(params["document"])
        after = offers.with_policy(before, document, params["tenant"], params["retires"])
    return offers.affected(before, after, Tenant.objects.filter(but_drills("")).order_by("pk"))


def _begin(job: Job, plan: dict[int, Offer | None]) -> bool:
    tenants = sorted(plan)
    job.total = Clock.objects.filter(tenant_id__in=tenants, state__in=OPEN).values("clock_set_id").distinct().count()
    job.cursor = {"tenants": tenants, "after": 0}
    counted = dict.fromkeys(("cases", "clocks", "earlier", "later", "same", "paused", "breaches", "cancelled"), 0)
    job.result = {**counted, "tenants": len(tenants), "most_earlier": 0.0, "most_later": 0.0, "breaching": []}
    return not tenants


def _open(tenant_id: int) -> Any:
    return Clock.objects.filter(tenant_id=tenant_id, state__in=OPEN)


def _count(told: dict[str, Any], clock_sets: list[int], offer: Offer | None, now: datetime) -> None:
    """Add the open clocks of these sets, all of one tenant, to what is told so far."""
    rows = Clock.objects.filter(clock_set_id__in=clock_sets, state__in=OPEN).select_related("tenant")
    seen: set[int] = set()
    for clock in rows.prefetch_related("entries").order_by("clock_set_id", "pk"):
        target = offer.target(clock.metric, clock.priority) if offer else None
        shift = foresee(book.lines(clock.entries.all()), target, now)
        seen.add(clock.clock_set_id)
        _tally(told, clock, shift)
    told["cases"] += len(seen)


def _tally(told: dict[str, Any], clock: Clock, shift: Shift) -> None:
    told["clocks"] += 1
    seconds = shift.moved.total_seconds()
    if shift.cancelled:
        told["cancelled"] += 1
    elif shift.due is None or shift.was_due is None:
        told["paused"] += 1
    else:
        told["earlier" if seconds < 0 else "later" if seconds > 0 else "same"] += 1
        told["most_earlier"] = max(told["most_earlier"], -seconds)
        told["most_later"] = max(told["most_later"], seconds)
    if shift.breaches:
        told["breaches"] += 1
        if len(told["breaching"]) < MOST_LISTED:
            told["breaching"].append(_line(clock, shift))


def _line(clock: Clock, shift: Shift) -> dict[str, Any]:
    return {
        "clock_set": clock.clock_set_id,
        "tenant": clock.tenant.name,
        "metric": clock.metric,
        "priority": clock.priority,
        "was_due": _iso(shift.was_due),
        "due": _iso(shift.due),
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def summary(result: dict[str, Any]) -> Iterable[str]:
    """The outcome in a few sentences, the gravest first."""
    if not result.get("clocks"):
        yield "No open clock changes."
        return
    if result["breaches"]:
        yield f"{_many(result['breaches'], 'clock', 'breaches', 'breach')} at once."
    if result["cancelled"]:
        yield f"{_many(result['cancelled'], 'clock', 'is', 'are')} cancelled: nothing is promised any more."
    yield (
        f"{_many(result['cases'], 'case')} of {_many(result['tenants'], 'tenant')}. Due times: "
        f"{result['earlier']} earlier, {result['later']} later, {result['same']} the same, {result['paused']} paused."
    )
    most = [
        f"{write_duration(_whole_minutes(result[name]))} {words}"
        for name, words in (("most_earlier", "earlier"), ("most_later", "later"))
        if result[name]
    ]
    if most:
        yield f"At most {' and '.join(most)}."


def _many(count: int, noun: str, verb: str = "", verbs: str = "") -> str:
    words = f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
    return f"{words} {verb if count == 1 else verbs}".strip()


def _whole_minutes(seconds: float) -> timedelta:
    return timedelta(minutes=max(1, round(seconds / 60)))
