"""The one way in: opening a case, and what the system finds out about it a moment later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F, Q

from cases import posting, properties, triage
from cases.change import Change, changing
from cases.models import Case, CaseNumber, CaseResource
from cases.models.case import Channel
from companyos.web.errors import DomainError, NotFound
from sla import clocks, policies
from tenants import isolation, restriction
from tenants.access import Actor, system_named
from tenants.models import Requester, Resource, Snapshot, Tenant

ENRICHMENT = system_named("Enrichment")
LONGEST_SUBJECT = 200
MOST_SIGNALS = 20
PAST_CASES = 5


@dataclass(frozen=True)
class Report:
    """What a requester tells: words, and what their product adds. `resource` is a key of the tenant's resources."""

    subject: str
    description: str
    error_ids: Sequence[str] = ()
    trace_links: Sequence[str] = ()
    page_url: str = ""
    app_version: str = ""
    resource: str = ""

    def context(self) -> dict[str, Any]:
        return {
            "error_ids": list(self.error_ids),
            "trace_links": list(self.trace_links),
            "page_url": self.page_url,
            "app_version": self.app_version,
            "resource": self.resource,
        }


def _checked(report: Report) -> Report:
    subject = posting.clean_text(report.subject, "subject", LONGEST_SUBJECT)
    description = posting.clean_text(report.description, "description")
    if not subject:
        raise DomainError("required", "Say in a line what is wrong.", "subject")
    if not description:
        raise DomainError("required", "Describe what happened and what you expected.", "description")
    for field in ("error_ids", "trace_links"):
        values = getattr(report, field)
        if len(values) > MOST_SIGNALS:
            raise DomainError("too_many", f"At most {MOST_SIGNALS}.", field)
        for value in values:
            posting.clean_text(value, field, 500)
    for field, link in [*(("trace_links", link) for link in report.trace_links), ("page_url", report.page_url)]:
        if link and not re.match(r"^https?://", link):
            raise DomainError("bad_link", "A link starts with http:// or https://.", field)
    return Report(
        subject=" ".join(subject.split()),
        description=description,
        error_ids=[value.strip() for value in report.error_ids if value.strip()],
        trace_links=list(report.trace_links),
        page_url=posting.clean_text(report.page_url, "page_url", 500),
        app_version=posting.clean_text(report.app_version, "app_version", 60),
        resource=posting.clean_text(report.resource, "resource", 80),
    )


def open_case(
    report: Report,
    *,
    requester: Requester,
    actor: Actor,
    now: datetime,
    channel: str = Channel.WIDGET,
    files: Sequence[UploadedFile] = (),
) -> Case:
    """A new case with its first message, on a provisional priority, its accept and first-response clocks running."""
    actor.require("case.open")
    if actor.tenant_ids is not None and requester.tenant_id not in actor.tenant_ids:
        raise NotFound("not_found", "There is no such requester.")
    restriction.require_content(actor, requester.tenant)
    if requester.erased_at is not None:
        raise DomainError(
            "requester_erased", "This requester was erased; choose the person's present record.", "requester"
        )
    report = _checked(report)
    with transaction.atomic(), isolation.whole_tenant(requester.tenant_id):
        tenant = requester.tenant
        proposal = triage.propose(f"{report.subject}\n{report.description}", report.error_ids)
        case = _create(tenant, requester, report, proposal.priority, channel, now)
        about: dict[str, Any] = {"at": now, "cause": "case:opened", "actor": actor}
        choice = policies.choose(tenant, now)
        for metric in ("accept", "first_response"):
            clocks.start(case.clock_set, metric, cycle=0, priority=case.priority, policy_for=choice, **about)
        with changing(case, actor=actor, permission="case.open", seen=None, now=now) as change:
            readings = clocks.readings([case.clock_set_id], now)[case.clock_set_id]
            started = [
                {
                    "metric": r.metric,
                    "cycle": 0,
                    "effect": "started",
                    "due_at": r.due_at.isoformat() if r.due_at else None,
                }
                for r in readings
            ]
            change.record(
                "case.opened",
                {
                    "subject": case.subject,
                    "priority": case.priority,
                    "severity": proposal.severity,
                    "channel": channel,
                    "requester": requester.name,
                    "policy": choice.why,
                    "sla": started,
                },
            )
            _post_description(change, requester, report.description, files, channel)
    return change.case


def _post_description(
    change: Change, requester: Requester, description: str, files: Sequence[UploadedFile], channel: str
) -> None:
    """The description is the requester's first message, also when an agent or a machine files it for them."""
    from_requester = Change(change.case, _voice_of(requester), change.now)
    posting.post(from_requester, body=description, files=files, channel=channel)
    change.fields |= from_requester.fields


def _voice_of(requester: Requester) -> Actor:
    return Actor(kind="requester", name=requester.name, role="requester", requester_id=requester.pk)


def _create(tenant: Tenant, requester: Requester, report: Report, priority: str, channel: str, now: datetime) -> Case:
    number = _next_number(tenant)
    return Case.objects.create(
        tenant=tenant,
        number=number,
        reference=f"{tenant.prefix}-{number}",
        subject=report.subject,
        priority=priority,
        support_tier=tenant.support_tier,
        requester=requester,
        channel=channel,
        clock_set=clocks.new_set(tenant),
        context=report.context(),
        opened_at=now,
        last_activity_at=now,
    )


def _next_number(tenant: Tenant) -> int:
    """Taken under the counter's row lock: two openings at once get two numbers, and none is ever used again."""
    CaseNumber.objects.bulk_create([CaseNumber(tenant=tenant)], ignore_conflicts=True)
    counter = CaseNumber.objects.select_for_update().get(tenant=tenant)
    counter.last += 1
    counter.save(update_fields=["last"])
    return counter.last


# ── Enrichment ───────────────────────────────────────────────────────────────
def enrich(case: Case, now: datetime) -> Case:
    """Attach the tenant's health, the affected resources frozen as they are, past cases, and a proposed priority.

    While nobody has confirmed the priority, the proposal is put in force and the clocks retargeted. Idempotent.
    """
    with changing(case, actor=ENRICHMENT, permission="case.prioritise", seen=None, now=now) as change:
        if change.case.enriched_at is not None:
            return change.case
        resources = list(Resource.objects.filter(tenant_id=case.tenant_id).order_by("key"))
        affected = _affected(change.case, resources)
        for resource, why in affected:
            freeze(change.case, resource, why, now)
        proposal = _proposal(change.case, [resource for resource, _ in affected])
        past = _past_cases(change.case)
        change.set(
            enriched_at=now,
            enrichment={
                "proposal": proposal.as_dict(),
                "past_cases": past,
                "health": [_health_line(resource) for resource in resources],
            },
        )
        _put_in_force(change, proposal)
        change.record(
            "case.enriched",
            {
                **proposal.as_dict(),
                "resources": [{"key": r.key, "name": r.name, "health": r.health, "why": why} for r, why in affected],
                "past_cases": past,
                "sla": change.sla(),
            },
        )
    return change.case


def _put_in_force(change: Change, proposal: triage.Proposal) -> None:
    if change.case.priority_confirmed:
        return
    change.set(severity=proposal.severity)
    if proposal.priority != change.case.priority:
        properties.retarget(change, proposal.priority, "; ".join(proposal.reasons)[:500])
        change.set(priority=proposal.priority)


def _affected(case: Case, resources: list[Resource]) -> list[tuple[Resource, str]]:
    """The resources that the customer named, or that an error id or the words name, each with the reason."""
    words = set(re.findall(r"[a-z0-9]+", _words_of(case).lower()))
    found: list[tuple[Resource, str]] = []
    for resource in resources:
        named_by = [e for e in case.context.get("error_ids", []) if resource.key in re.split(r"[^a-z0-9]+", e.lower())]
        if case.context.get("resource") == resource.key:
            found.append((resource, "The customer chose it"))
        elif named_by:
            found.append((resource, f"Error {named_by[0]} names it"))
        elif resource.key in words and resource.health != "ok":
            found.append((resource, f"The text names it, and it is {resource.health}"))
    return found


def _words_of(case: Case) -> str:
    first = case.messages.order_by("at", "id").first()
    return f"{case.subject}\n{first.body if first else ''}"


def freeze(case: Case, resource: Resource, why: str, now: datetime) -> CaseResource:
    """Link the resource to the case with a snapshot of what telemetry says of it at this instant."""
    snapshot = Snapshot.objects.create(
        tenant_id=case.tenant_id,
        resource=resource,
        taken_at=now,
        observed_at=resource.observed_at,
        version=resource.version,
        config=resource.config,
        health=resource.health,
        signals=resource.signals,
    )
    return CaseResource.objects.create(
        tenant_id=case.tenant_id, case=case, resource=resource, snapshot=snapshot, found_by=why
    )


def failing_slis(resource: Resource) -> tuple[str, ...]:
    """The names of the resource's SLIs below their objective."""
    slis = resource.signals.get("slis") if isinstance(resource.signals, dict) else None
    return tuple(
        str(sli.get("name"))
        for sli in (slis if isinstance(slis, list) else [])
        if isinstance(sli, dict) and sli.get("status") in ("red", "failing", "breached")
    )


def _proposal(case: Case, affected: list[Resource]) -> triage.Proposal:
    health = [triage.Health(resource.name, resource.health, failing_slis(resource)) for resource in affected]
    return triage.propose(_words_of(case), case.context.get("error_ids", []), health)


def _health_line(resource: Resource) -> dict[str, Any]:
    return {
        "key": resource.key,
        "name": resource.name,
        "health": resource.health,
        "failing": list(failing_slis(resource)),
        "observed_at": resource.observed_at.isoformat() if resource.observed_at else None,
    }


def _past_cases(case: Case) -> list[dict[str, str]]:
    """The tenant's earlier cases most like this one: any word of the subject, best match first, newest first."""
    words = re.findall(r"\w{3,}", case.subject)[:12]
    if not words:
        return []
    query = SearchQuery(words[0], config="english")
    for word in words[1:]:
        query |= SearchQuery(word, config="english")
    alike = (
        Case.objects.filter(Q(tenant_id=case.tenant_id, search=query), opened_at__lt=case.opened_at)
        .annotate(rank=SearchRank(F("search"), query))
        .order_by("-rank", "-opened_at")[:PAST_CASES]
    )
    return [{"reference": c.reference, "subject": c.subject, "status": c.status} for c in alike]
