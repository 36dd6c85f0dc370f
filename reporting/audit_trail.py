"""The audit trail as an auditor reads it: search, and each row in plain words. The scope says whose rows."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import MAXYEAR, MINYEAR, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.timezone import get_current_timezone

from companyos.web.pagination import Page, Sort, page
from tenants.models import AuditEntry, AuditProof, AuditSeal, Requester, Tenant, User

NEWEST = Sort("logged", "timestamp", descending=True)
PAGE_SIZE = 50
MOST_EXPORTED = 100_000
MOST_PEOPLE = 50
LONGEST_VALUE = 2000
# What tenants.sign_in.log tells, in words.
_AT_THE_DOOR = {
    "sign_in": "signed in",
    "sign_in_failed": "was refused at sign-in",
    "locked_out": "was locked out",
    "sign_out": "signed out",
    "code_refused": "gave a wrong code",
    "factor_added": "added a second factor",
    "factor_removed": "removed a second factor",
    "identity_removed": "removed an identity of the single sign-on",
    "unlocked": "unlocked a sign-in",
    "codes_renewed": "renewed the recovery codes",
    "password_changed": "changed the password",
    "password_reset": "reset the password",
    "session_ended": "ended a session",
}
_ACTIONS = {0: "created", 1: "changed", 2: "deleted"}


@dataclass(frozen=True)
class Asked:
    """What the URL asks for; empty means all. `actor` is a name, an address, or `agent:12` and `requester:7`."""

    actor: str = ""
    case: str = ""
    tenant: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None
    grant: str = ""
    address: str = ""
    request: str = ""

    @property
    def given(self) -> dict[str, str]:
        return {one.name: str(value) for one in fields(self) if (value := getattr(self, one.name))}


def parse(params: Mapping[str, str]) -> Asked:
    """What means nothing is dropped: an old link still opens."""
    words = {one.name: params.get(one.name, "").strip()[:100] for one in fields(Asked)}
    days = {name: _day(str(words.pop(name))) for name in ("since", "until")}
    words["case"] = words["case"].upper()
    words["kind"] = words["kind"] if words["kind"] in AuditEntry.Kind.values else ""
    words["grant"] = words["grant"] if words["grant"].isdecimal() and len(words["grant"]) < 18 else ""
    words["address"] = _address(words["address"])
    return Asked(**words, **days)  # type: ignore[arg-type]


def _day(words: str) -> date | None:
    """None for no day, and for one at the ends of the calendar, whose neighbours no zone could name."""
    try:
        day = date.fromisoformat(words)
    except ValueError:
        return None
    return day if MINYEAR < day.year < MAXYEAR else None


def _address(words: str) -> str:
    try:
        return str(ipaddress.ip_address(words))
    except ValueError:
        return ""


def rows(asked: Asked) -> QuerySet[AuditEntry]:
    """The rows asked for, unordered. Days are those of the current time zone."""
    found = AuditEntry.objects.select_related("content_type", "tenant", "grant")
    if asked.actor:
        found = found.filter(_by(asked.actor))
    if asked.case:
        found = found.filter(Q(case_reference=asked.case) | Q(kind="list", shown__contains=[asked.case]))
    exact = {
        "tenant__slug": asked.tenant,
        "kind": asked.kind,
        "grant_id": asked.grant,
        "remote_addr": asked.address,
        "cid": asked.request,
    }
    found = found.filter(**{name: value for name, value in exact.items() if value})
    if asked.since:
        found = found.filter(timestamp__gte=_start(asked.since))
    if asked.until:
        found = found.filter(timestamp__lt=_start(asked.until + timedelta(days=1)))
    return found


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, get_current_timezone())


def _by(words: str) -> Q:
    """Whoever the words name. By id, so that it finds the rows too that an erasure took the name out of."""
    kind, _, number = words.partition(":")
    if kind in ("agent", "requester") and number.isdecimal() and len(number) < 18:
        return Q(actor_kind=kind, actor_ref=int(number))
    if words.lower() in ("system", "companyos"):
        return Q(actor_kind="system")
    named = Q(first_name__icontains=words) | Q(last_name__icontains=words) | Q(email__icontains=words)
    for first, last in [words.rsplit(" ", 1)] if " " in words else []:
        named |= Q(first_name__icontains=first, last_name__icontains=last)
    known = Q(name__icontains=words) | Q(email__icontains=words) | Q(external_id=words)
    users = list(User.objects.filter(named).values_list("pk", flat=True)[:MOST_PEOPLE])
    requesters = list(Requester.objects.filter(known).values_list("pk", flat=True)[:MOST_PEOPLE])
    return Q(actor_kind="agent", actor_ref__in=users) | Q(actor_kind="requester", actor_ref__in=requesters)


@dataclass(frozen=True)
class Change:
    """One field; `before` is None for a new record, `after` for a deleted one."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Entry:
    """A row in plain words; of a redacted row those that are left."""

    row: AuditEntry
    who: str
    deed: str
    record: str
    reason: str
    changes: tuple[Change, ...]
    redacted: bool


def trail(asked: Asked, *, after: str | None) -> tuple[list[Entry], Page[AuditEntry]]:
    one = page(rows(asked), NEWEST, after=after, size=PAGE_SIZE)
    return list(told(one.items)), one


def told(found: Iterable[AuditEntry]) -> Iterator[Entry]:
    names: dict[tuple[str, int | None], str] = {}
    for row in found:
        who = (row.actor_kind, row.actor_ref)
        if not row.actor_name and who not in names:
            names[who] = _name(*who)
        yield _entry(row, row.actor_name or names[who])


def _name(kind: str, ref: int | None) -> str:
    """Of somebody whose name is not in the row, or no longer."""
    person = {"agent": User, "requester": Requester}.get(kind)
    found = person.objects.filter(pk=ref).first() if person and ref else None  # type: ignore[attr-defined]
    return str(found) if found else "Nobody signed in" if not kind else kind.title()


def _entry(row: AuditEntry, who: str) -> Entry:
    details = row.additional_data if isinstance(row.additional_data, dict) else {}
    explains = row.kind in ("redaction", "purge")
    changes = row.changes if isinstance(row.changes, dict) else {}
    return Entry(
        row=row,
        who=who,
        deed=_deed(row, details),
        record="" if explains or row.object_repr == who else row.object_repr,
        reason=str(changes.get("reason", "") if explains else details.get("reason", "")),
        changes=() if explains else tuple(_changes(changes)),
        redacted=row.personal_digest is not None,
    )


def _deed(row: AuditEntry, details: Mapping[str, Any]) -> str:
    thing = row.content_type.name
    count = len(row.named or ()) or len(row.shown) or details.get("rows", 0)
    match row.kind:
        case "view":
            return f"looked at the {thing}"
        case "file":
            return "took the internal file" if row.content_type.model == "evidence" else "took the file"
        case "list":
            return f"listed {_counted(count, thing)}"
        case "export":
            return f"exported {details.get('what', 'data')}"
        case "sign-in":
            return _AT_THE_DOOR.get(str(details.get("event")), "signed in")
        case "redaction":
            return f"took personal words out of {_counted(count, 'row')}"
        case "purge":
            return f"deleted {_counted(count, 'old row')}"
    return f"{_ACTIONS.get(row.action, 'touched')} the {thing}"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"


def _changes(changes: Mapping[str, Any]) -> Iterator[Change]:
    for name, value in sorted(changes.items()):
        if isinstance(value, dict):  # of a many-to-many field
            listed = ", ".join(map(str, value.get("objects", ())))
            gone = value.get("operation") == "delete"
            yield Change(name, listed if gone else None, None if gone else listed)
        elif isinstance(value, list) and len(value) == 2:
            yield Change(name, *(None if side in (None, "None", "") else str(side)[:LONGEST_VALUE] for side in value))


# ── Out of the house ─────────────────────────────────────────────────────────
HEADER = (
    "Row", "When", "Kind", "Who", "Who (id)", "Role", "Deed", "Record", "Case", "Tenant", "Changes", "Grant", "Why",
    "Via", "Route", "Address", "API key", "Request", "Seal number",
)  # fmt: skip


def exported(asked: Asked) -> Iterator[dict[str, Any]]:
    """The rows asked for, newest first, at most MOST_EXPORTED, as plain values under the names of HEADER."""
    found = rows(asked).order_by("-timestamp", "-id")[:MOST_EXPORTED]
    seal_of = _seals()
    for one in told(found.iterator(chunk_size=500)):
        row = one.row
        changes = {change.field: [change.before, change.after] for change in one.changes}
        values = (
            row.pk, row.timestamp.isoformat(), row.kind, one.who, f"{row.actor_kind}:{row.actor_ref or ''}",
            row.actor_role, one.deed, one.record, row.case_reference or " ".join(row.shown),
            row.tenant.slug if row.tenant else "", changes, row.grant_id, one.reason, row.via, row.route,
            row.remote_addr, row.api_key_ref, row.cid, seal_of(row.xact),
        )  # fmt: skip
        yield dict(zip(HEADER, values, strict=True))


def _seals() -> Any:
    """Transaction → the number of the seal that holds it, or None."""
    ranges = list(AuditSeal.objects.order_by("number").values_list("xact_from", "xact_to", "number"))

    def seal_of(xact: int) -> int | None:
        low, high = 0, len(ranges)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if ranges[middle][1] <= xact else (low, middle)
        return ranges[low][2] if low < len(ranges) and ranges[low][0] <= xact else None

    return seal_of


@dataclass(frozen=True)
class Standing:
    """How the chain stands: the last seal, the last verification, and the one before it that has ended."""

    seal: AuditSeal | None
    proof: AuditProof | None
    ended: AuditProof | None

    @property
    def running(self) -> bool:
        return self.proof is not None and self.proof.finished_at is None


def standing() -> Standing:
    proof = AuditProof.objects.order_by("-id").first()
    ended = proof if proof is None or proof.finished_at else AuditProof.objects.exclude(finished_at=None).last()
    return Standing(AuditSeal.objects.defer("leaves").order_by("-number").first(), proof, ended)


def tenants() -> list[Tenant]:
    return list(Tenant.objects.only("slug", "name").order_by("name")[:500])
