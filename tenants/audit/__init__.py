"""The audit trail: what it keeps (log), its seals and their proof, and the one way to take words out of it."""

from tenants.audit.log import exported, listed, noted, register, viewed
from tenants.audit.redaction import purge, purgeable, redact

__all__ = ["exported", "listed", "noted", "purge", "purgeable", "redact", "register", "viewed"]
