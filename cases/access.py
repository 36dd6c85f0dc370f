"""The only way to a case: found for the actor or not found at all, and the view is audited."""

from __future__ import annotations

from cases.models import Case
from companyos.web.errors import NotFound
from tenants import audit
from tenants.access import Actor


def get_case(reference: str, actor: Actor, *, viewed: bool = True) -> Case:
    """The case, with its tenant and, for the support side, requester and owner loaded.

    A case of a foreign tenant is as absent as one never opened. `viewed=False` is for writes, and for partials that
    belong to a view already audited.
    """
    actor.require("case.read")
    # A customer's administrator sees colleagues' cases, not their rows: a join would hide the case too.
    related = ("tenant",) if actor.kind == "requester" else ("tenant", "requester", "owner")
    case = Case.objects.select_related(*related).filter(reference=reference.upper()).first()
    if case is None:
        raise NotFound("not_found", f"There is no case {reference[:20]}.")
    if viewed:
        audit.viewed(case)
    return case
