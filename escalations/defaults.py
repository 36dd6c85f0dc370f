"""The alert rules of a fresh installation, until somebody edits them. Made after `migrate` where no shared rule is."""

from __future__ import annotations

from typing import Any

from django.apps import apps

_TOLD = {"owner": True, "lead": True, "watchers": True}
RULES: tuple[dict[str, Any], ...] = (
    {"name": "Warnings in the console", "position": 10, "share": None, **_TOLD},
    {"name": "Breaches in the console and by e-mail", "position": 20, "share": 100, "by_email": True, **_TOLD},
    {"name": "A P0 breach is an escalation", "position": 30, "share": 100, "priorities": ["P0"], "escalate": True},
)


def after_migrate(sender: Any, apps: Any = apps, **kwargs: Any) -> None:
    """Receiver of post_migrate. `apps` is the schema's state then: migrated back, it has no such table."""
    try:
        rule = apps.get_model("escalations", "AlertRule")
    except LookupError:
        return
    if not rule.objects.filter(tenant=None).exists():
        rule.objects.bulk_create(rule(**values) for values in RULES)
