"""Working the jobs off. An export holds its row by a lease while it writes; an erasure does a batch per transaction."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import datetime, timedelta
from typing import IO

import structlog
from django.core.files import File
from django.db.models import Q

from companyos.events import log as events
from tenants import isolation
from tenants.access import SYSTEM, system_named
from tenants.models import DataJob, Requester
from tenants.models.privacy import export_path
from tenants.privacy import jobs, own
from tenants.privacy.archive import Archive
from tenants.retention import files, holds
from tenants.retention.classes import function, functions

log = structlog.get_logger(__name__)
PRIVACY = system_named("Privacy")
LEASE = timedelta(minutes=5)
MOST_FAILURES = 4
BATCH = 20
State = DataJob.State


def step(now: datetime) -> bool:
    """Do the next piece of the job that has waited longest: a whole export, or one batch of an erasure; False for none.

    A worker that dies costs the piece it was at: the lease runs out, or the batch rolls back, and the next one repeats.
    """
    job = _claim(now)
    if job is None:
        return False
    try:
        if job.kind == DataJob.Kind.EXPORT:
            _export(job, now)
        else:
            _erase_batch(job, now)
    except Exception as error:  # whatever goes wrong, the job says so and is tried again
        _failed(job, error, now)
    return True


def _claim(now: datetime) -> DataJob | None:
    with isolation.scope(SYSTEM):
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        job = (
            DataJob.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("requester", "tenant")
            .filter(free, state__in=[State.QUEUED, State.RUNNING])
            .order_by("asked_at", "id")
            .first()
        )
        if job is None:
            return None
        if job.kind == DataJob.Kind.EXPORT and not job.file:
            # Known before it is written, so that a worker that dies leaves no file that nobody knows of.
            job.file = export_path(job, "")
        if job.state == State.QUEUED:
            job.total = function("COUNT_CASES")(job.requester)
        job.state, job.leased_until = State.RUNNING, now + LEASE
        job.save(update_fields=["state", "leased_until", "total", "file"])
        return job


# ── Export ───────────────────────────────────────────────────────────────────
def _export(job: DataJob, now: datetime) -> None:
    with tempfile.TemporaryFile() as target:
        with Archive(target, lambda done: _progressed(job, done, now)) as archive:
            for part in functions("EXPORTS"):
                part(job.requester, archive)
            archive.conclude(tenant=job.tenant.slug, requester=job.requester.external_id, made_at=now)
        job.size, job.sha256 = target.tell(), _sha256(target)
        storage = job.file.storage
        storage.delete(str(job.file.name))
        target.seek(0)
        stored = storage.save(job.file.name, File(target))
    _keep(job, stored, now)


def _sha256(target: IO[bytes]) -> str:
    target.seek(0)
    return hashlib.file_digest(target, "sha256").hexdigest()  # type: ignore[arg-type]


def _progressed(job: DataJob, done: int, now: datetime) -> None:
    """How far it is, for whoever watches, and more time; a job that was taken away meanwhile is noticed in `_keep`."""
    with isolation.scope(SYSTEM):
        DataJob.objects.filter(pk=job.pk, state=State.RUNNING).update(done=done, leased_until=now + LEASE)


def _keep(job: DataJob, stored: str, now: datetime) -> None:
    with isolation.scope(SYSTEM):
        locked = DataJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if locked.state != State.RUNNING or Requester.objects.get(pk=job.requester_id).erased_at is not None:
            files.doom(job.tenant_id, stored, now)
            return
        locked.file, locked.size, locked.sha256 = stored, job.size, job.sha256
        locked.expires_at, locked.done = now + jobs.KEPT_FOR, locked.total
        _finish(locked, State.DONE, now)


# ── Erasure ──────────────────────────────────────────────────────────────────
def _erase_batch(job: DataJob, now: datetime) -> None:
    with isolation.scope(SYSTEM):
        locked = DataJob.objects.select_for_update(of=("self",)).select_related("requester").get(pk=job.pk)
        if locked.state != State.RUNNING:
            return
        held = holds.on_erasing(locked.requester)
        if held:
            locked.error = f"A legal hold of {held[0].placed_at:%Y-%m-%d} forbids the erasure."
            _finish(locked, State.FAILED, now)
            return
        if locked.requester.erased_at is None:
            _take_exports(locked.requester, now)
            own.erase_requester(locked)
        elif erased := function("ERASE_BATCH")(locked, locked.requester, BATCH):
            locked.done += erased
        else:
            _erase_rest(locked, now)
            return
        locked.leased_until, locked.attempts = None, 0
        locked.save(update_fields=["done", "leased_until", "attempts"])


def _take_exports(requester: Requester, now: datetime) -> None:
    for export in DataJob.objects.select_for_update().filter(requester=requester, kind=DataJob.Kind.EXPORT):
        jobs.take_file(export, now)


def _erase_rest(job: DataJob, now: datetime) -> None:
    references: list[str] = []
    for part in functions("ERASE_REST"):
        part(job, job.requester, references, now)
    job.refresh_from_db()
    _finish(job, State.DONE, now)


# ── Both ─────────────────────────────────────────────────────────────────────
def _finish(job: DataJob, state: str, now: datetime) -> None:
    job.state, job.finished_at, job.leased_until = state, now, None
    job.save()
    events.record(
        f"privacy.{job.kind}_{state}",
        tenant_id=job.tenant_id,
        subject=("requester", job.requester_id),
        actor=PRIVACY,
        payload={"job": str(job.uuid), "kind": job.kind, "state": state, "cases": job.done},
        at=now,
    )


def _failed(job: DataJob, error: Exception, now: datetime) -> None:
    log.warning("privacy.job_failed", job=str(job.uuid), kind=job.kind, error=type(error).__name__)
    with isolation.scope(SYSTEM):
        locked = DataJob.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if locked.state != State.RUNNING:
            return
        locked.attempts += 1
        locked.error = str(error)[:2000]
        locked.leased_until = now + timedelta(seconds=30 * 2**locked.attempts)
        if locked.attempts >= MOST_FAILURES:
            files.doom(locked.tenant_id, locked.file.name or "", now)
            locked.file = ""
            _finish(locked, State.FAILED, now)
        else:
            locked.save(update_fields=["attempts", "error", "leased_until"])
