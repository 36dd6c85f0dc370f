"""What happened on a case, in order: its events and those of its clocks, each with the row that it speaks of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from cases.access import LockedFiles
from cases.models import Attachment, Case, DiagnosticRun, Evidence, Message, Note, Survey
from companyos.events.models import Event

LATEST = 200
PUBLIC, INTERNAL, TRANSITIONS, AUTOMATION = "public", "internal", "transitions", "automation"
KINDS = (PUBLIC, INTERNAL, TRANSITIONS, AUTOMATION)
_MOVES = frozenset(
    f"case.{verb}"
    for verb in (
        "opened",
        "accepted",
        "started",
        "waiting",
        "resumed",
        "wait_disputed",
        "resolved",
        "rejected",
        "closed",
        "reopened",
        "dismissed",
    )
)


@dataclass
class Entry:
    """One row of the timeline. `kind` is what the filter chips go by."""

    event: Event
    kind: str
    message: Message | None = None
    note: Note | None = None
    run: DiagnosticRun | None = None
    survey: Survey | None = None
    files: list[Attachment] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    did: list[str] = field(default_factory=list)
    locked_files: int = 0

    @property
    def anchor(self) -> str:
        return f"event-{self.event.pk}"

    @property
    def templates(self) -> list[str]:
        return [f"cases/timeline/{self.event.name}.html", "cases/timeline/generic.html"]

    @property
    def effects(self) -> list[dict[str, Any]]:
        return self.event.payload.get("sla", [])


def kind_of(name: str) -> str:
    """The filter that an event's name falls under."""
    if name.startswith("message."):
        return PUBLIC
    if name in _MOVES:
        return TRANSITIONS
    if name.startswith(("diagnostic.", "clock.")) or name == "case.enriched":
        return AUTOMATION
    return INTERNAL


def entries(case: Case, only: str = "", limit: int = LATEST) -> list[Entry]:
    """The newest `limit` entries, oldest first, in at most seven queries. `only` is one of KINDS, or empty for all."""
    about = Q(subject_kind="case", subject_id=case.pk) | Q(subject_kind="clock_set", subject_id=case.clock_set_id)
    about &= ~Q(name="clock.retargeted")  # told by the case's own line
    events = list(Event.objects.filter(about).order_by("-at", "-id")[:limit])[::-1]
    found = _with_alerts([Entry(event, kind_of(event.name)) for event in events])
    _attach_messages([entry for entry in found if entry.event.name.startswith("message.")])
    _attach_notes([entry for entry in found if "note" in entry.event.payload])
    _attach_runs([entry for entry in found if "run" in entry.event.payload])
    _attach_surveys([entry for entry in found if "survey" in entry.event.payload])
    return [entry for entry in found if entry.kind == only] if only in KINDS else found


def mark_locked(found: Iterable[Entry], locked: LockedFiles) -> None:
    """Say of each entry how many files of it stay closed to the viewer."""
    for entry in found:
        of_message = locked.messages.get(entry.message.pk, 0) if entry.message else 0
        entry.locked_files = of_message + (locked.runs.get(entry.run.pk, 0) if entry.run else 0)


def _with_alerts(found: list[Entry]) -> list[Entry]:
    """An alert stands on the line of the warning or breach it was about: what happened, and who was told."""
    clocks = {_alert_key(entry): entry for entry in found if entry.event.name in ("clock.warned", "clock.breached")}
    kept = []
    for entry in found:
        about = clocks.get(_alert_key(entry)) if entry.event.name == "case.alerted" else None
        if about is None:
            kept.append(entry)
        else:
            about.told, about.did = entry.event.payload.get("told", []), _did(entry.event.payload)
    return kept


def _did(alert: dict[str, Any]) -> list[str]:
    """What came of an alert besides the notices: e-mail, channels, and what the rules changed."""
    mail = [f"e-mail to {', '.join(alert['emailed'])}"] if alert.get("emailed") else []
    chat = [f"sent to {', '.join(alert['sent_to'])}"] if alert.get("sent_to") else []
    over = ["not told: the clock no longer ran"] if alert.get("runs") is False else []
    return [*mail, *chat, *alert.get("did", []), *over]


def _alert_key(entry: Entry) -> tuple[Any, ...]:
    payload = entry.event.payload
    return payload.get("metric"), payload.get("cycle"), payload.get("round", 0), payload.get("share")


def _attach_messages(found: list[Entry]) -> None:
    messages = Message.objects.prefetch_related("attachments").in_bulk(_named(found, "message"))
    for entry in found:
        entry.message = messages.get(entry.event.payload.get("message"))
        entry.files = list(entry.message.attachments.all()) if entry.message else []


def _attach_notes(found: list[Entry]) -> None:
    notes = Note.objects.in_bulk(_named(found, "note"))
    for entry in found:
        entry.note = notes.get(entry.event.payload["note"])


def _attach_runs(found: list[Entry]) -> None:
    if not found:
        return
    runs = DiagnosticRun.objects.select_related("runbook").prefetch_related("evidence").in_bulk(_named(found, "run"))
    for entry in found:
        entry.run = runs.get(entry.event.payload["run"])
        entry.evidence = list(entry.run.evidence.all()) if entry.run else []


def _attach_surveys(found: list[Entry]) -> None:
    surveys = Survey.objects.in_bulk(_named(found, "survey")) if found else {}
    for entry in found:
        entry.survey = surveys.get(entry.event.payload["survey"])


def _named(found: Iterable[Entry], key: str) -> set[int]:
    return {value for entry in found if isinstance(value := entry.event.payload.get(key), int)}
