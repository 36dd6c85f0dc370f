"""What differs between two documents of a policy or a calendar, in words that people read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sla.choice import METRICS, PRIORITIES

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
    found += _each("Open on ", _week(before), _week(after))
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
    lines = (line.strip().partition(" ") for line in str(document.get("week") or "").splitlines())
    return {days: hours for days, _, hours in lines if days}


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
