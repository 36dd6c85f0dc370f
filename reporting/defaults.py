"""Which closures speak to which backlog until somebody edits the rules. Made after `migrate` where there are none."""

from __future__ import annotations

from typing import Any

from django.apps import apps

RULES = (
    ("quota", "product", "Increase default quotas for segment {segment}"),
    ("defect", "reliability", "Keep from coming back: {root_cause}"),
    ("workaround", "product", "Make the workaround needless: {subject}"),
    ("configuration", "reliability", "Guard the configuration: {root_cause}"),
    ("answered", "docs", "Write a guide: {subject}"),
)


def after_migrate(sender: Any, apps: Any = apps, **kwargs: Any) -> None:
    """Receiver of post_migrate. `apps` is the schema's state then: migrated back, it has no such table."""
    try:
        rule = apps.get_model("reporting", "FeedbackRule")
    except LookupError:
        return
    if not rule.objects.exists():
        rule.objects.bulk_create(rule(resolution_code=code, backlog=name, title=title) for code, name, title in RULES)
