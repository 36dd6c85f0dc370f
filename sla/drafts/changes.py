"""What differs between two documents of a policy or a calendar, in words that people read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sla.calendars import CalendarError, Interval
from sla.choice import METRICS, PRIORITIES
from sla.hours import DAYS, parse_week, write_week

_NAMES = {
    "name": "Name",
    "tenant": "Tenant",
    "segment": "Segment",
    "tier": "Support tier",
    "calendar": "Calendar",
    "time_zone": "Time zone",
    "country": "Country of the holidays",
    "subdivision": "Region of the holidays",
    "day_length": "Business day",
}


@dataclass(frozen=True)
class Change:
    """One thing that differs; "" is nothing."""

    what: str
    before: str
    after: str


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """From one dict of `sla.documents` to another, sound or not."""
    found = [Change(words, str(before.get(name) or ""), str(after.get(name) or "")) for name, words in _NAMES.items()]
    found.append(Change("Alerts at", _shares(before), _shares(after)))
    found += _each("", _targets(before), _targets(after))
    found += _week_changes(_week(before), _week(after))
    found += _each("Closed on ", _dated(before, "closed_days", "name"), _dated(after, "closed_days", "name"))
    found += _each("Opening on ", _dated(before, "openings", "hours"), _dated(after, "openings", "hours"))
    return [change for change in found if change.before != change.after]


def _each(words: str, before: dict[str, str], after: dict[str, str]) -> list[Change]:
    return [Change(f"{words}{name}", before.get(name, ""), after.get(name, "")) for name in {**before, **after}]


def _shares(document: Mapping[str, Any]) -> str:
    shares = document.get("shares")
    return ", ".join(f"{share} %" for share in shares) if isinstance(shares, list) else str(shares or "")


def _targets(document: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for row in _rows(document, "targets"):
        amount, metric = str(row.get("amount")), str(row.get("metric"))
        business = row.get("basis") == "business" and "business" not in amount
        place = (_place(METRICS, metric), _place(PRIORITIES, str(row.get("priority"))))
        words = f"{metric.replace('_', ' ').capitalize()}, {row.get('priority')}"
        found[place, words] = f"{amount} of business time" if business else amount
    return {words: amount for (_, words), amount in sorted(found.items())}


def _week(document: Mapping[str, Any]) -> dict[str, str]:
    """The hours of each weekday, however its lines are grouped; a line that cannot be read stays as it is."""
    readable: list[Interval] = []
    unread: dict[str, str] = {}
    for line in str(document.get("week") or "").splitlines():
        try:
            readable += parse_week(line)
        except CalendarError:
            days, _, hours = line.strip().partition(" ")
            unread[days] = hours
    days_hours = (line.partition(" ") for line in write_week(readable).splitlines())
    return {day: hours for day, _, hours in days_hours} | unread


def _week_changes(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    """The weekdays that differ, neighbours that change alike told as one; lines that cannot be read come last."""
    runs: list[tuple[str, str, str, str]] = []
    for number, day in enumerate(DAYS):
        told = before.get(day, ""), after.get(day, "")
        if runs and number and runs[-1][1] == DAYS[number - 1] and runs[-1][2:] == told:
            runs[-1] = (runs[-1][0], day, *told)
        else:
            runs.append((day, day, *told))
    found = [Change(f"Open on {first if first == last else f'{first}-{last}'}", *told) for first, last, *told in runs]
    unread = [{days: hours for days, hours in one.items() if days not in DAYS} for one in (before, after)]
    return found + _each("Open on ", *unread)


def _dated(document: Mapping[str, Any], name: str, told: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in _rows(document, name):
        day = str(row.get("date"))
        found[day] = ", ".join(filter(None, (found.get(day), str(row.get(told) or "closed"))))
    return found


def _rows(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = document.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _place(order: tuple[str, ...], word: str) -> int:
    return order.index(word) if word in order else len(order)
