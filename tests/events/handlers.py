"""Subscribers for the tests of the spine. Each is named by its dotted path, as real ones are."""

from __future__ import annotations

from datetime import datetime

from companyos.events.models import Event
from tenants.models import Entitlement

SUBSCRIBERS = {
    "test.counted": ("tests.events.handlers.count",),
    "test.twice": ("tests.events.handlers.count", "tests.events.handlers.count_too"),
    "test.broken": ("tests.events.handlers.half_done",),
}


def _add(event: Event, feature: str) -> None:
    row, _ = Entitlement.objects.select_for_update().get_or_create(tenant_id=event.tenant_id, feature=feature)
    row.used += 1
    row.save(update_fields=["used"])


def count(event: Event, now: datetime) -> None:
    _add(event, "counted")


def count_too(event: Event, now: datetime) -> None:
    _add(event, "counted too")


def half_done(event: Event, now: datetime) -> None:
    _add(event, "half")
    raise RuntimeError("the handler broke")
