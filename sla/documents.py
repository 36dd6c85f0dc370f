"""Policies and calendars as documents: what YAML, a draft and an export hold, told apart from the rows. Pure.

A document is read from a plain dict (of strings, numbers and lists, as YAML and JSON know them) and written to one.
Reading collects every problem, each with its path and the way to mend it. What is written reads back as the same
document, and an amount of time has one spelling: `15 min`, `1 h 30 min`, `2 business days`.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sla import ledger
from sla.amounts import AmountError, read_amount, write_amount, write_duration
from sla.calendars import CalendarError, CalendarSpec, Interval, Opening, zone
from sla.choice import METRICS, PRIORITIES, check_shares
from sla.fields import DocumentError, Fields, Problem
from sla.hours import parse_hours, parse_week, write_hours, write_week
from sla.public_holidays import check_place

__all__ = [
    "CalendarDocument",
    "DocumentError",
    "PolicyDocument",
    "Problem",
    "TargetDocument",
    "digest",
    "read_calendar",
    "read_policy",
    "write_calendar",
    "write_policy",
]
TIERS = ("standard", "premium", "enterprise")
BASES = (ledger.ELAPSED, ledger.BUSINESS)
MOST_INTERVALS, MOST_DAYS, MOST_SHARES, MOST_WEEK_TEXT, MOST_BAD_LINES = 200, 2000, 20, 5000, 20
_ANY_WEEK: tuple[Interval, ...] = ((0, 0, 60),)
KEY = r"[a-z0-9][a-z0-9_-]*"
KEY_WORDS = "small letters, digits and hyphens, such as office-hours"
_NOTHING = re.compile(r"[^1-9]*0[^1-9]*")


@dataclass(frozen=True)
class CalendarDocument:
    """A business calendar without its version. Minutes are as in `sla.calendars.CalendarSpec`.

    `closed_days` are the calendar's own; public holidays follow from `country` and `subdivision` at publication.
    """

    key: str
    name: str
    tenant: str = ""
    time_zone: str = "UTC"
    week: tuple[Interval, ...] = ()
    country: str = ""
    subdivision: str = ""
    closed_days: tuple[tuple[date, str], ...] = ()
    openings: tuple[Opening, ...] = ()
    day_length: timedelta = timedelta(hours=8)

    def spec(self, version: int = 0, holidays: frozenset[date] = frozenset()) -> CalendarSpec:
        """What is counted in, with the public `holidays` beside its own closed days."""
        own = frozenset(day for day, _ in self.closed_days)
        return CalendarSpec(
            self.name, version, self.time_zone, self.week, holidays | own, self.openings, self.day_length
        )


@dataclass(frozen=True)
class TargetDocument:
    """A promise for one priority and metric: either `amount` or `business_days` of the calendar's day length."""

    priority: str
    metric: str
    amount: timedelta | None = None
    business_days: Decimal | None = None
    basis: str = ledger.ELAPSED

    @property
    def words(self) -> str:
        """The amount as it is written; of a duration in business time, said so."""
        text = write_amount(self.amount, self.business_days)
        return f"{text} of business time" if self.amount is not None and self.basis == ledger.BUSINESS else text


@dataclass(frozen=True)
class PolicyDocument:
    """A policy without its version: for one tenant (its slug), or one segment, or one tier, or for all."""

    key: str
    name: str
    tenant: str = ""
    segment: str = ""
    tier: str = ""
    calendar: str = ""
    shares: tuple[int, ...] = ()
    targets: tuple[TargetDocument, ...] = ()

    def promise(self, metric: str, priority: str) -> TargetDocument | None:
        return next((one for one in self.targets if (one.metric, one.priority) == (metric, priority)), None)

    def target(self, metric: str, priority: str, spec: CalendarSpec) -> ledger.Target | None:
        """What a clock would count by, in the calendar given; None where nothing is promised."""
        promised = self.promise(metric, priority)
        if promised is None:
            return None
        amount = promised.amount
        if amount is None:
            amount = spec.day_length * int((promised.business_days or 0) * 100) / 100
        calendar = spec if promised.basis == ledger.BUSINESS else None
        return ledger.Target(amount, promised.basis, calendar, self.shares)

    @property
    def scope(self) -> str:
        """Whom it is for, in words."""
        if self.tenant:
            return f"tenant {self.tenant}"
        if self.segment:
            return f"segment {self.segment}"
        return f"{self.tier} support" if self.tier else "everybody else"


def digest(data: dict[str, Any]) -> str:
    """Names a document's content: equal for equal documents, whatever the order of their fields."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# ── Calendars ────────────────────────────────────────────────────────────────
_CALENDAR_FIELDS = (
    *("key", "name", "tenant", "time_zone", "week", "country", "subdivision"),
    *("closed_days", "openings", "day_length"),
)


def read_calendar(data: Any) -> CalendarDocument:
    """The calendar that `data` describes; raises DocumentError with every problem found."""
    fields = Fields(data, _CALENDAR_FIELDS)
    document = CalendarDocument(
        key=fields.text("key", most=60, pattern=KEY, words=KEY_WORDS),
        name=fields.text("name", most=120, words="a name, such as Office hours"),
        tenant=fields.text("tenant", most=60, default=""),
        time_zone=_zone(fields),
        week=_week(fields),
        country=fields.text("country", most=2, default="", pattern="[A-Z]{2}", words="an ISO 3166 code, such as DE"),
        subdivision=fields.text("subdivision", most=8, default=""),
        closed_days=_closed_days(fields),
        openings=_openings(fields),
        day_length=_day_length(fields),
    )
    _country(fields, document)
    fields.done()
    return document


def write_calendar(document: CalendarDocument) -> dict[str, Any]:
    """The dict that `read_calendar` reads; what is empty is left out."""
    data: dict[str, Any] = {"key": document.key, "name": document.name}
    data |= {"tenant": document.tenant} if document.tenant else {}
    data |= {"time_zone": document.time_zone, "week": write_week(document.week)}
    data |= {"country": document.country} if document.country else {}
    data |= {"subdivision": document.subdivision} if document.subdivision else {}
    if document.closed_days:
        data["closed_days"] = [{"date": day.isoformat(), "name": name} for day, name in document.closed_days]
    if document.openings:
        data["openings"] = [
            {"date": day.isoformat(), "hours": write_hours(opens, closes)} for day, opens, closes in document.openings
        ]
    return data | {"day_length": write_duration(document.day_length)}


def _zone(fields: Fields) -> str:
    name = fields.text("time_zone", most=64, default="UTC")
    with fields.at("time_zone"):
        zone(name)
    return name


def _week(fields: Fields) -> tuple[Interval, ...]:
    text = fields.text("week", most=MOST_WEEK_TEXT, default="", strip=False)
    week: tuple[Interval, ...] = ()
    unread = _unread_lines(text)
    for words in unread[:MOST_BAD_LINES]:
        fields.problem("week", words)
    if unread:
        return week
    with fields.at("week"):
        week = tuple(parse_week(text))
        if len(week) > MOST_INTERVALS:
            raise CalendarError(f"The week has {len(week)} intervals; {MOST_INTERVALS} are the most.")
        CalendarSpec("", 0, "UTC", week)
    return week


def _unread_lines(text: str) -> list[str]:
    """What is wrong with each line of a week that cannot be read; every message quotes its line."""
    found = []
    for line in text.splitlines():
        try:
            parse_week(line)
        except CalendarError as error:
            found.append(str(error))
    return found


def _day(row: Fields, rest: str) -> date:
    """The date of a row. A fault quotes the row, so that it is found among many: `rest` names its other field."""
    value, more = row.data.get("date"), row.data.get(rest)
    if isinstance(value, str) and value:
        try:
            return date.fromisoformat(value)
        except ValueError:
            line = f"{value} {more}" if isinstance(more, str) else value
            row.problem("date", f"“{line[:60]}” does not begin with a date: write it as 2026-12-24.")
            return date.min
    return row.day("date")


def _closed_days(fields: Fields) -> tuple[tuple[date, str], ...]:
    days: dict[date, str] = {}
    for row in fields.rows("closed_days", ("date", "name"), most=MOST_DAYS):
        day, name = _day(row, "name"), row.text("name", most=120, default="Closed")
        if day in days and day != date.min:
            row.problem("date", f"{day.isoformat()} is closed twice; name each day once.")
        days[day] = name
    return tuple(sorted(days.items()))


def _openings(fields: Fields) -> tuple[Opening, ...]:
    found: list[Opening] = []
    for row in fields.rows("openings", ("date", "hours"), most=MOST_DAYS):
        day, hours = _day(row, "hours"), row.text("hours", most=60, words="hours, such as 10:00-14:00")
        with row.at("hours"):
            found += [(day, opens, closes) for opens, closes in parse_hours(hours)]
    with fields.at("openings"):
        CalendarSpec("", 0, "UTC", _ANY_WEEK, openings=tuple(found))
    return tuple(sorted(found))


def _day_length(fields: Fields) -> timedelta:
    text, told = fields.text("day_length", most=40, default="8 h"), timedelta(hours=8)
    with fields.at("day_length"):
        try:
            length, _ = read_amount(text)
        except AmountError:
            length = None
        if length is None:
            raise AmountError(
                f"“{text}” is no working day: write a duration, longer than nothing and at most 24 hours,"
                " such as 8 h or 7 h 30 min."
            )
        CalendarSpec("", 0, "UTC", _ANY_WEEK, day_length=length)
        told = length
    return told


def _country(fields: Fields, document: CalendarDocument) -> None:
    if document.subdivision and not document.country and not fields.given("country"):
        fields.problem("subdivision", "A subdivision needs its country: write both, such as DE and BY.")
    elif document.country:
        with fields.at("subdivision" if document.subdivision else "country"):
            check_place(document.country, document.subdivision)


# ── Policies ─────────────────────────────────────────────────────────────────
_POLICY_FIELDS = ("key", "name", "tenant", "segment", "tier", "calendar", "shares", "targets")
_AMOUNT_WORDS = "an amount of time, such as 4 h"
_TARGET_FIELDS = ("priority", "metric", "amount", "basis")


def read_policy(data: Any) -> PolicyDocument:
    """The policy that `data` describes; raises DocumentError with every problem found."""
    fields = Fields(data, _POLICY_FIELDS)
    document = PolicyDocument(
        key=fields.text("key", most=60, pattern=KEY, words=KEY_WORDS),
        name=fields.text("name", most=120, words="a name, such as Standard support"),
        tenant=fields.text("tenant", most=60, default=""),
        segment=fields.text("segment", most=60, default=""),
        tier=fields.choice("tier", TIERS, default=""),
        calendar=fields.text("calendar", most=60, pattern=KEY, words="a calendar’s key, such as office-hours"),
        shares=_shares(fields),
        targets=_targets(fields),
    )
    named = [name for name in ("tenant", "segment", "tier") if getattr(document, name)]
    if len(named) > 1:
        fields.problem(
            named[1], f"A policy is for one tenant, one segment, one tier, or for all: drop {named[0]} here."
        )
    fields.done()
    return document


def write_policy(document: PolicyDocument) -> dict[str, Any]:
    """The dict that `read_policy` reads; what is empty is left out."""
    data: dict[str, Any] = {"key": document.key, "name": document.name}
    data |= {name: getattr(document, name) for name in ("tenant", "segment", "tier") if getattr(document, name)}
    data |= {"calendar": document.calendar, "shares": list(document.shares)}
    return data | {
        "targets": [
            {
                "priority": target.priority,
                "metric": target.metric,
                "amount": write_amount(target.amount, target.business_days),
                "basis": target.basis,
            }
            for target in document.targets
        ]
    }


def _shares(fields: Fields) -> tuple[int, ...]:
    given = fields.data.get("shares")
    wrong = [one for one in given if type(one) is not int] if isinstance(given, list) else []
    if wrong or not isinstance(given, list | None):
        said = f"“{wrong[0] if wrong else given}”"[:40]
        text = f"{said} is no whole number: write at which percentages of the target to alert, such as 50, 75, 90"
        fields.problem("shares", f"{text} (in YAML a list, [50, 75, 90]).")
        return ()
    shares = fields.numbers("shares", most=MOST_SHARES, default=(50, 75, 90))
    with fields.at("shares"):
        check_shares(shares)
    return shares


def _targets(fields: Fields) -> tuple[TargetDocument, ...]:
    found: dict[tuple[int, int], TargetDocument] = {}
    for row in fields.rows("targets", _TARGET_FIELDS, most=len(METRICS) * len(PRIORITIES)):
        target = _target(row)
        if target is None:
            continue
        place = (METRICS.index(target.metric), PRIORITIES.index(target.priority))
        if place in found:
            row.problem("metric", f"{target.metric} of {target.priority} is promised twice; keep one of the two.")
        found[place] = target
    return tuple(target for _, target in sorted(found.items()))


def _target(row: Fields) -> TargetDocument | None:
    priority, metric = row.choice("priority", PRIORITIES), row.choice("metric", METRICS)
    basis, text = row.choice("basis", BASES, default=""), row.text("amount", most=40, words=_AMOUNT_WORDS)
    with row.at("amount"):
        if _NOTHING.fullmatch(text):
            raise AmountError(
                "Nothing is no promise: write a number above 0, or promise nothing by leaving it out (an empty box)."
            )
        amount, days = read_amount(text)
        if days is not None and basis == ledger.ELAPSED:
            row.problem("basis", "Business days are counted in business time: write business, or leave the basis out.")
        if priority and metric:
            counted = ledger.BUSINESS if days is not None else basis or ledger.ELAPSED
            return TargetDocument(priority, metric, amount, days, counted)
    return None
