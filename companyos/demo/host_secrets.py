"""The demo's shared secrets, worked out from SECRET_KEY: the seed and the host page agree without a file.

Only for the demo: in production each tenant's widget secret is random and lives encrypted in the database.
"""

from __future__ import annotations

import hashlib
import hmac


def _derived(secret_key: str, purpose: str) -> str:
    return hmac.new(secret_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def widget_secret(secret_key: str, slug: str) -> str:
    return _derived(secret_key, f"companyos.demo.widget:{slug}")


def telemetry_token(secret_key: str) -> str:
    """What the support side sends as `Authorization: Bearer …` to the demo's telemetry."""
    return _derived(secret_key, "companyos.demo.telemetry")
