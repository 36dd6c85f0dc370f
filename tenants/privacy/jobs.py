"""Asking for an export or an erasure, deciding what the portal asked for, and letting exports expire."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from companyos.events import log as events
from companyos.web.errors import DomainError, Forbidden, NotAllowedNow, NotFound
from tenants import isolation
from tenants.access import SYSTEM, Actor
from tenants.models import DataJob, Requester, Tenant
from tenants.retention import files, holds

KEPT_FOR = timedelta(days=7)
MOST_A_DAY = 5  # exports of one person: each is a file that stays for days
LONGEST_REASON = 2000
WAKE_TASK = "tenants.tasks.run_data_jobs"
EXPORT, ERASURE = DataJob.Kind.EXPORT, DataJob.Kind.ERASURE
State = DataJob.State


def get_requester(tenant: Tenant, requester_id: int, actor: Actor) -> Requester:
    """A person of the tenant, within the support side's reach."""
    actor.require("tenant.read")
    found = Requester.objects.filter(tenant=tenant, pk=requester_id).first()
    if found is None:
        raise NotFound("not_found", f"{tenant} has no such requester.")
    return found


def get(uuid: UUID, actor: Actor) -> DataJob:
    """A job in the actor's reach: the support side's by right, a customer's own by row-level security."""
    if actor.is_support and not actor.can("privacy.run"):
        raise Forbidden("forbidden", "Seeing exports and erasures takes privacy.run.")
    job = DataJob.objects.select_related("tenant", "requester").filter(uuid=uuid).first()
    if job is None:
        raise NotFound("not_found", "There is no such job.")
    return job


def ask_export(requester: Requester, *, actor: Actor, now: datetime, reason: str = "") -> DataJob:
    """Queue a copy of everything that is the requester's. While one is under way, asking again answers that one."""
    _may_ask(requester, actor)
    _may_read(requester, actor)
    return _ask(EXPORT, requester, State.QUEUED, actor, now, _cleaned(reason))


def ask_erasure(requester: Requester, *, actor: Actor, now: datetime, typed: str, reason: str = "") -> DataJob:
    """Queue the erasure; asked for by a customer it waits for the support side. `typed` must be the e-mail address."""
    _may_ask(requester, actor)
    _check_typed(requester, typed)
    with _seeing_all(requester, actor):
        _check_holds(requester, actor)
    state = State.QUEUED if actor.is_support else State.WAITING
    return _ask(ERASURE, requester, state, actor, now, _cleaned(reason))


def confirm(job: DataJob, *, actor: Actor, now: datetime, typed: str) -> DataJob:
    """Let an erasure that the portal asked for begin; a second time changes nothing."""
    actor.require("privacy.run")
    with transaction.atomic():
        locked = _locked(job)
        if locked.state == State.WAITING:
            _check_typed(locked.requester, typed)
            _check_holds(locked.requester, actor)
            locked.state, locked.decided_by_id, locked.decided_at = State.QUEUED, actor.user_id, now
            locked.save(update_fields=["state", "decided_by", "decided_at"])
            _tell("privacy.erasure_confirmed", locked, actor, now)
            transaction.on_commit(_wake)
    return locked


def refuse(job: DataJob, *, actor: Actor, now: datetime, reason: str) -> DataJob:
    """Turn down an erasure that waits; the customer reads the reason."""
    actor.require("privacy.run")
    reason = _cleaned(reason)
    if not reason:
        raise DomainError("required", "Say why: the customer reads it.", "reason")
    with transaction.atomic():
        locked = _locked(job)
        if locked.state != State.WAITING:
            raise NotAllowedNow("not_waiting", f"This job is {locked.get_state_display().lower()}; nothing to refuse.")
        locked.state, locked.decided_by_id, locked.decided_at = State.REFUSED, actor.user_id, now
        locked.decision, locked.finished_at = reason, now
        locked.save(update_fields=["state", "decided_by", "decided_at", "decision", "finished_at"])
        _tell("privacy.erasure_refused", locked, actor, now)
    return locked


def downloadable(job: DataJob, *, actor: Actor, now: datetime) -> DataJob:
    """The export, for the one who asked for it and for nobody else; recorded."""
    if (job.asked_by_kind, job.asked_by_id) != (actor.kind, actor.identifier):
        raise Forbidden("not_yours", "Only who asked for an export may download it; ask for one of your own.")
    if job.kind != EXPORT or job.state != State.DONE or job.expires_at is None or job.expires_at <= now:
        raise NotAllowedNow("no_file", "There is no file: the export is not done, or it has expired. Ask again.")
    _may_read(job.requester, actor)
    with isolation.whole_tenant(job.tenant_id):
        _tell("privacy.export_downloaded", job, actor, now)
    return job


def expire_one(now: datetime) -> bool:
    """Take away the file of one export whose days are over; False when there is none."""
    with isolation.scope(SYSTEM):
        over = DataJob.objects.filter(kind=EXPORT, state=State.DONE, expires_at__lte=now)
        job = over.select_for_update(skip_locked=True, of=("self",)).order_by("expires_at").first()
        if job is None:
            return False
        take_file(job, now)
        return True


def take_file(job: DataJob, now: datetime) -> None:
    """The export's file goes once this commits."""
    files.doom(job.tenant_id, job.file.name or "", now)
    job.file, job.state = "", State.EXPIRED
    job.finished_at = job.finished_at or now
    job.save(update_fields=["file", "state", "finished_at"])


def _ask(kind: str, requester: Requester, state: str, actor: Actor, now: datetime, reason: str) -> DataJob:
    with transaction.atomic(), _seeing_all(requester, actor):
        person = Requester.objects.select_for_update().get(pk=requester.pk)
        if person.erased_at is not None:
            raise NotAllowedNow("erased", "This requester was erased already; nothing is left of them.")
        pending = DataJob.objects.filter(requester=person, kind=kind, finished_at__isnull=True).first()
        if pending is not None:
            return pending
        lately = DataJob.objects.filter(requester=person, kind=EXPORT, asked_at__gt=now - timedelta(days=1))
        if kind == EXPORT and lately.count() >= MOST_A_DAY:
            raise NotAllowedNow("too_many", f"{MOST_A_DAY} exports were made within a day; take the last, or wait.")
        job = DataJob.objects.create(
            tenant_id=person.tenant_id,
            kind=kind,
            state=state,
            requester=person,
            asked_by_kind=actor.kind,
            asked_by_id=actor.identifier,
            asked_by_name=actor.name,
            asked_at=now,
            reason=reason,
        )
        _tell(f"privacy.{kind}_asked", job, actor, now)
        transaction.on_commit(_wake)
    return job


def _seeing_all(requester: Requester, actor: Actor) -> isolation.AbstractContextManager[None]:
    """A customer's administrator asks for colleagues, whose rows only the tenant's whole scope shows."""
    return isolation.whole_tenant(requester.tenant_id) if actor.kind == "requester" else transaction.atomic()


def _may_ask(requester: Requester, actor: Actor) -> None:
    if actor.kind != "requester":
        actor.require("privacy.run")
    elif actor.tenant_ids != {requester.tenant_id}:
        raise NotFound("not_found", "There is no such requester.")
    elif requester.pk == actor.requester_id:
        actor.require("privacy.request_own")
    else:
        actor.require("privacy.request")


def _may_read(requester: Requester, actor: Actor) -> None:
    """What a restricted tenant's console hides, no export brings out."""
    if actor.is_support and not (actor.reads_content(requester.tenant_id) and actor.reads_files(requester.tenant_id)):
        raise Forbidden("sealed", "This tenant's content is restricted; ask for access to the whole tenant first.")


def _check_typed(requester: Requester, typed: str) -> None:
    if typed.strip().casefold() != requester.email.casefold():
        raise DomainError("not_confirmed", f"Type {requester.email} to confirm: this cannot be undone.", "typed")


def _check_holds(requester: Requester, actor: Actor) -> None:
    found = holds.on_erasing(requester)
    if found:
        # The reason is the support side's own; the customer learns that there is one, as the law has it.
        why = f": {found[0].reason}" if actor.is_support else ""
        raise NotAllowedNow("on_hold", f"A legal hold of {found[0].placed_at:%Y-%m-%d} forbids the erasure{why}")


def _cleaned(reason: str) -> str:
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        raise DomainError("too_long", f"At most {LONGEST_REASON:,} characters, without null characters.", "reason")
    return reason.strip()


def _locked(job: DataJob) -> DataJob:
    return DataJob.objects.select_for_update(of=("self",)).select_related("requester", "tenant").get(pk=job.pk)


def _tell(name: str, job: DataJob, actor: Actor, now: datetime) -> None:
    payload = {"job": str(job.uuid), "kind": job.kind, "state": job.state}
    events.record(
        name, tenant_id=job.tenant_id, subject=("requester", job.requester_id), actor=actor, payload=payload, at=now
    )


def _wake() -> None:
    events.wake(WAKE_TASK)
