"""Why a clock is due then, in plain words. Pure: an explanation in, sentences out.

Instants are told in the reader's zone, and in the calendar's too where its wall shows another time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from cases.dials import METRIC_NAMES, length, span
from cases.lifecycle import MOVES
from sla.calendars import zone
from sla.explaining.explain import CLOSED, Explanation, Line, Mark, Stretch, Terms
from sla.ledger import BUSINESS, CANCELLED, MET, NOTHING, PAUSED, Reading

MOST_NAMED = 3  # pauses and holidays told by name; of more only the number
CAUSES = {
    "case:opened": "the case was opened",
    "priority": "the priority was set",
    "due": "the target was used up",
    "policy": "another policy came into force",
}
STRETCH_NAMES = {
    "running": "Runs",
    "late": "Runs late",
    "paused": "Stands still",
    "stopped": "Met, not yet resumed",
    "closed": "Closed hours",
    "holiday": "Holiday",
    "folded": "Runs, nights and weekends between",
}
MARK_NAMES = {
    "started": "Started",
    "retargeted": "Retargeted",
    "due": "Due",
    "breached": "Breached",
    "met": "Met",
    "cancelled": "Cancelled",
}
WARNING_STATES = {
    "sent": "sent",
    "overdue": "owed, not sent yet",
    "coming": "to come",
    "unknown": "after the pause",
    "dropped": "never sent, the clock had stopped",
    "passed_over": "not sent, passed when the target changed",
}


@dataclass(frozen=True)
class Because:
    """The answer in one sentence, and what it rests on, one sentence each."""

    headline: str
    reasons: list[str]


def because(told: Explanation, here: tzinfo) -> Because:
    """The whole answer, for a reader whose wall clock is `here`."""
    teller = _Teller(told, here)
    return Because(
        teller.headline(),
        [teller.promise(), *teller.pauses(), *teller.closures(), *teller.retargets(), *teller.figures()],
    )


def used(reading: Reading) -> timedelta:
    """What is used of the target, to the minute that what is left leaves: told side by side, the two add up."""
    whole = reading.left // timedelta(minutes=1)
    return reading.target - timedelta(minutes=whole) if whole > 0 else reading.consumed


def _same_promise(before: Terms, after: Terms) -> bool:
    old, new = before.target, after.target
    return (before.priority, old.amount, old.basis, before.calendar, before.calendar_version) == (
        *(after.priority, new.amount, new.basis, after.calendar, after.calendar_version),
    )


def amount(value: timedelta, basis: str) -> str:
    return (
        f"{length(value)} of business time"
        if basis == BUSINESS
        else span(value)
        if value >= timedelta(minutes=1)
        else length(value)
    )


def cause(line: Line) -> str:
    """What made a line of the ledger, as a clause: "“Accept”", "a public message"."""
    kind, _, what = line.cause.partition(":")
    if kind == "transition" and what in MOVES:
        return f"“{MOVES[what].title}”"
    if kind == "message":
        return "a public message"
    return CAUSES.get(line.cause, CAUSES.get(kind, line.cause.replace("_", " ").replace(":", " ")))


def who(line: Line) -> str:
    return "" if line.actor_kind == "system" or not line.actor else f" by {line.actor}"


def stretch_name(stretch: Stretch) -> str:
    return stretch.name or STRETCH_NAMES[stretch.kind]


def mark_name(mark: Mark) -> str:
    return f"{mark.share} % warning, {WARNING_STATES[mark.state]}" if mark.share else MARK_NAMES[mark.kind]


def promised(terms: Terms) -> str:
    """The target with everything that it rests on."""
    calendar = f" in “{terms.calendar}” version {terms.calendar_version}" if terms.calendar else ", every hour counted"
    target = amount(terms.target.amount, terms.target.basis)
    return f"{target}{calendar}, for {terms.priority} by “{terms.policy}” version {terms.policy_version}"


def told_instant(at: datetime, here: tzinfo, around: datetime, *, seconds: bool = True) -> str:
    """ "Mon 30 Nov 16:30 GMT"; with the year where it is another than the one being looked at, and seconds if any."""
    local = at.astimezone(here)
    year = f" {local.year}" if local.year != around.astimezone(here).year else ""
    time = f"{local:%H:%M:%S}" if seconds and local.second else f"{local:%H:%M}"
    return f"{local:%a} {local.day} {local:%b}{year} {time} {local:%Z}"


class _Teller:
    def __init__(self, told: Explanation, here: tzinfo) -> None:
        self.told, self.here = told, here
        self.past = [one for one in told.stretches if not one.ahead]

    def instant(self, at: datetime) -> str:
        text = told_instant(at, self.here, self.told.at, seconds=False)
        calendar = self.told.terms.target.calendar
        if calendar is None:
            return text
        there = at.astimezone(zone(calendar.time_zone))
        if there.utcoffset() == at.astimezone(self.here).utcoffset():
            return text
        day = f"{there:%a} " if there.date() != at.astimezone(self.here).date() else ""
        return f"{text} ({day}{there:%H:%M} in {calendar.time_zone})"

    def headline(self) -> str:
        said = self.told.reading
        name = METRIC_NAMES.get(said.metric, said.metric)
        left = length(said.left)
        if said.state == PAUSED and said.due_at is None:
            resumed = self.told.due_if_resumed
            until = f" If it ran again now, it would be due {self.instant(resumed)}." if resumed else ""
            return f"Nobody can know when it is due: it stands still, with {left} left.{until}"
        if said.due_at is None:
            return f"It ended while it stood still, with {left} left: {name} was never due."
        due = self.instant(said.due_at)
        ended = {MET: said.met_at, CANCELLED: self.told.lines[-1].at}.get(said.state)
        if said.breached and said.breached_at is not None:
            at = (
                ""
                if said.breached_at == said.due_at
                else f", breached {self.instant(said.breached_at)} by a new target"
            )
            end = f", and met {self.instant(ended)}" if ended and said.state == MET else ""
            return f"It was due {due}{at}{end}."
        if said.state == MET and ended:
            return f"It was due {due} and met {self.instant(ended)}, with {left} left."
        if said.state == CANCELLED and ended:
            return f"It would have been due {due}, but was cancelled {self.instant(ended)}."
        return f"Due {due}."

    def promise(self) -> str:
        first, terms = self.told.lines[0], self.told.terms
        began = f"{cause(first)}{who(first)}, {self.instant(first.at)}"
        return f"Promised is {promised(terms)}, counted from the start: {began}."

    def pauses(self) -> list[str]:
        found = [one for one in self.past if one.kind in (PAUSED, "stopped")]
        told = []
        for one in found[:MOST_NAMED]:
            how = "Stood still" if one.kind == PAUSED else "Was met and taken up again, so did not count"
            why = f"{cause(one.line)}{who(one.line)}" + (f": {one.line.reason}" if one.line.reason else "")
            until = "" if one.end == self.told.at else f" until {self.instant(one.end)}"
            told.append(
                f"{how} for {span(one.end - one.start)} from {self.instant(one.start)}{until}: {why}".rstrip(".") + "."
            )
        if len(found) > MOST_NAMED:
            rest = sum((one.end - one.start for one in found[MOST_NAMED:]), NOTHING)
            told.append(f"Stood still {len(found) - MOST_NAMED} more times, for {span(rest)} in all.")
        return told

    def closures(self) -> list[str]:
        every = self.told.stretches
        closed, after = 0, None
        for one in every:
            # A line of the ledger may part a night in two, and what follows the end of the target delays nothing.
            if one.closures or (one.kind == CLOSED and one.start != after and not self.is_over(one.start)):
                closed += one.closures or 1
            after = one.end if one.kind == CLOSED else None
        holidays = list(dict.fromkeys(one.name for one in every if one.kind == "holiday"))
        told = []
        if closed:
            times = "once" if closed == 1 else f"{closed} times, at night or over weekends"
            told.append(f"Closed hours do not count; the clock stood still in them {times}.")
        if holidays:
            more = f" and {len(holidays) - MOST_NAMED} more" if len(holidays) > MOST_NAMED else ""
            told.append(f"Nor do holidays: {', '.join(holidays[:MOST_NAMED])}{more}.")
        return told

    def is_over(self, at: datetime) -> bool:
        breached = self.told.reading.breached_at
        return breached is not None and at >= breached

    def retargets(self) -> list[str]:
        told = []
        for part in self.told.parts[:-1]:
            changed = next(other for other in self.told.parts if other.start == part.end or other.line.at == part.end)
            why = f"{cause(changed.line)}{who(changed.line)}"
            why += f": {changed.line.reason}" if changed.line.reason else ""
            if _same_promise(part.terms, changed.terms):
                version = f"“{changed.terms.policy}” version {changed.terms.policy_version}"
                now = f"Since {self.instant(changed.start)} it counts by {version}, with the same target: {why}"
            else:
                due = f", then due {self.instant(part.due_at)}" if part.due_at else ""
                was = f"Until {self.instant(changed.start)} the target was {promised(part.terms)}{due}"
                now = f"{was}; changed because {why}"
            told.append(now.rstrip(".") + ".")
        return told

    def figures(self) -> list[str]:
        said = self.told.reading
        over = f"{length(said.left)} over" if said.left < NOTHING else f"{length(said.left)} left"
        when = "In all" if said.state in (MET, CANCELLED) else f"By {self.instant(self.told.at)}"
        return [f"{when} {length(used(said))} of {length(said.target)} were used, {over}."]
