"""How an SLA clock reads: the words, the colour's name and the icon that every screen shows for it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sla.ledger import Reading

METRIC_NAMES = {
    "accept": "Accept",
    "first_response": "First response",
    "resolution": "Resolution",
    "next_update": "Next update",
}
# From this share of the target on, a running clock is "soon" (the first default alert after the half).
SOON_SHARE = 0.75


@dataclass(frozen=True)
class Dial:
    """One clock in words. `tone` is running, soon, breached, paused, met or cancelled."""

    reading: Reading
    name: str
    tone: str
    icon: str
    short: str
    words: str
    share: int

    @property
    def live(self) -> bool:
        return self.tone in ("running", "soon", "breached") and self.reading.met_at is None

    @property
    def counts_down(self) -> bool:
        """Whether the browser may count by itself: business time stands still at night, which only the server knows."""
        return self.live and self.reading.basis == "elapsed"


def span(value: timedelta) -> str:
    """Two units at most, whole minutes: "2 d 3 h", "1 h 12 min", "45 min"; under a minute "under 1 min"."""
    minutes = int(abs(value).total_seconds() // 60)
    if minutes < 1:
        return "under 1 min"
    days, rest = divmod(minutes, 24 * 60)
    hours, mins = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (mins, "min")]
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


def length(value: timedelta) -> str:
    """Hours and minutes, never days: a business day is shorter than a day. "16 h", "2 h 30 min", "40 s"."""
    seconds = round(abs(value).total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return " ".join(f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min")) if count)


def dial(reading: Reading) -> Dial:
    """The words for one reading."""
    share = _share(reading)
    tone, icon, short, words = _tell(reading, share)
    name = METRIC_NAMES.get(reading.metric, reading.metric.replace("_", " ").capitalize())
    return Dial(reading=reading, name=name, tone=tone, icon=icon, short=short, words=words, share=share)


def _share(reading: Reading) -> int:
    return max(0, min(100, round(100 * reading.used)))


def _amount(value: timedelta, basis: str) -> str:
    return length(value) if basis == "business" and abs(value) >= timedelta(minutes=1) else span(value)


def _tell(reading: Reading, share: int) -> tuple[str, str, str, str]:
    unit = " of business time" if reading.basis == "business" else ""
    if reading.state == "cancelled":
        return "cancelled", "circle-slash", "Cancelled", "Cancelled"
    if reading.breached:
        late = _amount(reading.late or timedelta(0), reading.basis)
        if reading.met_at:
            return "breached", "circle-alert", f"Met {late} late", f"Met {late} late"
        return "breached", "circle-alert", f"{late} late", f"Breached, {late} late{unit}"
    if reading.state == "met":
        return "met", "circle-check", "Met", "Met in time"
    left = _amount(reading.left, reading.basis)
    if reading.state == "paused":
        return "paused", "circle-pause", f"Paused, {left} left", f"Paused with {left} left{unit}"
    if share >= SOON_SHARE * 100:
        return "soon", "alarm-clock", f"{left} left", f"{left} left{unit}"
    return "running", "clock", f"{left} left", f"{left} left{unit}"


def latest_cycle(readings: list[Reading]) -> list[Dial]:
    """The dials of the newest cycle, in the order in which they come due in a case's life."""
    if not readings:
        return []
    newest = max(reading.cycle for reading in readings)
    order = list(METRIC_NAMES)
    chosen = [dial(reading) for reading in readings if reading.cycle == newest]
    return sorted(chosen, key=lambda one: order.index(one.reading.metric) if one.reading.metric in order else 9)


def next_due(readings: list[Reading]) -> Dial | None:
    """The one clock that the queue shows: an open breach first, then the nearest due, then a paused one."""
    pending = [one for one in latest_cycle(readings) if one.reading.state in ("running", "paused")]
    if not pending:
        return None
    return min(pending, key=_urgency)


def _urgency(one: Dial) -> tuple[bool, bool, float]:
    due_at = one.reading.due_at
    return one.reading.state == "paused", due_at is None, due_at.timestamp() if due_at else 0.0
