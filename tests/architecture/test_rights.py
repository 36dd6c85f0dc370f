"""Rights as they are declared: every address has them, from one table; page and API ask for the same."""

from __future__ import annotations

import ast
from pathlib import Path

from companyos.management.commands.permissions import document
from companyos.routes import OPEN, routes
from tenants.access import ADMIN_PERMISSIONS, BY_NAME, NEVER_IN_SCOPE, PERMISSIONS, scopes_of
from tests.architecture.source import APPS, ROOT, modules

ROUTES = routes()
# What an auditor may ask for, or keep, for themselves; and looking, which is posted where it takes long.
CHANGES_NOTHING = {"case.watch", "grant.request", "key.own", "audit.read", "audit.export"}


def test_every_address_declares_a_right_for_each_method_that_it_answers() -> None:
    assert [(route.path, route.undeclared) for route in ROUTES if route.undeclared or not route.rights] == []


def test_every_right_that_is_asked_for_stands_in_the_table() -> None:
    declared = {permission for route in ROUTES for permission in route.rights.values()}
    asked = {
        node.args[0].value
        for _, tree in modules(*APPS, "companyos")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("can", "require")
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(asked) > 10
    assert (declared | asked) - set(BY_NAME) == set()


def test_every_right_that_a_template_asks_for_stands_in_the_table() -> None:
    asked = set()
    for page in (ROOT / "templates").rglob("*.html"):
        asked |= {part.partition('"')[0] for part in page.read_text().split('|can:"')[1:]}
    assert asked
    assert asked - set(BY_NAME) == set()


def test_no_right_is_in_the_table_for_nothing() -> None:
    """Asked for by an address, a verb, or the admin."""
    source = "".join(
        path.read_text() for app in (*APPS, "companyos") for path in Path(ROOT / app).rglob("*.py")
        if path.name not in ("access.py",) or app != "tenants"
    )  # fmt: skip
    unused = {name for name in BY_NAME if f'"{name}"' not in source}
    assert unused == {"macro.edit", "ops.admin"}, "those of the admin; anything else is a leftover"


def test_the_admin_lets_edit_what_the_table_lets_edit() -> None:
    for permission, label in (("macro.edit", "cases.macro"), ("policy.edit", "sla"), ("ops.admin", "tenants")):
        app = label.partition(".")[0]
        edits = {role for role, rows in ADMIN_PERMISSIONS.items() if "change" in rows.get(label, rows.get(app, ()))}
        assert edits == BY_NAME[permission].roles, permission


def test_a_deed_takes_the_same_right_on_its_page_and_in_the_api() -> None:
    """The same noun below the same thing; the page's POST is the API's POST."""
    plain = {route.path.replace("<ref:reference>", "<slug:reference>").removeprefix("api/v1/"): {} for route in ROUTES}
    for route in ROUTES:
        if route.door in ("console", "api") and "POST" in route.rights:
            path = route.path.replace("<ref:reference>", "<slug:reference>").removeprefix("api/v1/")
            path = path.replace("access/<int:grant_id>", "grants/<int:grant_id>")
            plain.setdefault(path, {})[route.door] = route.rights["POST"]
    both = {path: doors for path, doors in plain.items() if len(doors) == 2}
    assert len(both) >= 20
    assert {path: doors for path, doors in both.items() if doors["console"] != doors["api"]} == {}


def test_an_auditor_changes_nothing() -> None:
    writes = {route.rights["POST"] for route in ROUTES if "POST" in route.rights} - {"console.use"}
    assert PERMISSIONS["auditor"] & writes <= CHANGES_NOTHING
    assert set(ADMIN_PERMISSIONS["auditor"].values()) == {("view",)}


def test_a_key_never_makes_keys_nor_opens_the_console_whatever_the_role() -> None:
    for role in PERMISSIONS:
        offered = {row.name for rows in scopes_of(role).values() for row in rows} if role != "system" else set()
        assert offered & NEVER_IN_SCOPE == set()
        assert offered <= PERMISSIONS[role]


def test_every_open_address_is_there_and_says_why() -> None:
    assert all(OPEN.values())
    assert not {route.path for route in ROUTES} & set(OPEN)


def test_the_document_is_what_the_command_prints() -> None:
    written = (ROOT / "docs/permissions.md").read_text()
    assert written == document(), "run: manage.py permissions > docs/permissions.md"
