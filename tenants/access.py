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
class Opened:
    """A grant in force: what it opens of a tenant for its holder. `case_id` None opens the whole tenant."""

    grant_id: int
    tenant_id: int
    case_id: int | None = None


@dataclass(frozen=True)
class Actor:
    """Who does a deed. `tenant_ids` None means every tenant; a requester sees one tenant, and own cases only.

    `sealed` and `sealed_files` are the tenants in reach whose content, or whose files, need a grant; `opened` are the
    grants in force. `scopes` None means all that the role may, else only those permissions (an API key's).
    """

    kind: ActorKind
    name: str
    role: str
    tenant_ids: frozenset[int] | None = None
    user_id: int | None = None
    requester_id: int | None = None
    sealed: frozenset[int] = frozenset()
    sealed_files: frozenset[int] = frozenset()
    opened: tuple[Opened, ...] = ()
    scopes: frozenset[str] | None = None

    def can(self, permission: str) -> bool:
        granted = PERMISSIONS.get(self.role, frozenset())
        within = self.scopes is None or permission in self.scopes
        return within and (permission in granted or "*" in granted)

    @property
    def opened_cases(self) -> frozenset[int]:
        return frozenset(opened.case_id for opened in self.opened if opened.case_id is not None)

    def grant_for(self, tenant_id: int | None, case_id: int | None = None) -> int | None:
        """The grant under which this actor looks at something of the tenant (of the case), if it is under one."""
        fitting = (
            opened.grant_id
            for opened in self.opened
            if opened.tenant_id == tenant_id and opened.case_id in (None, case_id)
        )
        return next(fitting, None)

    def reads_content(self, tenant_id: int, case_id: int | None = None) -> bool:
        """Whether the tenant's content (of this case) is open to the actor: unrestricted, or under a grant in force."""
        return tenant_id not in self.sealed or case_id in self.opened_cases

    def reads_files(self, tenant_id: int, case_id: int | None = None) -> bool:
        return tenant_id not in self.sealed_files or case_id in self.opened_cases

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
