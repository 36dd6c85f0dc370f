"""API keys, of people and of service accounts: made, rotated and revoked here, borne by requests, shown on pages."""

from tenants.keys.issuing import (
    DEFAULT,
    GRACE_LONGEST,
    LONGEST,
    MARK,
    SHORTEST,
    Made,
    digest_of,
    key_of,
    make,
    revoke,
    rotate,
)

__all__ = [
    "DEFAULT",
    "GRACE_LONGEST",
    "LONGEST",
    "MARK",
    "SHORTEST",
    "Made",
    "digest_of",
    "key_of",
    "make",
    "revoke",
    "rotate",
]
