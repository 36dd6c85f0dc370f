"""One-click diagnostics: a runbook's steps against the tenant's telemetry, kept as evidence.

A run is a row. A worker takes it by lease, does one step at a time (network outside any transaction, then one commit
with the artefact and the progress), and so a worker that dies mid-way costs at most the step it was at.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q

from cases.change import changing, record
from cases.models import Case, DiagnosticRun, Evidence, Runbook
from companyos.events import log
from companyos.web import outbound
from companyos.web.errors import DomainError, NotAllowedNow
from tenants import isolation
from tenants.access import SYSTEM, Actor, system_named

LEASE = timedelta(seconds=60)
MAX_ATTEMPTS = 4
MOST_BYTES = 2 * 1024 * 1024
DIAGNOSTICS = system_named("Diagnostics")
WAKE_TASK = "cases.tasks.run_diagnostics"


def start(case: Case, runbook: Runbook, *, actor: Actor, now: datetime, seen: int | None = None) -> DiagnosticRun:
    """Queue the runbook's diagnostics for this case; one run of a runbook at a time."""
    if not runbook.diagnostics:
        raise DomainError("no_diagnostics", f"“{runbook.title}” has no diagnostics to run.", "runbook")
    if not case.tenant.telemetry_url:
        raise DomainError("no_telemetry", f"{case.tenant.name} has no telemetry address; operations set it.", "runbook")
    with changing(case, actor=actor, permission="case.diagnose", seen=seen, now=now) as change:
        if DiagnosticRun.objects.filter(case=case, runbook=runbook, state__in=["queued", "running"]).exists():
            raise NotAllowedNow("already_running", f"“{runbook.title}” is running on this case already.")
        run = DiagnosticRun.objects.create(
            tenant_id=case.tenant_id,
            case=change.case,
            runbook=runbook,
            steps=[{**step, "path": _filled(step["path"], case, runbook)} for step in runbook.diagnostics],
            started_by_id=actor.identifier,
            started_by=actor.name,
            queued_at=now,
            progress="Waiting for a worker",
        )
        change.record("diagnostic.started", {"run": run.pk, "runbook": runbook.title, "steps": len(run.steps)})
        transaction.on_commit(lambda: log.wake(WAKE_TASK))
    return run


def _filled(path: str, case: Case, runbook: Runbook) -> str:
    affected = case.affected.select_related("resource").order_by("id").first()
    values = {
        "tenant": case.tenant.slug,
        "resource": runbook.resource_key or (affected.resource.key if affected else case.context.get("resource", "")),
        "error_id": next(iter(case.context.get("error_ids", [])), ""),
        "reference": case.reference,
    }
    return re.sub(r"\{(\w+)\}", lambda found: quote(str(values.get(found.group(1), "")), safe=""), path)


@dataclass(frozen=True)
class _Claim:
    run_id: int
    step: dict[str, Any]
    number: int
    base_url: str
    token: str


def run_one_step(now: datetime) -> bool:
    """Take the run that has waited longest and do its next step; False when no run is pending or its lease is held."""
    claim = _claim(now)
    if claim is None:
        return False
    try:
        url = claim.base_url.rstrip("/") + claim.step["path"]
        body = _readable(claim.step, outbound.get(url, token=claim.token, most_bytes=MOST_BYTES))
    except (outbound.OutboundError, ValueError, RecursionError) as error:
        _fail(claim, str(error), now)
    else:
        _keep(claim, body, now)
    return True


def _readable(step: dict[str, Any], body: bytes) -> bytes:
    """JSON in the one order and indentation of all artefacts, text as it came; ValueError for what is no JSON."""
    if step.get("as") != "json":
        return body
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False, sort_keys=True).encode()
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The answer is not the JSON that was asked for: {error}.") from error


def _claim(now: datetime) -> _Claim | None:
    with isolation.scope(SYSTEM):
        run = _next_run(now)
        while run is not None and run.attempts >= MAX_ATTEMPTS:
            _give_up(run, now)
            run = _next_run(now)
        if run is None:
            return None
        step = run.steps[run.done_steps]
        run.state, run.leased_until = DiagnosticRun.RUNNING, now + LEASE
        run.attempts += 1
        run.progress = f"{step['title']} ({run.done_steps + 1} of {len(run.steps)})"
        run.save(update_fields=["state", "leased_until", "attempts", "progress"])
        _tell(run, now)
        tenant = run.case.tenant
        return _Claim(run.pk, step, run.done_steps, tenant.telemetry_url, tenant.telemetry_token or "")


def _next_run(now: datetime) -> DiagnosticRun | None:
    return (
        DiagnosticRun.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("case__tenant", "runbook")
        .filter(Q(state="queued") | Q(state="running"), Q(leased_until__isnull=True) | Q(leased_until__lte=now))
        .order_by("queued_at")
        .first()
    )


def _give_up(run: DiagnosticRun, now: datetime) -> None:
    """Its last attempt ended without a word: whatever kills workers at this step is not let loose on another one."""
    run.error = run.error or "The worker was lost at this step."
    _finish(run, DiagnosticRun.FAILED, f"Given up after {run.attempts} attempts: {run.error}"[:200], now)
    run.save()
    _tell(run, now)


def _tell(run: DiagnosticRun, now: datetime) -> None:
    """Progress for whoever watches the page; it stands in the row, so nothing is recorded."""
    log.notify("diagnostic.progressed", tenant_id=run.tenant_id, subject=("case", run.case_id))


def _keep(claim: _Claim, body: bytes, now: datetime) -> None:
    with isolation.scope(SYSTEM):
        run = (
            DiagnosticRun.objects.select_for_update(of=("self",)).select_related("case", "runbook").get(pk=claim.run_id)
        )
        if run.done_steps != claim.number or run.state != DiagnosticRun.RUNNING:
            return  # Another worker took the run over and was quicker.
        _store(run, claim.step, body, now)
        run.done_steps += 1
        run.leased_until, run.attempts = None, 0
        if run.done_steps == len(run.steps):
            _finish(run, DiagnosticRun.DONE, f"{run.done_steps} artefacts collected", now)
        run.save()
        _tell(run, now)


def _store(run: DiagnosticRun, step: dict[str, Any], body: bytes, now: datetime) -> None:
    ending, content_type = ("json", "application/json") if step.get("as") == "json" else ("txt", "text/plain")
    name = f"{run.case.reference}-{step['name']}-{now:%Y%m%dT%H%M%SZ}.{ending}"
    Evidence.objects.create(
        tenant_id=run.tenant_id,
        case=run.case,
        run=run,
        name=name,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        content_type=content_type,
        at=now,
        collected_by=f"{run.runbook.title} (started by {run.started_by})",
        file=ContentFile(body, name=name),
    )


def _finish(run: DiagnosticRun, state: str, words: str, now: datetime) -> None:
    run.state, run.finished_at, run.progress, run.leased_until = state, now, words, None
    artefacts = [
        {"uuid": str(artefact.uuid), "name": artefact.name, "size": artefact.size, "sha256": artefact.sha256}
        for artefact in run.evidence.order_by("id")
    ]
    record(
        run.case,
        "diagnostic.finished" if state == DiagnosticRun.DONE else "diagnostic.failed",
        {"run": run.pk, "runbook": run.runbook.title, "artefacts": artefacts, "error": run.error},
        actor=DIAGNOSTICS,
        now=now,
    )


def _fail(claim: _Claim, error: str, now: datetime) -> None:
    """Try again in a few seconds; after the last attempt the run fails and says why."""
    with isolation.scope(SYSTEM):
        run = (
            DiagnosticRun.objects.select_for_update(of=("self",)).select_related("case", "runbook").get(pk=claim.run_id)
        )
        if run.done_steps != claim.number or run.state != DiagnosticRun.RUNNING:
            return
        run.error = error[:2000]
        if run.attempts >= MAX_ATTEMPTS:
            _finish(run, DiagnosticRun.FAILED, f"{claim.step['title']} failed: {error}"[:200], now)
        else:
            run.leased_until = now + timedelta(seconds=2**run.attempts)
            run.progress = f"{claim.step['title']} failed, trying again: {error}"[:200]
        run.save()
        _tell(run, now)
