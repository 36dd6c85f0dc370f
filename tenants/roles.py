"""Django's groups follow the role table: one group per role of the support side, with its admin permissions."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from tenants.access import ADMIN_PERMISSIONS, SERVICE, STAFF_ROLES


def sync_groups(using: str = "default", **kwargs: Any) -> None:
    """Make the groups and give each exactly the permissions of the table. Runs after every migrate; idempotent."""
    for app_config in apps.get_app_configs():
        create_permissions(app_config, verbosity=0, using=using)
    for role in (*STAFF_ROLES, SERVICE):
        group, _ = Group.objects.using(using).get_or_create(name=role)
        known = Permission.objects.using(using).select_related("content_type")
        group.permissions.set([one for one in known if _has(role, one)])


def _has(role: str, permission: Permission) -> bool:
    """A line for the model counts before a line for its app."""
    table, kind = ADMIN_PERMISSIONS.get(role, {}), permission.content_type
    actions = table.get(f"{kind.app_label}.{kind.model}", table.get(kind.app_label, ()))
    return permission.codename.split("_")[0] in actions
