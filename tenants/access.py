"""Who acts, in which role, and what that role may do. Pure: the table below is the whole answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from companyos.web.errors import Forbidden

ActorKind = Literal["agent", "requester", "system"]

_REQUESTER = frozenset({"case.open", "case.read", "case.answer", "case.confirm", "case.reopen"})
_AGENT = _REQUESTER | {
    "console.use",
    "case.reply",
    "case.note",
    "case.transition",
    "case.assign",
    "case.prioritise",
    "case.diagnose",
    "incident.link",
    "tenant.read",
    "report.read",
}
_LEAD = _AGENT | {"case.dismiss", "macro.edit", "policy.edit"}

PERMISSIONS: dict[str, frozenset[str]] = {
    "requester": _REQUESTER,
    "requester-admin": _REQUESTER,
    "agent": _AGENT,
    "lead": _LEAD,
    "manager": _LEAD | {"report.export"},
    "auditor": frozenset({"console.use", "case.read", "tenant.read", "report.read", "audit.read"}),
    "operator": frozenset({"console.use", "case.read", "tenant.read", "report.read", "ops.admin"}),
    "system": frozenset({"*"}),
}
# Strongest first: a person in several groups acts with the first that applies.
STAFF_ROLES = ("manager", "lead", "agent", "operator", "auditor")

# Django's own permissions for the admin, per group: app labels and the actions on all their models.
ADMIN_PERMISSIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "operator": {
        "tenants": ("view", "add", "change"),
        "sla": ("view", "add", "change"),
        "cases": ("view", "add", "change"),
        "escalations": ("view", "add", "change"),
        "integrations": ("view", "add", "change"),
        "reporting": ("view",),
        "events": ("view", "change"),
    },
    "auditor": dict.fromkeys(("tenants", "sla", "cases", "escalations", "reporting", "events"), ("view",)),
}


@dataclass(frozen=True)
class Actor:
    """Who does a deed. `tenant_ids` None means every tenant; a requester sees one tenant, and own cases only."""

    kind: ActorKind
    name: str
    role: str
    tenant_ids: frozenset[int] | None = None
    user_id: int | None = None
    requester_id: int | None = None

    def can(self, permission: str) -> bool:
        granted = PERMISSIONS.get(self.role, frozenset())
        return permission in granted or "*" in granted

    def require(self, permission: str) -> None:
        """Raise Forbidden unless the role has the permission."""
        if not self.can(permission):
            raise Forbidden("forbidden", f"Your role ({self.role}) may not do this: it takes {permission}.")

    @property
    def identifier(self) -> int | None:
        return self.requester_id if self.kind == "requester" else self.user_id

    @property
    def is_support(self) -> bool:
        return self.kind == "agent"


SYSTEM = Actor(kind="system", name="CompanyOS", role="system")


def system_named(name: str) -> Actor:
    """The system acting under a name that the timeline shows ("Enrichment", "Auto-close")."""
    return Actor(kind="system", name=name, role="system")
