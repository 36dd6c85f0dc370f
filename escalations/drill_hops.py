"""What became of a drill, hop by hop, read from the rows that the real path leaves behind.

How messages fared is known to an app above this one, which gives its reader at start (`deliveries_by`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from companyos.events.models import Event
from escalations.models import Drill, Escalation, Notice
from sla.models import Clock

METRIC = "first_response"
DONE, NONE, AWAITED, FAILED = "done", "none", "awaited", "failed"
GOOD = (DONE, NONE)  # NONE: no rule asks for it


@dataclass(frozen=True)
class Hop:
    """One thing that was to happen. `at`: when it was seen to have happened (ISO); `took_ms` since the hop before it;
    `result`: done, none (no rule asks for it), awaited or failed.
    """

    name: str
    title: str
    result: str
    detail: str
    at: str = ""
    took_ms: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Message:
    """How one message out of the house fared. `sent_at` is None until it was taken; `gone` when it never will be."""

    to: str
    kind: str
    queued_at: datetime
    sent_at: datetime | None
    gone: bool
    detail: str


Reader = Callable[[Iterable[int]], list[Message]]
_readers: list[Reader] = []


def deliveries_by(reader: Reader) -> None:
    """Name what tells how the messages about events fared, by the events' ids."""
    _readers[:] = [reader]


@dataclass
class _Story:
    """The hops told so far, each timed from the latest instant before it."""

    hops: list[Hop]
    latest: datetime

    def tell(self, name: str, title: str, at: datetime | None, detail: str, awaited: str = "") -> None:
        if at is None:
            self.hops.append(Hop(name, title, AWAITED, awaited))
            return
        took = max(0, round((at - self.latest).total_seconds() * 1000))
        self.latest = max(at, self.latest)
        self.hops.append(Hop(name, title, DONE, detail, at.isoformat(), took))

    def skip(self, name: str, title: str, detail: str) -> None:
        self.hops.append(Hop(name, title, NONE, detail))

    def fail(self, name: str, title: str, detail: str) -> None:
        self.hops.append(Hop(name, title, FAILED, detail))


def read(drill: Drill) -> list[Hop]:
    """Every hop, in order, those still to come included. Within a scope that sees the drill's case."""
    case = drill.case
    if case is None:
        return []
    about = Q(subject_kind="case", subject_id=case.pk) | Q(subject_kind="clock_set", subject_id=case.clock_set_id)
    events = list(Event.objects.filter(about).order_by("id"))
    clock = Clock.objects.select_related("policy").filter(clock_set=case.clock_set_id, metric=METRIC).first()
    story = _Story([], drill.started_at)
    opened = _first(events, "case.opened")
    story.tell("opened", "Case opened", _noted(opened), case.reference, "no case was opened")
    promised = f"due {_seconds(clock.started_at, clock.due_at)} later, {clock.policy}" if clock else ""
    story.tell("clock", "Clock started", _noted(opened) if clock else None, promised, "no clock runs")
    _tell_sweep(story, events, clock)
    alert = next((one for one in events if one.name == "case.alerted" and one.payload.get("breached")), None)
    _tell_alert(story, events, alert)
    escalation = Escalation.objects.filter(case=case).select_related("acknowledged_by", "rule").order_by("pk").first()
    _tell_escalation(story, events, alert, escalation)
    _tell_messages(story, alert)
    _tell_acknowledgement(story, alert, escalation)
    return story.hops


def _tell_sweep(story: _Story, events: list[Event], clock: Clock | None) -> None:
    ended = f"; the clock is {clock.state}" if clock and clock.state != "running" else ""
    for share in clock.policy.shares if clock else ():
        found = next((one for one in events if one.name == "clock.warned" and one.payload.get("share") == share), None)
        title = f"Warned at {share} %"
        story.tell(f"warned-{share}", title, _noted(found), _lag(found), f"the sweep sent no such warning{ended}")
    breach = _first(events, "clock.breached")
    story.tell("breached", "Breach recorded", _noted(breach), _lag(breach), f"the sweep recorded no breach{ended}")


def _tell_alert(story: _Story, events: list[Event], alert: Event | None) -> None:
    rules = ", ".join(alert.payload.get("rules", [])) if alert else ""
    detail = f"by the rules: {rules}" if rules else "no rule fits"
    story.tell("alerted", "Alert raised", _noted(alert), detail, "the worker handled no alert about the breach")
    breach = _first(events, "clock.breached")
    told = list(Notice.objects.filter(event=breach).select_related("user")) if breach else []
    if told:
        names = ", ".join(str(notice.user) for notice in told)
        story.tell("noticed", "Notices in the console", _noted(alert), names)
    elif alert is not None and not alert.payload.get("told"):
        story.skip("noticed", "Notices in the console", "no rule tells anybody here")
    else:
        story.tell("noticed", "Notices in the console", None, "", "nobody was told")


def _tell_escalation(story: _Story, events: list[Event], alert: Event | None, escalation: Escalation | None) -> None:
    title, made = "Escalation called", _first(events, "escalation.opened")
    if escalation is not None:
        story.tell("escalated", title, _noted(made) or escalation.opened_at, f"by the rule {escalation.rule}")
    elif alert is not None:
        story.fail("escalated", title, "no alert rule calls one for this policy and priority")
    else:
        story.tell("escalated", title, None, "", "none was called")


def _tell_messages(story: _Story, alert: Event | None) -> None:
    """One hop for each message about the breach; they go out side by side, so each is timed from the queue."""
    wanted = len(alert.payload.get("email", [])) + len(alert.payload.get("channels", [])) if alert else None
    if wanted == 0:
        story.skip("delivered", "Messages delivered", "no rule sends e-mail or writes to a channel")
        return
    found = [one for reader in _readers for one in reader([alert.pk])] if alert else []
    if alert is None or len(found) < (wanted or 0):
        story.tell(
            "queued", "Messages queued", None, "", f"{len(found)} of {wanted} are in the outbox" if alert else "none"
        )
    for number, one in enumerate(found, start=1):
        title = f"{one.kind} to {one.to}"
        if one.gone:
            story.fail(f"delivered-{number}", title, one.detail)
        elif one.sent_at is None:
            story.tell(f"delivered-{number}", title, None, "", one.detail or "not sent yet")
        else:
            took = max(0, round((one.sent_at - one.queued_at).total_seconds() * 1000))
            story.hops.append(Hop(f"delivered-{number}", title, DONE, one.detail, one.sent_at.isoformat(), took))


def _tell_acknowledgement(story: _Story, alert: Event | None, escalation: Escalation | None) -> None:
    if alert is not None and escalation is None:
        story.skip("acknowledged", "Acknowledged", "there is no escalation to acknowledge")
        return
    at = escalation.acknowledged_at if escalation else None
    by = f"in the name of {escalation.acknowledged_by}" if escalation and at else ""
    story.tell("acknowledged", "Acknowledged", at, by, "nobody acknowledged an escalation")


def _first(events: Iterable[Event], name: str) -> Event | None:
    return next((one for one in events if one.name == name), None)


def _noted(event: Event | None) -> datetime | None:
    """When the fact was written down: it may be dated earlier."""
    return max(event.at, event.recorded_at) if event else None


def _lag(event: Event | None) -> str:
    noted = _noted(event)
    if event is None or noted is None:
        return ""
    return f"written down {_seconds(event.at, noted)} after its instant"


def _seconds(start: datetime, end: datetime | None) -> str:
    return f"{(end - start).total_seconds():.1f} s" if end else "never"
