"""The only way to a case: found for the actor or not found at all, and the view is audited."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count

from cases.models import Attachment, Case, Evidence
from companyos.web.errors import NotFound
from tenants import audit, isolation, restriction
from tenants.access import Actor


def get_case(reference: str, actor: Actor, *, viewed: bool = True, content: bool = True) -> Case:
    """The case, with its tenant and, for the support side, requester and owner loaded.

    A case of a foreign tenant is as absent as one never opened. `viewed=False` is for writes, and for partials that
    belong to a view already audited. `content=False` is for what shows the row and its clocks alone: without it a case
    whose content needs a grant is refused.
    """
    actor.require("case.read")
    # A customer's administrator sees colleagues' cases, not their rows: a join would hide the case too.
    related = ("tenant",) if actor.kind == "requester" else ("tenant", "requester", "owner")
    case = Case.objects.select_related(*related).filter(reference=reference.upper()).first()
    if case is None:
        raise NotFound("not_found", f"There is no case {reference[:20]}.")
    if content:
        restriction.require_content(actor, case.tenant, case.pk)
    if viewed:
        audit.viewed(case)
    return case


@dataclass(frozen=True)
class LockedFiles:
    """How many files a grant would open, of each message, of each diagnostic run, and of the evidence in all."""

    messages: dict[int, int] = field(default_factory=dict)
    runs: dict[int, int] = field(default_factory=dict)
    evidence: int = 0


def locked_files(case: Case, actor: Actor) -> LockedFiles:
    """The counts alone leave the tenant's wider scope, so that a page can say that something is there."""
    if actor.reads_files(case.tenant_id, case.pk):
        return LockedFiles()
    with isolation.whole_tenant(case.tenant_id):
        attached = Attachment.objects.filter(case=case).values_list("message_id")
        collected = Evidence.objects.filter(case=case).values_list("run_id")
        messages, runs = (dict(found.annotate(Count("pk")).order_by()) for found in (attached, collected))
    return LockedFiles(messages=messages, runs=runs, evidence=sum(runs.values()))
