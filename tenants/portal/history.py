"""Who of the support side looked at a tenant's data: what the tenant's administrators may know of it, and no more.

The log's rows hold addresses, diffs and the words of internal files; only what a `Look` has leaves this module.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from companyos.web.pagination import Page, Sort, page
from tenants.access import Actor
from tenants.models import AuditEntry, User

NEWEST = Sort("seen", "timestamp", descending=True)
KINDS = {
    "case": "Cases",
    "file": "Files",
    "tenant": "Your company's page",
    "list": "Lists",
    "export": "Exports",
}
MOST_EXPORTED = 50_000
_COLUMNS = (
    "id", "timestamp", "kind", "actor_ref", "actor_name", "actor_role", "via", "case_reference", "shown", "grant_id",
    "object_repr", "additional_data", "content_type_id",
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """One look at the tenant's data. `reason` is the grant's, when it was under one."""

    at: datetime
    who: str
    role: str
    what: str
    case_reference: str
    references: tuple[str, ...]
    by_program: bool
    grant: int | None
    reason: str


@dataclass(frozen=True)
class Asked:
    """The filters of the page; empty means all."""

    kind: str = ""
    who: str = ""
    case: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def any(self) -> bool:
        return bool(self.kind or self.who or self.case or self.since or self.until)


def parse(params: Any) -> Asked:
    """What means nothing is dropped: an old link still opens."""
    kind = params.get("kind", "")
    return Asked(
        kind=kind if kind in KINDS else "",
        who=params.get("who", "").strip()[:100],
        case=params.get("case", "").strip().upper()[:20],
        since=_day(params.get("since", "")),
        until=_day(params.get("until", "")),
    )


def _day(words: str) -> date | None:
    """None for no day, and for one at the ends of the calendar, whose neighbours no zone could name."""
    try:
        day = date.fromisoformat(words)
    except ValueError:
        return None
    return day if MINYEAR < day.year < MAXYEAR else None


def looks(asked: Asked, actor: Actor, zone: str) -> QuerySet[AuditEntry]:
    """The looks that `asked` names, of the administrator's own tenant; days are those of `zone`."""
    actor.require("access_history.read")
    seen = ["view", "list", "file", "export"]
    found = AuditEntry.objects.filter(actor_kind="agent", kind__in=seen, tenant_id__in=actor.tenant_ids or ())
    found = found.filter(_of_kind(asked.kind)) if asked.kind else found
    if asked.who:
        found = found.filter(actor_name__icontains=asked.who)
    if asked.case:
        found = found.filter(Q(case_reference=asked.case) | Q(kind="list", shown__contains=[asked.case]))
    if asked.since:
        found = found.filter(timestamp__gte=_start(asked.since, zone))
    if asked.until:
        found = found.filter(timestamp__lt=_start(asked.until + timedelta(days=1), zone))
    return found.select_related("content_type").only(*_COLUMNS, "content_type__model", "content_type__app_label")


def _of_kind(kind: str) -> Q:
    match kind:
        case "case":
            return Q(kind="view", content_type__model="case")
        case "tenant":
            return Q(kind="view", content_type__model="tenant")
        case _:
            return Q(kind=kind)


def _start(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, zoneinfo.ZoneInfo(zone)).astimezone(UTC)


def history(asked: Asked, actor: Actor, zone: str, *, after: str | None) -> tuple[list[Look], Page[AuditEntry]]:
    one = page(looks(asked, actor, zone), NEWEST, after=after, size=50)
    return list(_told(one.items)), one


def exported(asked: Asked, actor: Actor, zone: str) -> Iterator[tuple[object, ...]]:
    """The rows of the CSV file, newest first."""
    found = looks(asked, actor, zone).order_by("-timestamp", "-id")[:MOST_EXPORTED]
    local = zoneinfo.ZoneInfo(zone)
    for look in _told(found.iterator(chunk_size=500)):
        yield (
            look.at.astimezone(local).strftime("%Y-%m-%d %H:%M:%S %z"), look.who, look.role, look.what,
            look.case_reference or " ".join(look.references), look.grant, look.reason,
        )  # fmt: skip


HEADER = ("When", "Who", "Role", "What", "Case", "Grant", "Why")


def _told(entries: Iterable[AuditEntry]) -> Iterator[Look]:
    names: dict[int | None, str] = {}
    for entry in entries:
        if not entry.actor_name and entry.actor_ref not in names:
            # An erasure took the words out of the row; who it was is still known.
            names[entry.actor_ref] = str(User.objects.filter(pk=entry.actor_ref or 0).first() or "Somebody")
        yield _look(entry, entry.actor_name or names[entry.actor_ref])


def _look(entry: AuditEntry, who: str) -> Look:
    details = entry.additional_data if isinstance(entry.additional_data, dict) else {}
    return Look(
        at=entry.timestamp,
        who=who,
        role=entry.actor_role,
        what=_what(entry, details),
        case_reference=entry.case_reference,
        references=tuple(entry.shown),
        by_program=entry.via == "api",
        grant=entry.grant_id,
        reason=str(details.get("reason", "")),
    )


def _what(entry: AuditEntry, details: dict[str, Any]) -> str:
    """In the customer's words; the name of an internal file is internal."""
    model = entry.content_type.model
    match entry.kind:
        case "file":
            return f"Took the file {entry.object_repr}" if model == "attachment" else "Took an internal file"
        case "list":
            count = len(entry.shown) or details.get("rows", 1)
            return f"Listed {count} case{'' if count == 1 else 's'}" if model == "case" else "Listed your company"
        case "export":
            return "Exported data"
    return {"case": "Read the case", "tenant": "Read your company's page"}.get(model, "Read a record")
