"""What is known of a clock at an instant, as numbers. Pure, and the same code for training and for scoring.

A snapshot holds nothing that came after its instant. Every feature lies roughly between 0 and 1, so that one penalty
is fair to all coefficients and no scaler has to be kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sla import ledger
from sla.choice import PRIORITIES

METRICS = ("first_response", "resolution")
STATUSES = ("new", "triage", "in_progress", "waiting")
HOURS = ("night", "morning", "afternoon", "evening", "end of the week", "weekend")
KNOTS = (0.25, 0.5, 0.75, 0.9)
WEEK_HOURS, WORKED_WEEK = 168.0, 40.0
OPENS, WORKED_DAY = 9.0, 8.0
LONGEST = 2000.0  # hours; what is further away is as far as this


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One open, unbroken promise at `at`. `used` is the share of its target consumed, `left` what remains, both in
    the clock's own time; `time_zone` is the tenant's.
    """

    metric: str
    priority: str
    status: str
    segment: str
    state: str
    basis: str
    used: float
    left: timedelta
    at: datetime
    time_zone: str


# (name, group): the group is what a contribution is told by, in words.
_BASE: tuple[tuple[str, str], ...] = (
    ("used", "due"),
    *((f"used over {knot}", "due") for knot in KNOTS),
    ("time left", "due"),
    ("resolution", "promise"),
    ("resolution x used", "promise"),
    ("resolution x used over 0.5", "promise"),
    ("business time", "promise"),
    *((priority, "priority") for priority in PRIORITIES),
    *((status, "state") for status in STATUSES),
    ("waiting x used", "state"),
    *((name, "hour") for name in HOURS),
    ("working time ahead", "ahead"),
    ("idle share ahead", "ahead"),
    ("idle share ahead x used", "ahead"),
)
DUE_ONLY = tuple(name for name, group in _BASE if group == "due")


def names(segments: Sequence[str]) -> list[str]:
    """The features' names, in the order of `vector`; `segments` are those that the history was rich enough in."""
    return [name for name, _ in _BASE] + [f"segment {segment}" for segment in segments]


def groups(segments: Sequence[str]) -> list[str]:
    return [group for _, group in _BASE] + ["segment"] * len(segments)


def vector(seen: Snapshot, segments: Sequence[str]) -> list[float]:
    """The snapshot as numbers. A word that the history did not know is none of the known ones: all zero."""
    used = min(max(seen.used, 0.0), 1.0)
    left = min(max(seen.left.total_seconds() / 3600, 0.0), LONGEST)
    resolution = 1.0 if seen.metric == "resolution" else 0.0
    position = week_position(seen.at, seen.time_zone)
    hour = hour_of_week(position)
    ahead, idle = _ahead(position, left, seen.basis)
    row = [used, *(max(used - knot, 0.0) for knot in KNOTS), _log(left)]
    row += [resolution, resolution * used, resolution * max(used - 0.5, 0.0)]
    row.append(1.0 if seen.basis == ledger.BUSINESS else 0.0)
    row += [1.0 if seen.priority == one else 0.0 for one in PRIORITIES]
    row += [1.0 if seen.status == one else 0.0 for one in STATUSES]
    row.append(used if seen.status == "waiting" else 0.0)
    row += [1.0 if hour == one else 0.0 for one in HOURS]
    row += [_log(ahead), idle, idle * used]
    return row + [1.0 if seen.segment == one else 0.0 for one in segments]


@lru_cache(maxsize=4096)
def week_position(at: datetime, time_zone: str) -> float:
    """Hours since Monday midnight on the tenant's wall."""
    local = at.astimezone(ZoneInfo(time_zone))
    return local.weekday() * 24 + local.hour + local.minute / 60 + local.second / 3600


def hour_of_week(position: float) -> str:
    """The part of the week, by name."""
    day, hour = divmod(position, 24)
    if day >= 5:
        return "weekend"
    if day == 4 and hour >= 12:
        return "end of the week"
    if hour < 7:
        return "night"
    return "morning" if hour < 12 else "afternoon" if hour < 17 else "evening"


def _ahead(position: float, left: float, basis: str) -> tuple[float, float]:
    """Working hours until the promise is due, were it to run on from now, and the share of that time that is idle.

    Counted in a nominal week, Monday to Friday 9 to 17 on the tenant's wall: nobody's calendar, but much the same
    everywhere. Business time is working time already.
    """
    if basis == ledger.BUSINESS:
        return left, 0.0
    worked = _worked(position + left) - _worked(position)
    return worked, 1.0 - worked / left if left > 0 else 0.0


def _worked(position: float) -> float:
    """Working hours of the nominal week between Monday midnight and `position`, which may lie weeks ahead."""
    weeks, rest = divmod(position, WEEK_HOURS)
    day, hour = divmod(rest, 24)
    today = min(max(hour - OPENS, 0.0), WORKED_DAY) if day < 5 else 0.0
    return weeks * WORKED_WEEK + min(day, 5.0) * WORKED_DAY + today


def _log(hours: float) -> float:
    return math.log1p(hours) / 5


def words(group: str, seen: Snapshot) -> str:
    """A group's part in a chance, as a person would say it."""
    match group:
        case "due":
            return f"{round(100 * min(seen.used, 1))} % of the target used"
        case "promise":
            return "resolution" if seen.metric == "resolution" else "first response"
        case "priority":
            return seen.priority
        case "state":
            return f"still {seen.status}" if seen.status in ("new", "triage") else seen.status.replace("_", " ")
        case "hour":
            return hour_of_week(week_position(seen.at, seen.time_zone))
        case "ahead":
            return "few working hours left"
        case _:
            return f"segment {seen.segment}"
