"""Pause integrity: which waits had no answer, whose they were, and how long the clocks stood still."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cases import conversation, lifecycle
from cases.models import Case
from reporting import pauses
from tenants import isolation
from tenants.models import Tenant
from tests.cases import way
from tests.cast import NOON, Cast

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTH = pauses.Asked(date(2026, 3, 1), date(2026, 3, 31), kind="all")
LATER = NOON + 2 * DAY


@pytest.fixture
def five(cast: Cast) -> dict[str, Case]:
    """A pause of each kind, each begun at 12:10; the open one is Birch's."""
    agent, ada = cast.actor(cast.agent), cast.actor(cast.ada)
    found = {kind: way.waiting(cast) for kind in ("answered", "disputed", "taken-back", "resolved")}
    found["open"] = way.waiting(cast, requester=cast.cleo)
    conversation.reply(found["answered"], actor=ada, body="Frankfurt.", now=NOON + HOUR)
    lifecycle.dispute(found["disputed"], actor=ada, words="I told you.", now=NOON + 2 * HOUR)
    lifecycle.resume(found["taken-back"], actor=agent, seen=None, now=NOON + 3 * HOUR)
    lifecycle.resolve(found["resolved"], way.FIX, actor=agent, seen=None, now=NOON + 4 * HOUR)
    return found


def test_each_pause_is_told_by_who_ended_it(cast: Cast, five: dict[str, Case]) -> None:
    listed, _ = pauses.listing(MONTH, LATER, None)
    assert {one.reference: one.kind for one in listed} == {case.reference: kind for kind, case in five.items()}
    assert {one.ask for one in listed} == {"Which region?"}
    stale = pauses.Asked(MONTH.since, MONTH.until, stale_days=1)
    unanswered, _ = pauses.listing(stale, LATER, None)
    assert {one.kind for one in unanswered} == {"disputed", "taken-back", "resolved", "stale"}


def test_figures_per_agent_and_per_tenant(cast: Cast, five: dict[str, Case]) -> None:
    found = pauses.summary(MONTH, LATER)
    (amy,) = found.agents
    assert (amy.name, amy.pauses, amy.unanswered, amy.disputed, amy.percent) == ("Amy Agent", 5, 3, 1, 60)
    closed = timedelta(minutes=50 + 110 + 170 + 230)
    assert {one.name: (one.pauses, one.unanswered) for one in found.tenants} == {
        "Acme Analytics": (4, 3), "Birch & Co": (1, 0),
    }  # fmt: skip
    acme = next(one for one in found.tenants if one.key == "acme")
    assert (acme.elapsed, acme.counted) == (closed, closed), "a P1 is counted in elapsed time"
    assert found.total.elapsed == closed + 2 * DAY - timedelta(minutes=10)


def test_paused_time_of_a_business_clock_is_business_time(cast: Cast) -> None:
    case = way.waiting(cast, priority="P2")
    lifecycle.resume(case, actor=cast.actor(cast.agent), seen=None, now=NOON + DAY)
    found = pauses.summary(MONTH, LATER).total
    assert found.elapsed == DAY - timedelta(minutes=10)
    # Tuesday 12:10 to 17:00 and Wednesday 9:00 to 12:00.
    assert found.counted == timedelta(hours=7, minutes=50)
    (one,), _ = pauses.listing(MONTH, LATER, None)
    assert one.counted == found.counted


def test_the_figures_cost_the_same_however_many_pauses_there_are(cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            pauses.summary(MONTH, LATER)
            pauses.listing(MONTH, LATER, None)
        return len(asked)

    way.waiting(cast)
    way.waiting(cast, priority="P2")
    cost()  # calendars are kept from here on
    before = cost()
    for _ in range(3):
        way.waiting(cast)
    assert cost() == before <= 3


def test_period_agent_and_pages(cast: Cast, five: dict[str, Case], monkeypatch: pytest.MonkeyPatch) -> None:
    assert pauses.summary(pauses.Asked(date(2026, 3, 11), date(2026, 3, 31)), LATER).total.pauses == 0
    someone_else = pauses.Asked(MONTH.since, MONTH.until, agent=str(cast.lead.pk), kind="all")
    assert pauses.summary(someone_else, LATER).total.pauses == 0
    monkeypatch.setattr(pauses, "PAGE_SIZE", 2)
    seen, after = [], None
    while True:
        listed, one = pauses.listing(MONTH, LATER, after)
        seen += [pause.reference for pause in listed]
        after = one.next_cursor
        if after is None:
            break
    assert sorted(seen) == sorted(case.reference for case in five.values())
    assert len(list(pauses.exported(MONTH, LATER))) == 5


def test_only_what_is_within_reach_and_no_words_of_restricted_tenants(cast: Cast, five: dict[str, Case]) -> None:
    with isolation.scope(cast.actor(cast.eu_agent)):
        assert [one.key for one in pauses.summary(MONTH, LATER).tenants] == ["acme"]
    Tenant.objects.filter(pk=cast.acme.pk).update(restriction="content")
    with isolation.scope(cast.actor(cast.eu_agent)):
        assert pauses.summary(MONTH, LATER).total.pauses == 4
        listed, _ = pauses.listing(MONTH, LATER, None)
        assert {one.ask for one in listed} == {None}


def test_drills_are_nobodys_pauses(cast: Cast, five: dict[str, Case]) -> None:
    Tenant.objects.filter(pk=cast.birch.pk).update(is_drill=True)
    assert pauses.summary(MONTH, LATER).total.pauses == 4


def test_the_page_and_the_file(cast: Cast, client: Client) -> None:
    case = way.waiting(cast)
    lifecycle.resume(case, actor=cast.actor(cast.agent), seen=None, now=NOON + HOUR)
    client.force_login(cast.lead)
    days = "since=2026-03-01&until=2026-03-31"
    page = client.get(f"/reports/pauses/?{days}")
    assert page.status_code == 200
    text = page.content.decode()
    assert case.reference in text
    assert "Ended by support without an answer" in text
    file = client.get(f"/reports/pauses/exports/?{days}&kind=taken-back")
    lines = b"".join(file.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert '"0.83"' in lines[1]
    assert client.get("/reports/pauses/?agent=%27&kind=nope").status_code == 200


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ("since=2026-11-20&until=2026-10-01", "until", "turn the two days around"),
        ("since=2024-01-01&until=2026-11-01", "since", "at most 366 days"),
        ("since=2025-03-01&until=2026-03-02", "since", "at most 366 days"),
        ("since=8000-01-01", "since", "not after today"),
        ("since=abc", "since", "Write a day as 2026-11-20."),
        ("until=9999-12-31", "until", "Write a day as 2026-11-20."),
        ("stale=-1", "stale", "a whole number of days from 1 to 365"),
        ("stale=0001999999999", "stale", "a whole number of days from 1 to 365"),
    ],
)
def test_a_period_that_makes_no_sense_is_told_at_its_field(
    cast: Cast, client: Client, asked: str, field: str, words: str
) -> None:
    client.force_login(cast.lead)
    for address in ("/reports/pauses/", "/reports/pauses/exports/"):
        answer = client.get(f"{address}?{asked}&kind=all")
        text = answer.content.decode()
        assert answer.status_code == 422 and words in text
        assert f'aria-describedby="p-{field}-error"' in text
        assert "summary" not in answer.context and '<option value="all" selected>' in text
        for typed in asked.split("&"):
            name, _, value = typed.partition("=")
            assert re.search(rf'name="{name}"[^>]* value="{value}"', text)
    assert client.get("/reports/pauses/?since=2025-03-02&until=2026-03-02").status_code == 200
