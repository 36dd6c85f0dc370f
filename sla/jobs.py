"""Long work on service levels, in steps: each step is short, commits its progress and can be the last.

A kind of work registers a function here. A worker claims a job's row, which counts as a failure until the step is
done and is committed first: work that kills its worker is given up in the end like any other. Then it does one step in
the scope of the person who asked (or the system's), and writes progress, cursor and result in the same commit; so a
worker that dies costs one step, and a job that was cancelled stops at the next one.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction

from companyos.events import log as events
from companyos.web.errors import DomainError, NotAllowedNow, NotFound
from sla.models import Job
from tenants import actors, isolation
from tenants.access import SYSTEM, Actor
from tenants.models import User

log = structlog.get_logger(__name__)
MOST_FAILURES = 4
LEASE = timedelta(seconds=30)  # how long a job rests whose worker died; a step that lives longer holds the row's lock
KEPT = timedelta(days=90)  # what an ended job found; the page says so
FORGOTTEN_AT_ONCE = 20  # jobs, each with thousands of differences perhaps
MOST_OPEN = 10  # of one person: everybody's previews wait in the same line
# Does one bounded piece of work, changes `done`, `total`, `cursor` and `result` of the row it is given (`next_step_at`
# too, where the next one has to wait), and answers whether that was the last. It runs in one transaction with the
# row's own save.
Step = Callable[[Job, datetime], bool]
_STEPS: dict[str, Step] = {}


def register(kind: str, step: Step) -> None:
    """Name the function that does the steps of a kind; called once, when the app is ready."""
    _STEPS[kind] = step


def ask(kind: str, title: str, params: dict[str, Any], *, actor: Actor, now: datetime) -> Job:
    """Queue a piece of work; a worker is woken after the commit. Raises DomainError for more than MOST_OPEN."""
    if kind not in _STEPS:
        raise ValueError(f"No step is registered for jobs of the kind {kind!r}.")
    asked_by = actor.user_id if actor.kind == "agent" else None
    if asked_by is not None and Job.objects.filter(asked_by_id=asked_by, state__in=Job.OPEN).count() >= MOST_OPEN:
        raise DomainError("too_many", f"{MOST_OPEN} runs of yours are still open; wait for one to end, or cancel one.")
    job = Job.objects.create(
        kind=kind, title=title, params=params, asked_by_id=asked_by, asked_at=now, next_step_at=now
    )
    transaction.on_commit(wake)
    return job


def wake() -> None:
    events.wake("sla.tasks.run_jobs")


def get(job_id: int, *, kind: str, actor: Actor) -> Job:
    """The job, for who asked for it and for those who reach every tenant: what it counted is what its asker reaches."""
    job = visible(actor).filter(pk=job_id, kind=kind).select_related("asked_by").first()
    if job is None:
        raise NotFound("not_found", "There is no such run.")
    return job


def visible(actor: Actor) -> Any:
    """The jobs whose results this actor may read."""
    jobs = Job.objects.all()
    return jobs if actor.tenant_ids is None else jobs.filter(asked_by_id=actor.user_id)


def cancel(job_id: int, *, kind: str, actor: Actor, now: datetime) -> Job:
    """Stop a job at its next step; what it has found so far is kept. Raises NotAllowedNow when it has ended."""
    with transaction.atomic():
        get(job_id, kind=kind, actor=actor)
        job = Job.objects.select_for_update().get(pk=job_id)
        if job.state not in Job.OPEN:
            raise NotAllowedNow("ended", f"“{job.title}” has ended already.")
        job.state, job.ended_at = Job.State.CANCELLED, now
        job.save(update_fields=["state", "ended_at"])
        return job


def step(now: datetime) -> bool:
    """Do the next step of the job that has waited longest; False when none is due. Not within a transaction."""
    job_id = _claim(now)
    if job_id is None:
        return False
    with isolation.scope(SYSTEM):
        job = Job.objects.select_for_update().get(pk=job_id)
        if job.state not in Job.OPEN:  # cancelled, or given up, since it was claimed
            return True
        job.next_step_at = now
        try:
            with transaction.atomic(), _scope(job):
                ended = _STEPS[job.kind](job, now)
        except Exception as error:  # whatever goes wrong, the job says so and is tried again
            _failed(job.pk, error, now)
            return True
        job.state, job.failures, job.error = (Job.State.DONE if ended else Job.State.RUNNING), 0, ""
        job.next_step_at, job.ended_at = max(job.next_step_at, now), now if ended else None
        job.save(update_fields=_SAVED)
    return True


def _claim(now: datetime) -> int | None:
    with isolation.scope(SYSTEM):
        job = (
            Job.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state__in=Job.OPEN, next_step_at__lte=now)
            .order_by("next_step_at", "pk")
            .first()
        )
        if job is None:
            return None
        if job.failures >= MOST_FAILURES:
            job.state, job.ended_at = Job.State.FAILED, now
            job.error = f"The worker ended {job.failures} times in the middle of it."
        else:
            job.failures, job.next_step_at = job.failures + 1, now + LEASE
        job.save(update_fields=["failures", "next_step_at", "state", "ended_at", "error"])
        return job.pk


_SAVED = ["state", "done", "total", "cursor", "result", "failures", "error", "next_step_at", "ended_at"]


def _scope(job: Job) -> Any:
    """What the asker reaches today; somebody who left reaches nothing."""
    if job.asked_by_id is None:
        return nullcontext()
    actor = actors.of_user(User.objects.get(pk=job.asked_by_id))
    if actor is None:
        raise DomainError("asker_left", "Who asked for this has no role any more.")
    return isolation.scope(actor)


def _failed(job_id: int, error: Exception, now: datetime) -> None:
    job = Job.objects.get(pk=job_id)
    job.error = str(error)[:2000] if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"[:2000]
    job.next_step_at = now + timedelta(seconds=2**job.failures)
    ended = job.failures >= MOST_FAILURES or isinstance(error, DomainError)
    if ended:
        job.state, job.ended_at = Job.State.FAILED, now
    job.save(update_fields=["failures", "error", "next_step_at", "state", "ended_at"])
    log.error("sla.job_failed", job=job_id, kind=job.kind, ended=ended, trace=traceback.format_exc()[-4000:])


def forget(now: datetime) -> int:
    """Remove jobs that ended long ago, with what they found; how many of them, few at a time."""
    with isolation.scope(SYSTEM):
        old = (
            Job.objects.filter(ended_at__lt=now - KEPT)
            .order_by("ended_at")
            .values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]
        )
        return Job.objects.filter(pk__in=list(old)).delete()[1].get("sla.Job", 0)
