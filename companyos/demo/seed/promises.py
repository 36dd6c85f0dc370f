"""A calendar with holidays, and the scenarios that the demo's operations manager keeps with the policies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sla import scenarios, versions
from sla.documents import read_calendar
from tenants.access import Actor

SCENARIOS: tuple[dict[str, Any], ...] = (
    {
        "name": "Friday afternoon, waiting over the evening",
        "policy": "premium",
        "priority": "P2",
        "metric": "resolution",
        "opened": "Fri 16:30",
        "pauses": [{"from": "Fri 17:00", "for": "2 h"}],
        "expect": {"due": "Mon 16:30"},
    },
    {
        "name": "An outage in the night counts at once",
        "policy": "premium",
        "priority": "P0",
        "metric": "resolution",
        "opened": "Sat 03:00",
        "expect": {"due": "Sat 05:00", "breached_at": "Sat 05:00"},
    },
    {
        "name": "Two business days over a weekend",
        "policy": "standard",
        "priority": "P2",
        "metric": "resolution",
        "opened": "Fri 16:30",
        "expect": {"due": "Tue 16:30", "left": {"at": "Mon 09:00", "is": "15 h 30 min"}},
    },
    {
        "name": "A question on Saturday is answered by Monday evening",
        "policy": "standard",
        "priority": "P3",
        "metric": "first_response",
        "opened": "Sat 10:00",
        "expect": {"due": "Mon 17:00"},
    },
    {
        "name": "Raised to P1 and solved a minute before",
        "policy": "enterprise",
        "priority": "P2",
        "metric": "resolution",
        "opened": "Mon 10:00",
        "priority_changes": [{"at": "Mon 12:00", "to": "P1"}],
        "met": "Mon 15:59",
        "expect": {"due": "Mon 16:00", "breached_at": "never"},
    },
    {
        "name": "The next update waits while the customer has the word",
        "policy": "enterprise",
        "priority": "P0",
        "metric": "next_update",
        "opened": "Mon 10:00",
        "pauses": [{"from": "Mon 11:00", "to": "Mon 12:00"}],
        "expect": {"due": "Mon 15:00"},
    },
)


def keep(actor: Actor, now: datetime) -> None:
    """Publish the calendar and save the scenarios, by the product's own verbs."""
    versions.publish_calendar(read_calendar(_berlin(now)), None, now)
    for told in SCENARIOS:
        scenarios.save(scenarios.read_scenario(told), actor=actor, now=now)


def _berlin(now: datetime) -> dict[str, Any]:
    stocktaking, evening = now.date() + timedelta(days=30), now.date() + timedelta(days=47)
    closed = {stocktaking.isoformat(): "Stocktaking"}
    closed |= {f"{year}-12-24": "Christmas Eve" for year in (now.year, now.year + 1)}
    return {
        "key": "berlin-office",
        "name": "Berlin office",
        "time_zone": "Europe/Berlin",
        "week": "Mon-Thu 09:00-12:30 13:30-18:00\nFri 09:00-15:00",
        "country": "DE",
        "subdivision": "BE",
        "closed_days": [{"date": day, "name": name} for day, name in closed.items()],
        "openings": [{"date": evening.isoformat(), "hours": "20:00-23:00"}],
        "day_length": "8 h",
    }
