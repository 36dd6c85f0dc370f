"""Writing the log: one event row and one delivery row per subscriber, in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Protocol

import structlog
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from companyos.events.models import Delivery, Event

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
    event = Event.objects.create(
        name=name,
        tenant_id=tenant_id,
        subject_kind=subject[0],
        subject_id=subject[1],
        actor_kind=actor.kind,
        actor_id=actor.identifier,
        actor_name=actor.name,
        reason=reason,
        payload=payload,
        at=at,
        request_id=request_id() or "",
    )
    owed = [
        Delivery(event=event, tenant_id=tenant_id, subscriber=handler, next_attempt_at=at)
        for handler in subscribers().get(name, ())
    ]
    Delivery.objects.bulk_create(owed)
    notify(name, tenant_id=tenant_id, subject=subject, event_id=event.pk)
    if owed:
        transaction.on_commit(wake_dispatcher)
    return event


def notify(name: str, *, tenant_id: int, subject: tuple[str, int], event_id: int | None = None) -> None:
    """Tell the live process, on commit; ids only, since what a listener may see is decided where it reads."""
    message = json.dumps({"id": event_id, "name": name, "tenant": tenant_id, "subject": list(subject)})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [settings.EVENT_CHANNEL, message])


def wake_dispatcher() -> None:
    """A hint to drain now. Beat drains anyway, so an absent broker costs seconds and loses nothing."""
    wake("companyos.tasks.drain_deliveries")


def wake(task: str) -> None:
    """Send a task by name; a broker that is away is logged and otherwise ignored."""
    try:
        current_app.send_task(task, retry=False, expires=60)
    except Exception as error:
        log.warning("broker.unreachable", task=task, error=str(error))
