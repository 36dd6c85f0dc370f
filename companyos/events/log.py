"""Writing the log: one event row and one delivery row per subscriber, in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Protocol

import structlog
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from companyos.events.models import Delivery, Event
from companyos.rows import insert

log = structlog.get_logger(__name__)


def request_id() -> str | None:
    """The id that logs, audit rows and events of one request or task share (None outside of both)."""
    return structlog.contextvars.get_contextvars().get("request_id")


class Acting(Protocol):
    """What the log keeps of an actor."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def identifier(self) -> int | None: ...


@cache
def subscribers() -> Mapping[str, tuple[str, ...]]:
    """Event name → dotted handlers, as the assembly names them."""
    return import_string(settings.EVENT_SUBSCRIBERS)


@dataclass(frozen=True)
class Fact:
    """Something that happened at `at`, to be recorded; `subject` is its kind and id."""

    name: str
    tenant_id: int
    subject: tuple[str, int]
    actor: Acting
    payload: dict[str, Any]
    at: datetime
    reason: str = ""


def record(
    name: str,
    *,
    tenant_id: int,
    subject: tuple[str, int],
    actor: Acting,
    payload: dict[str, Any],
    at: datetime,
    reason: str = "",
) -> Event:
    """Record a fact that happened at `at`; subscribers get it after the commit, each exactly once."""
    return record_many([Fact(name, tenant_id, subject, actor, payload, at, reason)])[0]


def record_many(facts: Sequence[Fact]) -> list[Event]:
    """Record facts in their order, in as many statements as one takes."""
    now, asked_by = timezone.now(), request_id() or ""
    events = [_event(fact, now, asked_by) for fact in facts]
    insert(events)
    owed = [
        Delivery(event_id=event.pk, tenant_id=event.tenant_id, subscriber=handler, next_attempt_at=event.at)
        for event in events
        for handler in subscribers().get(event.name, ())
    ]
    insert(owed)
    _notify(_message(event.name, event.tenant_id, (event.subject_kind, event.subject_id), event.pk) for event in events)
    if owed:
        _wake_once()
    return events


def notify(name: str, *, tenant_id: int, subject: tuple[str, int], event_id: int | None = None) -> None:
    """Tell the live process, on commit; ids only, since what a listener may see is decided where it reads."""
    _notify([_message(name, tenant_id, subject, event_id)])


def _event(fact: Fact, recorded_at: datetime, asked_by: str) -> Event:
    return Event(
        name=fact.name,
        tenant_id=fact.tenant_id,
        subject_kind=fact.subject[0],
        subject_id=fact.subject[1],
        actor_kind=fact.actor.kind,
        actor_id=fact.actor.identifier,
        actor_name=fact.actor.name,
        reason=fact.reason,
        payload=fact.payload,
        at=fact.at,
        recorded_at=recorded_at,
        request_id=asked_by,
    )


def _message(name: str, tenant_id: int, subject: tuple[str, int], event_id: int | None) -> str:
    return json.dumps({"id": event_id, "name": name, "tenant": tenant_id, "subject": list(subject)})


def _notify(messages: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, message) FROM unnest(%s::text[]) message", [settings.EVENT_CHANNEL, list(messages)]
        )


def _wake_once() -> None:
    """One hint a transaction, however much was recorded in it. A savepoint that is rolled back takes along its hint
    with its facts, so a later fact gives another."""
    if all(waiting[1] is not wake_dispatcher for waiting in connection.run_on_commit):
        transaction.on_commit(wake_dispatcher)


def wake_dispatcher() -> None:
    """A hint to drain now. Beat drains anyway, so an absent broker costs seconds and loses nothing."""
    wake("companyos.tasks.drain_deliveries")


def wake(task: str) -> None:
    """Send a task by name; a broker that is away is logged and otherwise ignored."""
    try:
        current_app.send_task(task, retry=False, expires=60)
    except Exception as error:
        log.warning("broker.unreachable", task=task, error=str(error))
