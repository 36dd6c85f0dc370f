"""Django's groups follow the role table: one group per staff role, with its admin permissions."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group, Permission

from tenants.access import ADMIN_PERMISSIONS, STAFF_ROLES


def sync_groups(using: str = "default", **kwargs: Any) -> None:
    """Make the groups and give each exactly the permissions of the table. Runs after every migrate; idempotent."""
    for app_config in apps.get_app_configs():
        create_permissions(app_config, verbosity=0, using=using)
    for role in STAFF_ROLES:
        group, _ = Group.objects.using(using).get_or_create(name=role)
        wanted = [
            permission
            for app, actions in ADMIN_PERMISSIONS.get(role, {}).items()
            for permission in Permission.objects.using(using).filter(content_type__app_label=app)
            if permission.codename.split("_")[0] in actions
        ]
        group.permissions.set(wanted)
