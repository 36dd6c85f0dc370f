"""The form of a policy's draft: its targets as a matrix, each an amount with its unit and the time it is counted in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sla import ledger
from sla.amounts import AmountError, read_amount, write_amount
from sla.choice import METRICS, PRIORITIES
from sla.fields import Problem

# value → (unit as it is written, basis, words)
UNITS: dict[str, tuple[str, str, str]] = {
    "min": ("min", ledger.ELAPSED, "min"),
    "h": ("h", ledger.ELAPSED, "h"),
    "days": ("business days", ledger.BUSINESS, "business days"),
    "min-business": ("min", ledger.BUSINESS, "min of business time"),
    "h-business": ("h", ledger.BUSINESS, "h of business time"),
    "s": ("s", ledger.ELAPSED, "s"),
    "s-business": ("s", ledger.BUSINESS, "s of business time"),
}
_SECONDS = (("h", 3600), ("min", 60), ("s", 1))
METRIC_NAMES = {metric: metric.replace("_", " ").capitalize() for metric in METRICS}


@dataclass(frozen=True)
class Cell:
    """One target as it is typed; an empty number is no promise."""

    metric: str
    priority: str
    number: str = ""
    unit: str = "h"
    problems: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.metric}.{self.priority}"

    @property
    def label(self) -> str:
        return f"{METRIC_NAMES[self.metric]}, {self.priority}"

    @property
    def units(self) -> list[tuple[str, str]]:
        """What may be chosen; seconds only where they are there already."""
        return [(key, words) for key, (_, _, words) in UNITS.items() if key == self.unit or not key.startswith("s")]


def matrix(document: Mapping[str, Any], problems: Iterable[Problem] = ()) -> list[tuple[str, list[Cell]]]:
    """The targets of a document, sound or not: for each metric its name and a cell for each priority."""
    found: dict[tuple[str, str], Cell] = {}
    for number, row in enumerate(_rows(document)):
        metric, priority = str(row.get("metric")), str(row.get("priority"))
        if metric in METRICS and priority in PRIORITIES:
            wrong = tuple(p.message for p in problems if p.path.startswith(f"targets.{number}."))
            found[metric, priority] = _cell(metric, priority, row, wrong)
    return [
        (METRIC_NAMES[metric], [found.get((metric, priority)) or Cell(metric, priority) for priority in PRIORITIES])
        for metric in METRICS
    ]


def typed(post: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    """The document that the form says, kept as typed where it cannot be read; key and scope are as before."""
    kept = {name: before[name] for name in ("key", "tenant", "segment", "tier") if before.get(name)}
    targets = [
        target
        for metric in METRICS
        for priority in PRIORITIES
        if (target := _target(metric, priority, post)) is not None
    ]
    name, calendar = post.get("name", "").strip(), post.get("calendar", "").strip()
    return {**kept, "name": name, "calendar": calendar, "shares": _shares(post.get("shares", "")), "targets": targets}


def shares_text(document: Mapping[str, Any]) -> str:
    shares = document.get("shares")
    return ", ".join(map(str, shares)) if isinstance(shares, list) else str(shares or "")


def _rows(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = document.get("targets")
    return [row if isinstance(row, dict) else {} for row in rows] if isinstance(rows, list) else []


def _cell(metric: str, priority: str, row: Mapping[str, Any], problems: tuple[str, ...]) -> Cell:
    text = str(row.get("amount") or "")
    business = row.get("basis") == ledger.BUSINESS
    try:
        amount, days = read_amount(text)
    except AmountError:
        number, _, unit = text.partition(" ")
        key = next((key for key, (word, *_) in UNITS.items() if word == unit), "h")
        return Cell(metric, priority, number[:40], key, problems)
    if amount is None:
        return Cell(metric, priority, f"{days:f}", "days", problems)
    seconds = amount.total_seconds()
    unit, size = next(((unit, size) for unit, size in _SECONDS if not seconds % size), _SECONDS[-1])
    return Cell(
        metric, priority, f"{seconds / size:.6f}".rstrip("0").rstrip("."), unit + "-business" * business, problems
    )


def _target(metric: str, priority: str, post: Mapping[str, str]) -> dict[str, Any] | None:
    cell = f"{metric}.{priority}"
    number, unit = post.get(f"amount.{cell}", "").strip().replace(",", "."), post.get(f"unit.{cell}", "")
    if not number:
        return None
    word, basis, _ = UNITS.get(unit, UNITS["h"])
    text = f"{number} {word}"
    with suppress(AmountError):  # kept as typed then, and told beside the field
        text = write_amount(*read_amount(text))
    return {"priority": priority, "metric": metric, "amount": text[:40], "basis": basis}


def _shares(text: str) -> Any:
    parts = [part for part in text.replace(",", " ").split() if part != "%"]
    return [int(part) if part.isdecimal() and len(part) < 6 else part[:20] for part in (p.rstrip("%") for p in parts)]
