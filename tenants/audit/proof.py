"""Proving the audit log: every seal against the one before it, every row against its seal. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import F

from tenants.audit import digests, seals
from tenants.models import AuditEntry, AuditSeal

MOST_FINDINGS = 100


@dataclass(frozen=True)
class Finding:
    """What is broken: `seal` the number of the seal, `row` the id of the row when it is a row."""

    what: str
    seal: int
    row: int | None = None

    def __str__(self) -> str:
        return f"row {self.row} {self.what} (seal {self.seal})" if self.row else f"seal {self.seal} {self.what}"


@dataclass
class Stretch:
    """What a walk along some seals found. `number` and `head` are those of the last seal walked."""

    number: int
    head: bytes
    seals: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)

    def found(self, what: str, seal: int, row: int | None = None) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(what, seal, row))


def walk(after: int, most: int) -> Stretch:
    """The next `most` seals after the one with the number `after` (0: from the beginning)."""
    before = AuditSeal.objects.defer("leaves").filter(number=after).first() if after else None
    stretch = Stretch(after, bytes(before.digest) if before else digests.NOTHING_BEFORE)
    expected = before.xact_to if before else 0
    if after and before is None:
        stretch.found("is missing", after)
    ring = seals.keyring()
    for seal in AuditSeal.objects.filter(number__gt=after).order_by("number")[:most].iterator(chunk_size=4):
        for number in range(stretch.number + 1, min(seal.number, stretch.number + MOST_FINDINGS)):
            stretch.found("is missing", number)
        for what in _faults(seal, stretch.head, expected, ring):
            stretch.found(what, seal.number)
        _compare(seal, stretch)
        stretch.number, stretch.head, expected = seal.number, bytes(seal.digest), seal.xact_to
        stretch.seals += 1
    return stretch


def _faults(seal: AuditSeal, previous: bytes, expected: int, ring: dict[str, bytes]) -> Iterator[str]:
    """What is wrong with the seal itself."""
    leaves, key = bytes(seal.leaves), ring.get(seal.key_name)
    if key is None:
        yield f"was made with a key that is not in AUDIT_KEYS ({seal.key_name})"
    elif seals.header_of(seal).digest(key) != bytes(seal.digest):
        yield "was altered: its digest is not the key's"
    if digests.root_of(leaves) != bytes(seal.root) or len(leaves) != seal.rows * digests.LEAF:
        yield "was altered: its list of rows does not fit its root"
    if bytes(seal.previous) != previous:
        yield "does not continue the seal before it"
    if seal.xact_from != expected:
        yield f"begins at transaction {seal.xact_from} where {expected} was left off"


def _compare(seal: AuditSeal, stretch: Stretch) -> None:
    """Each row of the seal's transactions with its leaf, and each leaf with its row."""
    leaves = dict(digests.read_leaves(bytes(seal.leaves)))
    rows = AuditEntry.objects.filter(xact__gte=seal.xact_from, xact__lt=seal.xact_to).order_by("xact", "id")
    redacted = []
    for row in rows.values(*digests.COLUMNS).iterator(chunk_size=500):
        sealed = leaves.pop(row["id"], None)
        stretch.rows += 1
        if sealed is None:
            stretch.found("was added after the seal", seal.number, row["id"])
        elif digests.row_digest(row) != sealed or (digests.is_redacted(row) and not digests.is_blank(row)):
            stretch.found("was changed after the seal", seal.number, row["id"])
        elif digests.is_redacted(row):
            redacted.append(row["id"])
    for row_id in unexplained(redacted, AuditEntry.Kind.REDACTION):
        stretch.found("was redacted and no redaction names it", seal.number, row_id)
    for row_id in unexplained(leaves, AuditEntry.Kind.PURGE):
        stretch.found("is missing and no purge names it", seal.number, row_id)


def unexplained(ids: Iterable[int], kind: str) -> list[int]:
    """Those of the rows that no redaction (purge) names."""
    left = set(ids)
    if left:
        for named in AuditEntry.objects.filter(kind=kind, named__overlap=list(left)).values_list("named", flat=True):
            left.difference_update(named)
    return sorted(left)


def unsealed(number: int) -> tuple[int, list[Finding]]:
    """How many rows wait for a seal after the seal `number`, and what is wrong among them."""
    last = AuditSeal.objects.defer("leaves").filter(number=number).first()
    waiting = AuditEntry.objects.filter(xact__gte=last.xact_to if last else 0)
    _, coming = seals.transactions()
    later = waiting.filter(xact__gt=max(coming + (last.shift if last else 0), last.xact_to if last else 0))
    findings = [Finding("claims a transaction that has not been", number, pk) for pk in _some_ids(later)]
    redacted = _some_ids(waiting.exclude(personal_digest=None))
    findings += [
        Finding("was redacted and no redaction names it", number, pk)
        for pk in unexplained(redacted, AuditEntry.Kind.REDACTION)
    ]
    return waiting.count(), findings


def _some_ids(rows: object) -> list[int]:
    return list(rows.order_by("id").values_list("id", flat=True)[:MOST_FINDINGS])  # type: ignore[attr-defined]


def knows_head(head: bytes) -> bool:
    """Whether some seal has this digest: a head that was noted elsewhere must be in the chain for ever."""
    return AuditSeal.objects.filter(digest=head).exists()


def number_before(since: datetime) -> int:
    """The number of the last seal before `since`, 0 when there is none."""
    found = AuditSeal.objects.filter(at__lt=since).order_by("-number").values_list(F("number"), flat=True).first()
    return found or 0
