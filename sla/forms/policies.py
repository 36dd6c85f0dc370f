"""The form of a policy's draft: its targets as a matrix, each an amount with its unit and the time it is counted in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sla import ledger
from sla.amounts import AmountError, Unreadable, read_amount, write_amount, write_duration
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
# A comma before three digits is left alone: 1,000 is a thousand to some and one to others.
_COMMA = re.compile(r"(\d),(\d{1,2})(?!\d)")
_FRACTION = re.compile(r"(\d{1,6}\.\d{1,2}) ?(h|min)")
MOST_TYPED = 24
HOW = "write a number such as 90 with “min”, or an amount such as 1 h 30 min or 2 business days"
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
            wrong = [problem for problem in problems if problem.path.startswith(f"targets.{number}.")]
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


def _cell(metric: str, priority: str, row: Mapping[str, Any], told: list[Problem]) -> Cell:
    text = str(row.get("amount") or "")
    business = row.get("basis") == ledger.BUSINESS
    problems = tuple(problem.message for problem in told)
    try:
        amount, days = read_amount(text)
    except AmountError as error:
        number, key = _apart(text, business)
        if isinstance(error, Unreadable):  # told in the terms of the box, which holds the number without its unit
            words = f"“{number}” cannot be read as an amount of time: {HOW}."
            problems = tuple(words if problem.path.endswith(".amount") else problem.message for problem in told)
        return Cell(metric, priority, number, key, problems)
    if amount is None:
        return Cell(metric, priority, f"{days:f}", "days", problems)
    seconds = amount.total_seconds()
    unit, size = next(((unit, size) for unit, size in _SECONDS if not seconds % size), _SECONDS[-1])
    return Cell(
        metric, priority, f"{seconds / size:.6f}".rstrip("0").rstrip("."), unit + "-business" * business, problems
    )


def _apart(text: str, business: bool) -> tuple[str, str]:
    """What was typed, and the unit chosen with it, of an amount that `_target` kept because it cannot be read."""
    fits = [(key, word, basis) for key, (word, basis, _) in UNITS.items() if text.endswith(f" {word}")]
    basis = ledger.BUSINESS if business else ledger.ELAPSED
    key, word, _ = next((one for one in fits if one[2] == basis), fits[0] if fits else ("h", "", ""))
    return text.removesuffix(f" {word}") if word else text, key


def _target(metric: str, priority: str, post: Mapping[str, str]) -> dict[str, Any] | None:
    cell = f"{metric}.{priority}"
    number, unit = post.get(f"amount.{cell}", "").strip()[:MOST_TYPED], post.get(f"unit.{cell}", "")
    if not number:
        return None
    word, basis, _ = UNITS.get(unit, UNITS["h"])
    kept = f"{number} {word}"  # as typed where it cannot be read; told beside the field
    text = _amount(number) or _amount(kept) or kept
    if text.endswith((" business day", " business days")):
        basis = ledger.BUSINESS
    return {"priority": priority, "metric": metric, "amount": text, "basis": basis}


def _amount(text: str) -> str:
    """The amount in its one spelling: 1.5 h is 1 h 30 min. "" for what cannot be read."""
    words = _COMMA.sub(r"\1.\2", text)
    if fraction := _FRACTION.fullmatch(words):
        seconds = Decimal(fraction[1]) * dict(_SECONDS)[fraction[2]]
        words = write_duration(timedelta(seconds=int(seconds))) if seconds == int(seconds) else words
    with suppress(AmountError):
        return write_amount(*read_amount(words))
    return ""


def _shares(text: str) -> Any:
    parts = [part for part in text.replace(",", " ").split() if part != "%"]
    return [int(part) if part.isdecimal() and len(part) < 6 else part[:20] for part in (p.rstrip("%") for p in parts)]
