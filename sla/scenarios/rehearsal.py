"""Scenarios played against a policy and its calendar. Pure; the ledger's own fold judges, there is no second one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sla import ledger
from sla.amounts import write_duration
from sla.calendars import CalendarError, CalendarSpec, zone
from sla.documents import PolicyDocument
from sla.scenarios.documents import Moment, Scenario, signed


class Unplayable(ValueError):
    """A scenario that cannot be told to this policy; the text says why."""


@dataclass(frozen=True)
class Outcome:
    """What came out, in UTC. `entries` are the ledger; `place` is the zone that the scenario speaks in."""

    entries: tuple[ledger.Entry, ...]
    due_at: datetime | None
    breached_at: datetime | None
    place: ZoneInfo

    def left(self, at: datetime) -> timedelta:
        """What was left of the target then; before the start all of it."""
        until = [entry for entry in self.entries if entry.at <= at] or [self.entries[0]]
        return ledger.reading(ledger.fold(until), at).left


@dataclass(frozen=True)
class Failure:
    """A scenario whose answer is another than the expected one; the instants are the calendar's local ones."""

    scenario: str
    policy: str
    expected: str
    got: str
    why: str

    def __str__(self) -> str:
        return f"“{self.scenario}” expects {self.expected} and gets {self.got}. {self.why}"


# ── Judging ──────────────────────────────────────────────────────────────────
def failures(policies: Iterable[tuple[PolicyDocument, CalendarSpec]], scenarios: Iterable[Scenario]) -> list[Failure]:
    """Every expectation that the policies, each in its calendar, do not meet."""
    by_key = {document.key: (document, spec) for document, spec in policies}
    found: list[Failure] = []
    for scenario in scenarios:
        if scenario.policy not in by_key:
            text = "Activate the policy, or name another one in the scenario."
            found.append(Failure(scenario.name, scenario.policy, "an answer", f"no policy “{scenario.policy}”", text))
        else:
            found += judge(scenario, *by_key[scenario.policy])
    return found


def judge(scenario: Scenario, policy: PolicyDocument, spec: CalendarSpec) -> list[Failure]:
    """The failures of one scenario."""
    try:
        outcome = play(scenario, policy, spec)
        missed = list(_missed(scenario, policy, spec, outcome))
    except (Unplayable, CalendarError, OverflowError) as error:
        why = str(error) or "It leads outside of the years that can be counted."
        missed = [("an answer", "none", why)]
    return [Failure(scenario.name, scenario.policy, expected, got, why) for expected, got, why in missed]


def play(scenario: Scenario, policy: PolicyDocument, spec: CalendarSpec) -> Outcome:
    """The scenario's ledger under the policy, folded. Raises Unplayable when there is nothing to fold."""
    place = zone(scenario.zone or spec.time_zone)
    target = policy.target(scenario.metric, scenario.priority, spec)
    if target is None:
        raise Unplayable(f"{policy.name} promises no {_metric(scenario)} for {scenario.priority}.")
    entries = [ledger.Entry(ledger.STARTED, _instant(scenario.opened.wall(scenario.week_of), place), target)]
    for wall, kind, priority in scenario.deeds():
        entry = ledger.Entry(kind, _instant(wall, place))
        if kind == ledger.RETARGETED:
            changed = policy.target(scenario.metric, priority, spec)
            entry = replace(entry, target=changed) if changed else replace(entry, kind=ledger.CANCELLED)
        entries += ledger.advance(entries, entry)
    folded = ledger.fold(entries)
    settled = ledger.settle(folded, folded.due_at) if folded.due_at is not None else None
    breached_at = settled.at if settled is not None else folded.breached_at
    return Outcome(tuple(entries), folded.due_at, breached_at, place)


def _missed(
    scenario: Scenario, policy: PolicyDocument, spec: CalendarSpec, outcome: Outcome
) -> Iterable[tuple[str, str, str]]:
    expect, opened, local = scenario.expect, scenario.opened.wall(scenario.week_of), zone(spec.time_zone)
    if expect.due is not None:
        due = _instant(expect.due.wall(scenario.week_of, opened, later=True), outcome.place)
        if due != outcome.due_at:
            why = _why(scenario, policy, spec, outcome, due)
            yield f"due {said(due, local)}", f"due {said(outcome.due_at, local)}", why
    if expect.breached_at is not None:
        breach = _expected_breach(scenario, outcome)
        if breach != outcome.breached_at:
            why = _why(scenario, policy, spec, outcome, breach)
            yield _breach_words(breach, local), _breach_words(outcome.breached_at, local), why
    if expect.left is not None:
        at = _instant(expect.left.at.wall(scenario.week_of, opened), outcome.place)
        if (left := outcome.left(at)) != expect.left.amount:
            why = _why(scenario, policy, spec, outcome, None)
            when = said(at, local)
            yield f"{signed(expect.left.amount)} left at {when}", f"{signed(left)} left at {when}", why


def _breach_words(at: datetime | None, place: ZoneInfo) -> str:
    return "no breach" if at is None else f"breached {said(at, place)}"


def _expected_breach(scenario: Scenario, outcome: Outcome) -> datetime | None:
    expected = scenario.expect.breached_at
    if not isinstance(expected, Moment):
        return None
    opened = scenario.opened.wall(scenario.week_of)
    return _instant(expected.wall(scenario.week_of, opened, later=True), outcome.place)


def _why(scenario: Scenario, policy: PolicyDocument, spec: CalendarSpec, outcome: Outcome, at: datetime | None) -> str:
    """The promise, what the pauses took of it, and how it stood at the expected instant."""
    target = ledger.fold(outcome.entries).target
    priority = next((c.priority for c in reversed(scenario.priority_changes)), scenario.priority)
    promised = policy.promise(scenario.metric, priority) or policy.promise(scenario.metric, scenario.priority)
    counted = (
        f", counted in {spec.name} ({spec.time_zone})" if target.basis == ledger.BUSINESS else ", counted day and night"
    )
    words = [f"{policy.name} promises {promised.words if promised else ''} for {priority}{counted}."]
    if scenario.pauses:
        taken = sum((target.between(*pause) for pause in _pauses(outcome.entries)), timedelta())
        words.append(f"The pauses stop the clock for {write_duration(taken)} of that time.")
    if at is not None:
        left = outcome.left(at)
        stood = f"has {write_duration(left)} left" if left > timedelta() else "was used up already"
        words.append(f"At the expected instant it {stood}.")
    return " ".join(words)


def _pauses(entries: Sequence[ledger.Entry]) -> list[tuple[datetime, datetime]]:
    paused = [entry.at for entry in entries if entry.kind == ledger.PAUSED]
    return list(zip(paused, (entry.at for entry in entries if entry.kind == ledger.RESUMED), strict=False))


def _instant(wall: datetime, place: ZoneInfo) -> datetime:
    instant = wall.replace(tzinfo=place).astimezone(UTC)
    if instant.astimezone(place).replace(tzinfo=None) != wall:
        raise Unplayable(f"The clocks of {place.key} skip {wall:%Y-%m-%d %H:%M}: name another time.")
    return instant


def said(at: datetime | None, place: ZoneInfo) -> str:
    """An instant in the zone's local time, or that there is none."""
    if at is None:
        return "never"
    local = at.astimezone(place)
    seconds = f":{local:%S.%f}".rstrip("0").rstrip(".") if local.microsecond else f":{local:%S}" if local.second else ""
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}{seconds}"


def _metric(scenario: Scenario) -> str:
    return scenario.metric.replace("_", " ")
