"""Scenarios as documents: what a policy must answer to a case told in a line. Pure.

“Opened Fri 16:30, P2 resolution, premium, paused Fri 17:00 for 2 h → due Mon 16:30.” Instants are local: a date and
time, or a weekday and time, which means the first such one in the scenario's week, after what happened before. The zone
is the calendar's unless the scenario names one. The week meant where none is named has no holiday but in few places.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sla import ledger
from sla.amounts import AmountError, read_amount, write_duration
from sla.calendars import zone
from sla.choice import METRICS, PRIORITIES
from sla.documents import KEY, KEY_WORDS
from sla.fields import Fields
from sla.hours import DAYS

WEEK_OF = date(2026, 1, 12)
NEVER = "never"
# Waiting for the customer stops these; the other promises run on while the customer's answer is out.
PAUSING = frozenset({"resolution", "next_update"})
MOST_DEEDS = 50
NOTHING_EXPECTED = (
    "Say what must come out: when it is due, when it is breached, or what is left (`due`, `breached_at`, `left`)."
)
HOW = "write a weekday and time, such as Fri 16:30 (a week later: Fri 16:30 +1w), or a date, such as 2026-01-16 16:30"
_SHORT = re.compile(r"([A-Za-z]{3,9}) (\d{1,2}):(\d{2})(?: ?\+(\d{1,3})w)?")
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Moment:
    """A local instant as it was written. `day` None: a weekday, `weeks` after the first that fits."""

    text: str
    at: time
    day: date | None = None
    weekday: int = 0
    weeks: int = 0

    def __str__(self) -> str:
        return self.text

    def wall(self, week_of: date, after: datetime | None = None, *, later: bool = False) -> datetime:
        """On the wall. A weekday is the first at or after `after` (only after it, when `later`)."""
        if self.day is not None:
            return datetime.combine(self.day, self.at)
        wall = datetime.combine(week_of + timedelta(days=self.weekday - week_of.weekday()), self.at)
        if after is not None and wall < after:
            wall += -(-(after - wall) // _WEEK) * _WEEK
        if later and wall == after:
            wall += _WEEK
        return wall + self.weeks * _WEEK


@dataclass(frozen=True)
class Pause:
    """Waiting for the customer: up to an instant, or for so long on the wall."""

    since: Moment
    until: Moment | None = None
    span: timedelta | None = None


@dataclass(frozen=True)
class Change:
    at: Moment
    priority: str


@dataclass(frozen=True)
class Left:
    at: Moment
    amount: timedelta


@dataclass(frozen=True)
class Expectation:
    """What must come out; None is not asked. `breached_at` "never": whatever happens, no breach."""

    due: Moment | None = None
    breached_at: Moment | str | None = None
    left: Left | None = None


@dataclass(frozen=True)
class Scenario:
    name: str
    policy: str
    priority: str
    metric: str
    opened: Moment
    expect: Expectation
    zone: str = ""
    week_of: date = WEEK_OF
    pauses: tuple[Pause, ...] = ()
    priority_changes: tuple[Change, ...] = ()
    met: Moment | None = None

    def waits(self) -> list[tuple[datetime, datetime]]:
        """The pauses on the wall, each found after the one before."""
        found, so_far = [], self.opened.wall(self.week_of)
        for pause in self.pauses:
            since = pause.since.wall(self.week_of, so_far)
            until = pause.until.wall(self.week_of, since, later=True) if pause.until else since + _span(pause)
            found.append((since, until))
            so_far = max(so_far, until)
        return found

    def deeds(self) -> list[tuple[datetime, str, str]]:
        """What happens after the opening, in order: (wall, ledger's word, the new priority)."""
        opened = self.opened.wall(self.week_of)
        found: list[tuple[datetime, str, str]] = []
        for since, until in self.waits():
            found += [(since, ledger.PAUSED, ""), (until, ledger.RESUMED, "")]
        for change in self.priority_changes:
            found.append((change.at.wall(self.week_of, opened), ledger.RETARGETED, change.priority))
        if self.met is not None:
            found.append((self.met.wall(self.week_of, opened, later=True), ledger.MET, ""))
        return sorted(found, key=lambda deed: deed[0])


# ── Reading and writing ──────────────────────────────────────────────────────
_FIELDS = (
    *("name", "policy", "priority", "metric", "zone", "week_of", "opened", "pauses", "priority_changes", "met"),
    "expect",
)


def read_scenario(data: Any) -> Scenario:
    """The scenario that `data` describes; raises DocumentError with every problem found."""
    fields = Fields(data, _FIELDS)
    metric = fields.choice("metric", METRICS)
    scenario = Scenario(
        name=fields.text("name", most=120, words="what it is about"),
        policy=fields.text("policy", most=60, pattern=KEY, words=f"a policy’s key: {KEY_WORDS}"),
        priority=fields.choice("priority", PRIORITIES),
        metric=metric,
        zone=_zone(fields),
        week_of=fields.day("week_of") if fields.given("week_of") else WEEK_OF,
        opened=_needed(fields, "opened"),
        pauses=tuple(_pause(row) for row in fields.rows("pauses", ("from", "to", "for"), most=MOST_DEEDS)),
        priority_changes=tuple(
            Change(_needed(row, "at"), row.choice("to", PRIORITIES))
            for row in fields.rows("priority_changes", ("at", "to"), most=MOST_DEEDS)
        ),
        met=_moment(fields, "met"),
        expect=_expectation(fields),
    )
    if scenario.pauses and metric and metric not in PAUSING:
        fields.problem("pauses", f"{metric.replace('_', ' ').capitalize()} does not pause: drop the pauses.")
    fields.done()
    try:
        _check_order(scenario, fields)
    except OverflowError:
        fields.problem("week_of", "It leads outside of the years that can be counted.")
    fields.done()
    return scenario


def write_scenario(scenario: Scenario) -> dict[str, Any]:
    """The dict that `read_scenario` reads; what is empty is left out."""
    data: dict[str, Any] = {
        "name": scenario.name,
        "policy": scenario.policy,
        "priority": scenario.priority,
        "metric": scenario.metric,
    }
    data |= {"zone": scenario.zone} if scenario.zone else {}
    data |= {"week_of": scenario.week_of.isoformat()} if scenario.week_of != WEEK_OF else {}
    data["opened"] = scenario.opened.text
    if scenario.pauses:
        data["pauses"] = [
            {"from": pause.since.text, "to": pause.until.text}
            if pause.until
            else {"from": pause.since.text, "for": write_duration(_span(pause))}
            for pause in scenario.pauses
        ]
    if scenario.priority_changes:
        data["priority_changes"] = [{"at": one.at.text, "to": one.priority} for one in scenario.priority_changes]
    data |= {"met": scenario.met.text} if scenario.met else {}
    expect = scenario.expect
    wanted: dict[str, Any] = {}
    wanted |= {"due": expect.due.text} if expect.due else {}
    wanted |= {"breached_at": str(expect.breached_at)} if expect.breached_at else {}
    wanted |= {"left": {"at": expect.left.at.text, "is": signed(expect.left.amount)}} if expect.left else {}
    return data | {"expect": wanted}


def read_moment(text: str) -> Moment:
    """Raises ValueError, quoting the text."""
    words = " ".join(text.split())
    refused = ValueError(f"“{text}” is no instant here: {HOW}.")
    if short := _SHORT.fullmatch(words):
        name, hour, minute, weeks = short.groups()
        day = name[:3].capitalize()
        if day not in DAYS or int(hour) > 23 or int(minute) > 59:
            raise refused
        return Moment(words, time(int(hour), int(minute)), weekday=DAYS.index(day), weeks=int(weeks or 0))
    try:
        at = datetime.fromisoformat(words)
    except ValueError:
        raise refused from None
    if at.tzinfo is not None or ":" not in words:
        raise refused
    return Moment(words, at.time(), day=at.date())


def _moment(fields: Fields, name: str) -> Moment | None:
    text = fields.text(name, most=40, default="")
    if text:
        with fields.at(name):
            return read_moment(text)
    return None


_MIDNIGHT = Moment("", time())


def _needed(fields: Fields, name: str) -> Moment:
    text = fields.text(name, most=40, words="a weekday and time, such as Fri 16:30")
    if text:
        with fields.at(name):
            return read_moment(text)
    return _MIDNIGHT


def _zone(fields: Fields) -> str:
    name = fields.text("zone", most=64, default="")
    if name:
        with fields.at("zone"):
            zone(name)
    return name


def _pause(row: Fields) -> Pause:
    since, until, text = _needed(row, "from"), _moment(row, "to"), row.text("for", most=40, default="")
    if (until is None) == (not text):
        row.problem("to", "Write either until when it is paused or for how long.")
    span = None
    if text:
        with row.at("for"):
            span, days = read_amount(text)
            if days is not None:
                raise AmountError("A pause is as long as it is on the wall: write a duration, such as 2 h.")
    return Pause(since, until, span)


def _expectation(fields: Fields) -> Expectation:
    data = fields.data.get("expect")
    if data is None:
        fields.problem("expect", NOTHING_EXPECTED)
        return Expectation()
    inner = Fields(data, ("due", "breached_at", "left"), "expect", fields.problems)
    never = inner.data.get("breached_at") == NEVER
    found = Expectation(_moment(inner, "due"), NEVER if never else _moment(inner, "breached_at"), _left(inner))
    if found == Expectation() and not any(inner.given(name) for name in ("due", "breached_at", "left")):
        inner.problem("", NOTHING_EXPECTED)
    return found


def _left(fields: Fields) -> Left | None:
    if not fields.given("left"):
        return None
    row = Fields(fields.data["left"], ("at", "is"), "expect.left", fields.problems)
    at, text = _needed(row, "at"), row.text("is", most=40, words="how much is left, such as 4 h")
    left: Left | None = None
    with row.at("is"):
        left = Left(at, _read_signed(text))
    return left


def _read_signed(text: str) -> timedelta:
    words = text.strip().replace("−", "-")
    if re.fullmatch(r"0 ?(s|min|h)?", words):
        return timedelta()
    amount, _ = read_amount(words.removeprefix("-").strip())
    if amount is None:
        raise AmountError("What is left is a duration, such as 4 h.")
    return -amount if words.startswith("-") else amount


def _check_order(scenario: Scenario, fields: Fields) -> None:
    """What happens, happens after the opening, and one pause after the other."""
    opened = scenario.opened.wall(scenario.week_of)
    so_far = opened
    for number, (since, until) in enumerate(scenario.waits()):
        if since < so_far:
            before = "the one before has ended" if number else "the case is opened"
            fields.problem(f"pauses.{number}.from", f"It begins before {before}.")
        if until <= since:
            fields.problem(f"pauses.{number}.to", "It ends before it begins.")
        so_far = max(so_far, until)
    for number, change in enumerate(scenario.priority_changes):
        if change.at.wall(scenario.week_of, opened) < opened:
            fields.problem(f"priority_changes.{number}.at", "It lies before the opening.")
    for name, moment in (("met", scenario.met), ("expect.due", scenario.expect.due)):
        if moment is not None and moment.wall(scenario.week_of, opened, later=True) <= opened:
            fields.problem(name, "It lies before the opening.")


def signed(amount: timedelta) -> str:
    """As `write_duration`; below nothing with a minus."""
    return f"-{write_duration(-amount)}" if amount < timedelta() else write_duration(amount)


def sentence(scenario: Scenario) -> str:
    """The scenario in one line."""
    parts = [f"Opened {scenario.opened.text}", f"{scenario.priority} {_metric(scenario)}", scenario.policy]
    parts += [f"paused {_pause_words(pause)}" for pause in scenario.pauses]
    parts += [f"{change.priority} from {change.at.text}" for change in scenario.priority_changes]
    parts += [f"met {scenario.met.text}"] if scenario.met else []
    expect, wanted = scenario.expect, []
    if expect.due:
        wanted.append(f"due {expect.due.text}")
    if expect.breached_at:
        wanted.append("never breached" if expect.breached_at == NEVER else f"breached {expect.breached_at}")
    if expect.left:
        wanted.append(f"{signed(expect.left.amount)} left at {expect.left.at.text}")
    return f"{', '.join(parts)} → {', '.join(wanted)}"


def _pause_words(pause: Pause) -> str:
    return (
        f"{pause.since.text} to {pause.until.text}"
        if pause.until
        else f"{pause.since.text} for {write_duration(_span(pause))}"
    )


def _span(pause: Pause) -> timedelta:
    assert pause.span is not None
    return pause.span


def _metric(scenario: Scenario) -> str:
    return scenario.metric.replace("_", " ")
