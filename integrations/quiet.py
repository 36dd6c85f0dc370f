"""Quiet hours of a channel. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def ends_at(now: datetime, starts: time | None, ends: time | None, zone: str) -> datetime | None:
    """When the quiet hours that `now` lies in are over; None outside of them, and for whom there are none.

    From `starts` on, up to and without `ends`, by the wall clock of `zone`; past midnight when `ends` comes first. An
    end that the wall skips is the instant after the gap.
    """
    if starts is None or ends is None:
        return None
    here = now.astimezone(ZoneInfo(zone))
    clock = here.time().replace(tzinfo=None)
    quiet = starts <= clock < ends if starts < ends else clock >= starts or clock < ends
    if not quiet:
        return None
    day = here.date() if clock < ends else here.date() + timedelta(days=1)
    over = datetime.combine(day, ends, tzinfo=ZoneInfo(zone)).astimezone(now.tzinfo)
    return max(over, now)
