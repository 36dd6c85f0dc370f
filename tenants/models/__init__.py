"""Who, whose, and what may they: tenants, their people and resources, and the support side's people."""

from tenants.models.grant import Grant
from tenants.models.people import ApiKey, Membership, Requester, User
from tenants.models.tenant import AuditEntry, Entitlement, Resource, Snapshot, Tenant

__all__ = [
    "ApiKey",
    "AuditEntry",
    "Entitlement",
    "Grant",
    "Membership",
    "Requester",
    "Resource",
    "Snapshot",
    "Tenant",
    "User",
]
