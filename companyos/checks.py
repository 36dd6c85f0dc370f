"""System checks: misconfiguration that would cost data or trust is told at start, with an id and the fix."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import import_string

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
