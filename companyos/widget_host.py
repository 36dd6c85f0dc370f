"""For products that show the help widget: signs the token that says who is asking.

Needs PyJWT and nothing else, so a host may copy this one file. The secret stays on the host's server.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, TypedDict

import jwt

AUDIENCE = "companyos-widget"
ALGORITHM = "HS256"
LONGEST = timedelta(hours=1)
SHORTEST_SECRET = 32  # characters; HS256 asks for a key as long as its digest

Role = Literal["member", "admin"]


class HostUser(TypedDict):
    id: str  # the host's own, stable id of this person; never an e-mail address that may change hands
    name: str
    email: str
    role: Role


def widget_token(
    secret: str,
    tenant: str,
    user: HostUser | Mapping[str, str],
    origin: str,
    ttl: timedelta = timedelta(minutes=10),
    now: datetime | None = None,
) -> str:
    """The signed token. `origin` is the page's own (scheme, host, port); `ttl` at most one hour."""
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"the widget secret has fewer than {SHORTEST_SECRET} characters")
    if not timedelta(0) < ttl <= LONGEST:
        raise ValueError("ttl must be more than zero and at most one hour")
    issued = now or datetime.now(UTC)
    claims = {
        "aud": AUDIENCE,
        "iss": tenant,
        "sub": str(user["id"]),
        "name": user["name"],
        "email": user["email"],
        "role": user["role"],
        "origin": origin,
        "iat": int(issued.timestamp()),
        "exp": int((issued + ttl).timestamp()),
    }
    return jwt.encode(claims, secret, algorithm=ALGORITHM, headers={"kid": tenant})
