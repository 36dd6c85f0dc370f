"""What a restricted tenant keeps closed: refused here in words, before PostgreSQL hides it in silence."""

from __future__ import annotations

from companyos.web.errors import Forbidden
from tenants.access import Actor
from tenants.models import Tenant


def require_content(actor: Actor, tenant: Tenant, case_id: int | None = None) -> None:
    """Raise Forbidden("grant_needed") unless the tenant's content, or that of this one case, is open to the actor."""
    if not actor.reads_content(tenant.pk, case_id):
        raise Forbidden("grant_needed", f"{tenant.name}'s content is restricted: {_way(case_id)}.")


def require_files(actor: Actor, tenant: Tenant, case_id: int | None = None) -> None:
    """The same of attachments and evidence, which may be restricted alone."""
    if not actor.reads_files(tenant.pk, case_id):
        raise Forbidden("grant_needed", f"{tenant.name}'s files are restricted: {_way(case_id)}.", "files")


def _way(case_id: int | None) -> str:
    return "request access to this case, then repeat" if case_id else "request access on one of its cases, then repeat"
