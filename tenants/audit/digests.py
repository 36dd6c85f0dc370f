"""How audit rows are digested and seals are chained. Pure: no database, no clock, no settings.

A row's digest is H(meta ‖ H(salt ‖ personal)), so that the personal part can be taken out and its digest left in its
place. A seal's root is H(leaves), and its own digest an HMAC over its header, which holds the digest before it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

# The columns of format 1. A later column needs a new format: sealed rows keep the one that they were sealed with.
META = (
    "id", "xact", "tenant_id", "kind", "action", "content_type_id", "object_pk", "object_id", "actor_id", "actor_kind",
    "actor_ref", "actor_role", "api_key_ref", "via", "route", "case_reference", "shown", "grant_id", "named", "cid",
    "timestamp",
)  # fmt: skip
PERSONAL = (
    "object_repr", "serialized_data", "changes_text", "changes", "actor_name", "actor_email", "remote_addr",
    "remote_port", "additional_data",
)  # fmt: skip
COLUMNS = (*META, *PERSONAL, "salt", "personal_digest")
FORMAT = 1
LEAF = 40  # bytes: the id and the digest of a row
NOTHING_BEFORE = b"\0" * 32
Row = Mapping[str, Any]


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def canonical(values: Iterable[object]) -> bytes:
    """One spelling for the same values, whatever session or version of a driver read them."""
    return json.dumps(list(values), sort_keys=True, separators=(",", ":"), default=_plain).encode()


def personal_digest(row: Row) -> bytes:
    """Of the personal part; of a redacted row the digest that was left in its place."""
    if row["personal_digest"] is not None:
        return bytes(row["personal_digest"])
    return hashlib.sha256(canonical([row["salt"], *(row[name] for name in PERSONAL)])).digest()


def row_digest(row: Row) -> bytes:
    return hashlib.sha256(canonical(row[name] for name in META) + personal_digest(row)).digest()


def is_redacted(row: Row) -> bool:
    return row["personal_digest"] is not None


def is_blank(row: Row) -> bool:
    """Whether nothing personal is left, as a redacted row must be."""
    return row["salt"] is None and not any(row[name] for name in PERSONAL)


def leaf(row: Row) -> bytes:
    return int(row["id"]).to_bytes(8, "big") + row_digest(row)


def read_leaves(leaves: bytes) -> Iterator[tuple[int, bytes]]:
    for start in range(0, len(leaves), LEAF):
        yield int.from_bytes(leaves[start : start + 8], "big"), leaves[start + 8 : start + LEAF]


@dataclass(frozen=True)
class Header:
    """What a seal says of itself, and what its HMAC is over."""

    number: int
    format: int
    at: datetime
    xact_from: int
    xact_to: int
    shift: int
    rows: int
    root: bytes
    previous: bytes
    key_name: str

    def digest(self, key: bytes) -> bytes:
        words = [value.hex() if isinstance(value, bytes) else value for value in vars(self).values()]
        return hmac.digest(key, canonical(words), "sha256")


def root_of(leaves: bytes) -> bytes:
    return hashlib.sha256(leaves).digest()


def keyring(secrets: Iterable[str]) -> dict[str, bytes]:
    """Name → key, the first first. The name tells which key sealed, and nothing about it."""
    ring = {}
    for secret in secrets:
        key = hashlib.sha256(b"companyos audit seal key\0" + secret.encode()).digest()
        ring[hashlib.sha256(b"companyos audit seal key name\0" + key).hexdigest()[:16]] = key
    return ring
