"""Any sequence of deeds by anybody at growing instants: only legal moves succeed, and every book stays true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cases import autoclose, conversation, lifecycle, properties
from cases.models import Case, Transition
from companyos.events.models import Event
from companyos.web.errors import DomainError, Forbidden, NotAllowedNow
from sla import clocks, sweep, verify
from sla.models import Clock
from tenants.access import Actor
from tests.cases.way import FIX
from tests.cast import NOON, Cast

# The life of a case as the model describes it, written down a second time.
LEGAL = {
    ("new", "accept"): "triage",
    ("new", "dismiss"): "closed",
    ("triage", "dismiss"): "closed",
    ("triage", "start"): "in_progress",
    ("triage", "wait"): "waiting",
    ("in_progress", "wait"): "waiting",
    ("in_progress", "resolve"): "resolved",
    ("waiting", "resolve"): "resolved",
    ("waiting", "resume"): "in_progress",
    ("waiting", "dispute"): "in_progress",
    ("resolved", "reject"): "in_progress",
    ("resolved", "close"): "closed",
    ("closed", "reopen"): "in_progress",
}
CUSTOMERS = {"resume", "dispute", "reject", "close", "reopen"}
AGENTS = CUSTOMERS - {"dispute"} | {"accept", "start", "wait", "resolve"}
MAY = {"ada": CUSTOMERS, "agent": AGENTS, "lead": AGENTS | {"dismiss"}, "auditor": set(), "operator": set()}
MOVES = sorted({verb for _, verb in LEGAL})
OTHERS = ("reply", "note", "P0", "P2", "P3", "sweep", "silence")


@dataclass(frozen=True)
class Step:
    person: str
    deed: str
    later: timedelta


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(["ada", "agent", "agent", "lead", "lead", "auditor", "operator"]),
        st.sampled_from([*MOVES, *MOVES, *OTHERS]),
        st.sampled_from([0, 0, 1, 7, 55, 240, 1_000, 5_000]).map(lambda minutes: timedelta(minutes=minutes)),
    ),
    min_size=4,
    max_size=16,
)
# Chance seldom finds the long way through, so every second story begins on it.
LONG_WAY = ("accept", "start", "wait", "resume", "resolve", "close", "reopen")


def as_deed(case: Case, verb: str, cast: Cast, actor: Actor, now: datetime) -> None:
    about = {"actor": actor, "seen": None, "now": now}
    deeds: dict[str, Callable[[], object]] = {
        "accept": lambda: lifecycle.accept(case, priority="P1", owner=cast.agent, **about),
        "start": lambda: lifecycle.start(case, **about),
        "wait": lambda: lifecycle.wait(case, ask="Which region?", **about),
        "resume": lambda: lifecycle.resume(case, **about),
        "dispute": lambda: lifecycle.dispute(case, words="You have it all", actor=actor, now=now),
        "resolve": lambda: lifecycle.resolve(case, FIX, **about),
        "reject": lambda: lifecycle.reject(case, reason="No", **about),
        "close": lambda: lifecycle.close(case, **about),
        "reopen": lambda: lifecycle.reopen(case, reason="Back", **about),
        "dismiss": lambda: lifecycle.dismiss(case, kind="spam", reason="Spam", **about),
        "reply": lambda: conversation.reply(case, body="Words", actor=actor, now=now),
        "note": lambda: conversation.note(case, body="Words", actor=actor, now=now),
        "sweep": lambda: sweep.drain(now, 50),
        "silence": lambda: autoclose.close_one(now),
    }
    if verb in deeds:
        deeds[verb]()
    else:
        properties.prioritise(case, priority=verb, reason="Told so", **about)


def expected(case: Case, step: Step) -> type[DomainError] | str:
    """The refusal that the deed must meet, or the status that it must lead to."""
    if step.deed not in MAY[step.person]:
        return Forbidden
    if step.deed == "reopen" and case.closed_as == "spam":
        return NotAllowedNow
    return LEGAL.get((case.status, step.deed), NotAllowedNow)


def move(case: Case, step: Step, cast: Cast, now: datetime) -> None:
    wanted = expected(case, step)
    before = (case.status, case.version, Transition.objects.count(), Event.objects.count())
    try:
        as_deed(case, step.deed, cast, cast.actor(getattr(cast, step.person)), now)
        met: type[DomainError] | str = Case.objects.get(pk=case.pk).status
    except DomainError as error:
        met = type(error)
    assert met == wanted, f"{step.person} {step.deed} while {before[0]}"
    case.refresh_from_db()
    after = (case.status, case.version, Transition.objects.count(), Event.objects.count())
    if isinstance(wanted, str):
        assert after[:3] == (wanted, before[1] + 1, before[2] + 1)
        last = Transition.objects.order_by("id").last()
        assert (last.source, last.target, last.verb, last.at) == (before[0], wanted, step.deed, now)
        assert last.cycle == case.cycle
    else:
        assert after == before, "a refusal leaves no trace"


def other(case: Case, step: Step, cast: Cast, now: datetime) -> None:
    before = (case.status, Transition.objects.count())
    try:
        as_deed(case, step.deed, cast, cast.actor(getattr(cast, step.person)), now)
    except DomainError:
        case.refresh_from_db()
        assert (case.status, Transition.objects.count()) == before
        return
    case.refresh_from_db()
    moved = int(case.status != before[0])
    assert Transition.objects.count() == before[1] + moved
    if moved:
        assert (step.deed, before[0], case.status) in {
            ("reply", "waiting", "in_progress"),
            ("silence", "resolved", "closed"),
        }


def books_agree(case: Case, now: datetime) -> None:
    found = clocks.readings([case.clock_set_id], now)[case.clock_set_id]
    due = clocks.next_due(found)
    assert (case.next_due_at, case.next_due_metric) == ((due.due_at, due.metric) if due else (None, ""))
    resolution = next((one for one in found if (one.metric, one.cycle) == ("resolution", case.cycle)), None)
    state = {"waiting": "paused", "resolved": "met", "triage": "running", "in_progress": "running"}.get(case.status)
    if state:
        assert resolution is not None and resolution.state == state, f"{case.status}: {resolution}"
    if case.status == "closed":
        assert not [one for one in found if one.state in ("running", "paused")]
    assert not [one for one in found if one.cycle < case.cycle and one.state in ("running", "paused")]
    still_open = Clock.objects.filter(clock_set=case.clock_set, state__in=clocks.OPEN).values_list("metric", flat=True)
    assert len(still_open) == len(set(still_open)), "never two open clocks of one metric, rounds and cycles included"
    if case.status in ("new", "resolved", "closed"):
        assert "next_update" not in still_open


@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps, st.integers(0, len(LONG_WAY)))
def test_only_legal_moves_succeed_and_every_book_stays_true(cast: Cast, story: list[Step], along: int) -> None:
    # What other examples left resolved would answer to this one's silence.
    Case.objects.filter(status="resolved").update(auto_close_at=NOON + timedelta(days=10_000))
    case, now = cast.open_case(), NOON
    begun = [Step("agent", verb, timedelta(minutes=9)) for verb in LONG_WAY[:along]]
    for step in begun + [replace(step) for step in story]:
        now += step.later
        (move if step.deed in MOVES else other)(case, step, cast, now)
        books_agree(case, now)
    assert verify.verify().differences == []
