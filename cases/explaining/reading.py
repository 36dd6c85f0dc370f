"""The explanation of one of a case's clocks, for somebody: what page and API share."""

from __future__ import annotations

from datetime import datetime, timedelta

from cases.models import Case
from companyos.web.errors import DomainError, NotFound
from sla.explaining import explanations
from sla.explaining.explain import Explanation, NotYet
from sla.models import Clock
from tenants.access import Actor

FARTHEST = timedelta(days=366)


def find_clock(case: Case, clock_id: int) -> Clock:
    """A clock of another case is as absent as none."""
    clock = Clock.objects.filter(pk=clock_id, clock_set_id=case.clock_set_id).first()
    if clock is None:
        raise NotFound("not_found", f"{case.reference} has no clock {clock_id}.")
    return clock


def explained(case: Case, clock: Clock, actor: Actor, at: datetime | None, now: datetime) -> Explanation:
    """The clock as it stood at `at` (now if None), without words that the actor needs a grant for.

    Raises DomainError before its start, and farther ahead than a year.
    """
    instant = now if at is None else at
    if instant > now + FARTHEST:
        raise DomainError("too_far", "Pick an instant at most a year ahead.", "at")
    try:
        return explanations.of_clock(clock, instant, words=actor.reads_content(case.tenant_id, case.pk))
    except NotYet as error:
        started = clock.started_at.isoformat(timespec="seconds")
        raise DomainError("before_start", f"This clock started at {started}; pick a later instant.", "at") from error
