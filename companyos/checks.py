"""System checks: misconfiguration that would cost data or trust is told at start, with an id and the fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.utils.module_loading import import_string

from companyos import login
from companyos.events import log


@register()
def subscribers_exist(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every handler of companyos.subscribers can be imported; a typing error would only show as dead letters."""
    errors: list[CheckMessage] = []
    for event, handlers in log.subscribers().items():
        for handler in handlers:
            try:
                import_string(handler)
            except ImportError as error:
                hint = "Correct the name in companyos/subscribers.py."
                errors.append(Error(f"Event {event} names {handler}: {error}", hint=hint, id="companyos.E001"))
    return errors


@register(Tags.security, deploy=True)
def field_keys_are_own(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Secrets at rest are encrypted with keys of this installation."""
    if "debug-field-key" in settings.SALT_KEY:
        hint = "Set FIELD_KEYS to one long random string (a new key in front rotates)."
        return [Error("FIELD_KEYS is the debugging default.", hint=hint, id="companyos.E002")]
    return []


@register(Tags.security, deploy=True)
def audit_keys_are_own(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whoever knows the keys can seal a forged audit log."""
    if "debug-audit-key" in settings.AUDIT_KEYS:
        hint = "Set AUDIT_KEYS to one long random string (a new key in front rotates; keep the old ones)."
        return [Error("AUDIT_KEYS is the debugging default.", hint=hint, id="companyos.E006")]
    return []


@register(Tags.database)
def login_has_no_power(app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Row-level security holds only for a login that cannot step around it. `check --database default` asks."""
    errors: list[CheckMessage] = []
    hint = "Set RUNTIME_DATABASE_URL to a login that has the runtime role's rights and no others."
    for alias in databases or ():
        connection = connections[alias]
        if connection.settings_dict.get(login.AS_OWNER):
            continue  # `migrate` checks too, and is the owner on purpose
        errors += [
            Error(f"{words[0].upper()}{words[1:]}.", hint=hint, id="companyos.E003")
            for words in login.powers(connection)
        ]
    return errors


@register(Tags.security, deploy=True)
def login_is_separate(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without a login of its own the application borrows the owner's and puts the runtime role over it."""
    if settings.RUNTIME_DATABASE_URL:
        return []
    hint = "Set RUNTIME_DATABASE_URL; `migrate` makes the login that it names."
    return [Error("The application logs in as the owner of the tables.", hint=hint, id="companyos.E004")]


@register()
def live_has_a_session(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """LISTEN through a pooler in transaction mode is accepted and never heard from again."""
    if settings.DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] and not settings.LIVE_DATABASE_URL:
        hint = "Set LIVE_DATABASE_URL to the runtime login's address at PostgreSQL itself."
        return [Error("Live updates would listen through PgBouncer, in vain.", hint=hint, id="companyos.E005")]
    return []
