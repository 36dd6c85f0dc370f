"""The example policy as data: what a fresh installation promises until somebody writes another version.

Minutes and hours are elapsed time, business days are counted in the shared calendar, Monday to Friday 09:00–17:00 UTC.
The internal accept target equals the first response's: nobody can answer well what nobody has looked at. While a P0 or
P1 is open the customer hears from us every four hours, or every day. It is made
after every `migrate` (and `flush`) where it is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from sla import ledger
from sla.choice import DEFAULT_SHARES

# Long ago, so that cases brought in from an older system find a policy of their day.
ACTIVE_FROM = datetime(2020, 1, 1, tzinfo=UTC)
CALENDAR_KEY = "office-hours"
OFFICE_HOURS = [[day, 9 * 60, 17 * 60] for day in range(5)]


def _elapsed(**amount: float) -> dict[str, Any]:
    return {"amount": timedelta(**amount), "basis": ledger.ELAPSED}


def _business_days(days: int) -> dict[str, Any]:
    return {"business_days": days, "basis": ledger.BUSINESS}


FIRST_RESPONSE = {
    "P0": _elapsed(minutes=15),
    "P1": _elapsed(hours=1),
    "P2": _elapsed(hours=4),
    "P3": _business_days(1),
}
STANDARD = {"P0": _elapsed(hours=4), "P1": _elapsed(hours=8), "P2": _business_days(2), "P3": _business_days(5)}
NEXT_UPDATE = {"P0": _elapsed(hours=4), "P1": _elapsed(hours=24)}
PREMIUM = {"P0": _elapsed(hours=2), "P1": _elapsed(hours=6), "P2": _business_days(1), "P3": _business_days(3)}
POLICIES = {"standard": STANDARD, "premium": PREMIUM, "enterprise": PREMIUM}


def after_migrate(sender: Any, apps: Any = apps, **kwargs: Any) -> None:
    """Receiver of post_migrate. `apps` is the schema's state then: migrated back, it has no such tables."""
    try:
        apps.get_model("sla", "ClockAlert")
    except LookupError:
        return
    install(timezone.now(), get_model=apps.get_model)


@transaction.atomic
def install(now: datetime, get_model: Callable[[str, str], Any] = apps.get_model) -> None:
    """Make the shared calendar and the three tiers' policies where they are missing; what is there stays as it is."""
    calendar, _ = get_model("sla", "Calendar").objects.get_or_create(
        key=CALENDAR_KEY,
        version=1,
        defaults={"name": "Office hours", "time_zone": "UTC", "weekly": OFFICE_HOURS, "created_at": now},
    )
    for tier, resolution in POLICIES.items():
        policy, made = get_model("sla", "Policy").objects.get_or_create(
            key=tier,
            version=1,
            defaults={
                "name": tier.capitalize(),
                "tier": tier,
                "calendar": calendar,
                "active_from": ACTIVE_FROM,
                "shares": list(DEFAULT_SHARES),
                "reason": "The example policy.",
                "created_at": now,
            },
        )
        if made:
            _promise(get_model("sla", "Target"), policy, resolution)


def _promise(target_model: Any, policy: Any, resolution: dict[str, dict[str, Any]]) -> None:
    promises = {
        "accept": FIRST_RESPONSE,
        "first_response": FIRST_RESPONSE,
        "resolution": resolution,
        "next_update": NEXT_UPDATE,
    }
    target_model.objects.bulk_create(
        target_model(policy=policy, metric=metric, priority=priority, **amount)
        for metric, by_priority in promises.items()
        for priority, amount in by_priority.items()
    )
