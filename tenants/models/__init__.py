"""Who, whose, and what may they: tenants, their people and resources, and the support side's people."""

from tenants.models.audit import AuditEntry, AuditProof, AuditSeal
from tenants.models.grant import Grant
from tenants.models.people import ApiKey, Membership, Requester, User
from tenants.models.portal import PortalVisit
from tenants.models.privacy import DataJob
from tenants.models.retention import FileRemoval, LegalHold, RetentionPolicy, RetentionRun
from tenants.models.tenant import Entitlement, Resource, Snapshot, Tenant, but_drills

__all__ = [
    "ApiKey",
    "AuditEntry",
    "AuditProof",
    "AuditSeal",
    "DataJob",
    "Entitlement",
    "FileRemoval",
    "Grant",
    "LegalHold",
    "Membership",
    "PortalVisit",
    "Requester",
    "Resource",
    "RetentionPolicy",
    "RetentionRun",
    "Snapshot",
    "Tenant",
    "User",
    "but_drills",
]
