"""Who acts, in which role, and what that role may do. Pure: the table below is the whole answer.

Views, the API, templates, verbs and the admin ask this table and nothing else. `manage.py permissions` prints it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from companyos.web.errors import Forbidden

ActorKind = Literal["agent", "requester", "system"]

# The roles, as the matrix shows them: a tenant's people, the support side's people, programs.
CUSTOMER_ROLES = ("requester", "requester-admin")
# Strongest first: a person in several groups acts with the first that applies.
STAFF_ROLES = ("manager", "lead", "agent", "operator", "auditor")
SERVICE = "service"  # the ceiling of service accounts: what a key of theirs may do, its scopes choose
ROLES = (*CUSTOMER_ROLES, "agent", "lead", "manager", "auditor", "operator", SERVICE)

_CUSTOMERS = CUSTOMER_ROLES
_STAFF = ("agent", "lead", "manager", "auditor", "operator")
_WRITERS = ("agent", "lead", "manager")
_LEADS = ("lead", "manager")


@dataclass(frozen=True)
class Permission:
    """One thing that one may do, in words that finish the sentence "may …", and the roles that may."""

    name: str
    words: str
    roles: frozenset[str]


# Grouped by thing: permission → (what it lets you do, the roles that have it).
_TABLE: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    "Cases": {
        "case.read": ("read cases, their clocks and files", (*_CUSTOMERS, *_STAFF, SERVICE)),
        "case.open": ("open a case", (*_CUSTOMERS, *_WRITERS, SERVICE)),
        "case.transition": ("accept, start, wait and resolve", (*_WRITERS, SERVICE)),
        "case.confirm": ("confirm or reject a resolution, close and rate", (*_CUSTOMERS, *_WRITERS, SERVICE)),
        "case.reopen": ("reopen a closed case", (*_CUSTOMERS, *_WRITERS, SERVICE)),
        "case.dispute": ("say that support does not wait for them, and end the wait by it", _CUSTOMERS),
        "case.dismiss": ("dismiss a case as spam or duplicate", _LEADS),
        "case.assign": ("give a case an owner", (*_WRITERS, SERVICE)),
        "case.prioritise": ("set priority and severity", (*_WRITERS, SERVICE)),
        "case.watch": ("watch a case, and so be told of its alerts", _STAFF),
        "case.diagnose": ("run diagnostics against the tenant's systems", (*_WRITERS, SERVICE)),
    },
    "Conversation": {
        "case.answer": ("answer what support asked, and end the wait by it", (*_CUSTOMERS, *_WRITERS, SERVICE)),
        "case.reply": ("write to the requester", (*_WRITERS, SERVICE)),
        "case.note": ("write internal notes and tags", (*_WRITERS, SERVICE)),
        "macro.edit": ("edit macros and runbooks, in the admin", (*_LEADS, "operator")),
    },
    "Incidents": {
        "incident.link": ("link cases to incidents", (*_WRITERS, SERVICE)),
        "escalation.acknowledge": ("acknowledge an escalation", _WRITERS),
    },
    "Tenants": {
        "tenant.read": ("read a tenant's console page and requesters", (*_STAFF, SERVICE)),
        "access_history.read": ("read who of the support side looked at the tenant's data", ("requester-admin",)),
        "portal.use": ("open the tenant's portal", _CUSTOMERS),
    },
    "Elevated access": {
        "grant.read": ("read requests for access and grants", _STAFF),
        "grant.request": ("ask for access to restricted content", _STAFF),
        "grant.approve": ("approve, deny, give and review access", _LEADS),
        "grant.break_glass": ("take access at once, reviewed afterwards", (*_WRITERS, "operator")),
    },
    "Audit": {
        "audit.read": ("search the audit trail", ("auditor", "manager", SERVICE)),
        "audit.export": ("export the audit trail", ("auditor", "manager", SERVICE)),
    },
    "Retention": {
        "retention.read": ("read retention policies, runs and holds", ("operator", "manager", "auditor")),
        "retention.edit": ("change, preview and start retention policies", ("operator", "manager")),
        "hold.edit": ("place and release legal holds", ("operator", "manager")),
    },
    "Privacy": {
        "privacy.run": ("export and erase a requester's data", ("manager", "operator")),
        "privacy.request": ("ask for export or erasure for anybody of the tenant", ("requester-admin",)),
        "privacy.request_own": ("ask for export or erasure of one's own data", _CUSTOMERS),
    },
    "Keys": {
        "key.own": ("make, rotate and revoke one's own API keys", _STAFF),
        "key.manage": ("make service accounts and manage their keys", ("operator",)),
    },
    "Reports": {
        "report.read": ("read reports and backlogs", (*_STAFF, SERVICE)),
    },
    "Service levels": {
        "policy.read": ("read policies, calendars, scenarios, alert rules and drills", (*_STAFF, SERVICE)),
        "policy.edit": ("edit and activate policies, calendars, scenarios and alert rules", (*_LEADS, "operator")),
        "replay.run": ("replay the past under other service levels", (*_LEADS, "operator")),
        "drill.run": ("test the escalation paths with a drill", (*_LEADS, "operator")),
    },
    "Operations": {
        "console.use": ("use the console, with a profile and notices of one's own", _STAFF),
        "api.use": ("use the support side's API", (*_STAFF, SERVICE)),
        "ops.admin": ("run the installation in the admin", ("operator",)),
    },
}

GROUPS: dict[str, tuple[Permission, ...]] = {
    group: tuple(Permission(name, words, frozenset(roles)) for name, (words, roles) in rows.items())
    for group, rows in _TABLE.items()
}
BY_NAME: dict[str, Permission] = {row.name: row for rows in GROUPS.values() for row in rows}
# Role → what it may. The system may everything.
PERMISSIONS: dict[str, frozenset[str]] = {
    **{role: frozenset(name for name, row in BY_NAME.items() if role in row.roles) for role in ROLES},
    "system": frozenset(BY_NAME),
}

# What every key may, whatever its scopes: come in and ask who it is. And what none may: a key makes no keys, and what
# asks a person for fresh proof, or is decided by a person, is not a program's.
ALWAYS_IN_SCOPE = frozenset({"api.use"})
NEVER_IN_SCOPE = frozenset(
    {"console.use", "ops.admin", "macro.edit", "policy.edit", "replay.run", "drill.run", "key.own", "key.manage"}
    | {"grant.approve", "grant.break_glass", "privacy.run", "retention.edit", "hold.edit"}
)

# Django's own permissions for the admin, per group: an app's label (or one model's, which then counts for that model)
# and the actions. The admin's classes may refuse more; they never allow more.
_VIEW, _EDIT = ("view",), ("view", "add", "change")
_WRITTEN_BY_VERBS = ("tenants.grant", "tenants.auditentry", "tenants.snapshot", "events.event")
# Deleted to unlock an account, to help someone who lost every factor, to match an identity anew.
_SIGN_IN = ("axes.accessattempt", "mfa.authenticator", "socialaccount.socialaccount")
_LEADS_ROWS: dict[str, tuple[str, ...]] = {"cases.macro": _EDIT, "cases.runbook": _EDIT, "sla": _EDIT}
ADMIN_PERMISSIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "manager": _LEADS_ROWS,
    "lead": _LEADS_ROWS,
    "operator": {
        **dict.fromkeys(("tenants", "sla", "cases", "escalations", "integrations"), _EDIT),
        "reporting": _VIEW,
        "events": ("view", "change"),
        **dict.fromkeys(_WRITTEN_BY_VERBS, _VIEW),
        **dict.fromkeys(_SIGN_IN, ("view", "delete")),
    },
    "auditor": dict.fromkeys(("tenants", "sla", "cases", "escalations", "reporting", "events"), _VIEW),
}


def scopes_of(role: str) -> dict[str, list[Permission]]:
    """Group → the permissions that a key of the role may carry: what its maker chooses among."""
    fixed = ALWAYS_IN_SCOPE | NEVER_IN_SCOPE
    groups = {
        group: [row for row in rows if role in row.roles and row.name not in fixed] for group, rows in GROUPS.items()
    }
    return {group: rows for group, rows in groups.items() if rows}


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

    @property
    def permissions(self) -> frozenset[str]:
        """What the actor may: the role's permissions, within the key's scopes if a key is used."""
        granted = PERMISSIONS.get(self.role, frozenset())
        return granted if self.scopes is None else granted & (self.scopes | ALWAYS_IN_SCOPE)

    def can(self, permission: str) -> bool:
        return permission in self.permissions

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
        """Raise Forbidden unless the role has the permission, and the key's scopes too if a key is used."""
        if self.can(permission):
            return
        if permission in PERMISSIONS.get(self.role, frozenset()):
            if permission in NEVER_IN_SCOPE:
                raise Forbidden("no_key_may", f"No key may do this, only somebody signed in: it takes {permission}.")
            text = f"This key lacks the scope {permission}; make a key that has it."
            raise Forbidden("scope_missing", text)
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
