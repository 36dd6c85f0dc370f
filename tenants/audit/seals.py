"""Sealing the audit log: the chain of digests that shows whether a row was changed, lost or slipped in afterwards."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.conf import settings
from django.db import connection

from tenants import isolation
from tenants.access import SYSTEM
from tenants.audit import digests
from tenants.models import AuditEntry, AuditSeal

MOST = 2000  # rows of a seal; more only when one transaction wrote more
_LOCK = 0x5EA1_0001
log = structlog.get_logger(__name__)


def seal_next(now: datetime, most: int = MOST) -> AuditSeal | None:
    """The next link of the chain, over whole transactions that have ended; None when there is nothing to seal.

    Ids are given before rows are seen, so that ids alone would miss what commits late. Every transaction below the
    horizon has ended: its rows are all there, and none will come.
    """
    with isolation.scope(SYSTEM):
        if not _alone():
            return None
        last = AuditSeal.objects.defer("leaves").order_by("-number").first()
        horizon, coming = transactions()
        shift, start = (last.shift, last.xact_to) if last else (0, 0)
        if coming + shift < start:
            # Restored into a server that counts from a lower number: from here on numbers are shifted.
            return _chain(last, b"", start, start, start - coming, now)
        rows = _rows(start, horizon + shift, most)
        if not rows:
            return None
        leaves = b"".join(digests.leaf(row) for row in rows)
        # What this seal left out for want of room begins at the next number.
        return _chain(last, leaves, start, max(rows[-1]["xact"] + 1, start), shift, now)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def transactions() -> tuple[int, int]:
    """The horizon, below which every transaction of this database has ended, and the number that comes next.

    Those of the server's other databases run as long as they like: they are told by the lock that each transaction
    holds on its own number. One that holds none yet, or none any more, counts as ours.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TRANSACTIONS)
        horizon, coming = cursor.fetchone()
        return horizon, coming


_TRANSACTIONS = """
    WITH snapshot AS MATERIALIZED (
      SELECT pg_current_snapshot() AS now
    ), elsewhere AS (
      SELECT l.transactionid::text::bigint AS number
        FROM pg_locks l JOIN pg_stat_activity a USING (pid)
       WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
         AND a.datid <> (SELECT oid FROM pg_database WHERE datname = current_database())
    ), running AS (
      SELECT x::text::bigint AS number FROM snapshot, pg_snapshot_xip(now) AS x
    )
    SELECT coalesce((SELECT min(number) FROM running
                      -- Locks know the last 32 bits of a number.
                      WHERE number & 4294967295 NOT IN (SELECT number FROM elsewhere)), ended),
           -- A snapshot ends at the last that has ended: the asking transaction's own number may lie beyond.
           greatest(ended, coalesce(pg_current_xact_id_if_assigned()::text::bigint + 1, 0))
      FROM (SELECT pg_snapshot_xmax(now)::text::bigint AS ended FROM snapshot) s
"""


def _rows(start: int, end: int, most: int) -> list[digests.Row]:
    """Whole transactions from `start` to before `end`, about `most` rows of them."""
    ready = AuditEntry.objects.filter(xact__gte=start, xact__lt=end).order_by("xact", "id").values(*digests.COLUMNS)
    found: list[digests.Row] = list(ready[: most + 1])
    if len(found) <= most:
        return found
    cut = found[-1]["xact"]
    whole = [row for row in found if row["xact"] < cut]
    return whole or list(ready.filter(xact=cut))


def _chain(last: AuditSeal | None, leaves: bytes, start: int, end: int, shift: int, now: datetime) -> AuditSeal:
    name, key = next(iter(keyring().items()))
    header = digests.Header(
        number=last.number + 1 if last else 1,
        format=digests.FORMAT,
        at=now,
        xact_from=start,
        xact_to=end,
        shift=shift,
        rows=len(leaves) // digests.LEAF,
        root=digests.root_of(leaves),
        previous=bytes(last.digest) if last else digests.NOTHING_BEFORE,
        key_name=name,
    )
    seal = AuditSeal.objects.create(**vars(header), leaves=leaves, digest=header.digest(key))
    # A copy of the head outside of the database: what is logged cannot be cut off unseen.
    log.info("audit.sealed", seal=seal.number, rows=seal.rows, head=seal.digest.hex())
    return seal


def keyring() -> dict[str, bytes]:
    return digests.keyring(settings.AUDIT_KEYS)


def header_of(seal: AuditSeal) -> digests.Header:
    return digests.Header(
        number=seal.number,
        format=seal.format,
        at=seal.at,
        xact_from=seal.xact_from,
        xact_to=seal.xact_to,
        shift=seal.shift,
        rows=seal.rows,
        root=bytes(seal.root),
        previous=bytes(seal.previous),
        key_name=seal.key_name,
    )
