"""Prints who may do what as Markdown: docs/permissions.md is this command's output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from companyos.routes import OPEN, Route, routes
from tenants.access import ADMIN_PERMISSIONS, GROUPS, NEVER_IN_SCOPE, ROLES, SERVICE

INTRODUCTION = """\
# Permissions

Written by `manage.py permissions` from the table in `tenants/access.py` and from what each view declares; do not edit.

A role says what one may do, the reach (regions × segments × tenants) on whose data, and a restricted tenant's content
takes a grant besides. What is out of reach is absent (404); what the role may not is refused (403).
"""
DOORS = {
    "console": "Pages of the console",
    "api": "API of the support side",
    "widget": "API of the widget",
    "portal": "Pages of the portal (there, what one may not see is absent: 404)",
}


class Command(BaseCommand):
    help = "Print roles × permissions, and the permission that each address takes, as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(document(), ending="")


def document() -> str:
    lines = [INTRODUCTION, *_matrix(), "", *_keys(), "", *_addresses(), *_admin()]
    return "\n".join(lines) + "\n"


def _matrix() -> Iterator[str]:
    yield "## Roles"
    for group, rows in GROUPS.items():
        yield f"\n### {group}\n"
        yield f"| permission | may | {' | '.join(ROLES)} |"
        yield f"| --- | --- | {' | '.join([':-:'] * len(ROLES))} |"
        for row in rows:
            marks = ["✓" if role in row.roles else "" for role in ROLES]
            yield f"| `{row.name}` | {row.words} | {' | '.join(marks)} |"


def _keys() -> Iterator[str]:
    never = ", ".join(f"`{name}`" for name in sorted(NEVER_IN_SCOPE))
    yield "## API keys\n"
    yield f"A key may what its role may, within its scopes. No key may {never}."
    yield f"The column {SERVICE} is a ceiling: each key of a service account names which of these it has."


def _addresses() -> Iterator[str]:
    known = routes()
    yield "## Addresses"
    for door, title in DOORS.items():
        yield f"\n### {title}\n"
        yield "| address | permission |"
        yield "| --- | --- |"
        for route in sorted((route for route in known if route.door == door), key=lambda route: route.path):
            yield f"| `/{route.path}` | {_rights(route)} |"
    yield "\n### Open\n"
    yield "| address | why |"
    yield "| --- | --- |"
    for path, why in sorted(OPEN.items()):
        yield f"| `/{path}` | {why} |"


def _rights(route: Route) -> str:
    return ", ".join(f"{method} `{permission}`" for method, permission in route.rights.items())


def _admin() -> Iterator[str]:
    yield "\n## Admin\n"
    yield "| role | rows of | actions |"
    yield "| --- | --- | --- |"
    for role, table in ADMIN_PERMISSIONS.items():
        for label, actions in table.items():
            yield f"| {role} | `{label}` | {', '.join(actions)} |"
