"""The page and the API of one clock: why is it due then?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases import conversation, lifecycle, properties
from cases.explaining import words as why
from cases.explaining.reading import explained, find_clock
from cases.models import Case
from companyos.events.models import Event
from companyos.web.errors import DomainError
from sla import rollout, sweep
from sla.models import Clock
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import AuditEntry
from tests.cases.way import FIX, MINUTE, waiting
from tests.cast import NOON, Cast
from tests.service_levels.test_rollout import publish

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def agent(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.agent)
    return client


@pytest.fixture
def case(cast: Cast) -> Case:
    """Accepted at 12:01, waiting from 12:10 to 14:10, P1 of an Enterprise tenant: resolution 6 h, due 20:01."""
    case = waiting(cast)
    return conversation.reply(
        case, actor=cast.actor(cast.ada), body="Frankfurt.", now=NOON + 2 * HOUR + 10 * MINUTE
    ).case


def clock_of(case: Case, metric: str = "resolution") -> Clock:
    return Clock.objects.filter(clock_set=case.clock_set, metric=metric).latest("round")


def address(case: Case, metric: str = "resolution", at: datetime | None = None) -> str:
    path = reverse("case-clock", args=[case.reference, clock_of(case, metric).pk])
    return f"{path}?at={quote(at.isoformat())}" if at else path


def body(answer: object) -> str:
    return answer.content.decode()


def test_every_clock_of_the_case_page_leads_to_its_why(agent: Client, case: Case) -> None:
    page = body(agent.get(f"/cases/{case.reference}/"))
    for metric in ("accept", "first_response", "resolution", "next_update"):
        assert address(case, metric) in page


def test_the_page_says_it_in_words_first_then_draws_it(agent: Client, case: Case) -> None:
    page = body(agent.get(address(case, at=NOON + 3 * HOUR)))
    assert "Due Tue 10 Mar 20:01 UTC." in page
    assert "Stood still for 2 h from Tue 10 Mar 12:10 UTC until Tue 10 Mar 14:10 UTC" in page
    assert "“Wait for the customer” by Amy Agent" in page and "Ada Moreno" in page
    for word in ("band-running", "band-paused", "band-ahead", "flag-due", "<title>", "Promised is 6 h"):
        assert word in page, word
    assert "style=" not in page.split("<main")[1].split("</main>")[0]


def test_the_page_travels_in_time_from_line_to_line(agent: Client, case: Case) -> None:
    while_waiting = body(agent.get(address(case, at=NOON + HOUR)))
    assert "Nobody can know when it is due" in while_waiting
    assert "later ones not shown" in while_waiting and "Frankfurt" not in while_waiting
    for entry in (NOON + 10 * MINUTE, NOON + 2 * HOUR + 10 * MINUTE):
        assert f"?at={quote(entry.isoformat(), safe='')}" in while_waiting
    last = body(agent.get(address(case, at=NOON + 3 * HOUR)))
    assert 'rel="prev"' in last and 'rel="next"' not in last
    # The wait leads to where it stands on the case's page.
    event = Event.objects.get(name="case.waiting")
    assert f"/cases/{case.reference}/#event-{event.pk}" in last
    assert f'id="event-{event.pk}"' in body(agent.get(f"/cases/{case.reference}/"))


@pytest.mark.parametrize("at", ["yesterday", "2020-01-01T00:00", "2999-01-01T00:00"])
def test_an_instant_that_cannot_be_told_of_is_refused_beside_the_clock_as_it_is(
    agent: Client, case: Case, at: str
) -> None:
    answer = agent.get(f"{address(case)}?at={at}")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in body(answer) and "Time line" in body(answer)


def test_a_clock_of_another_case_is_as_absent_as_none(agent: Client, cast: Cast, case: Case) -> None:
    other = cast.open_case(cast.cleo)
    foreign = clock_of(other, "accept").pk
    for path in (f"/cases/{case.reference}/clocks/{foreign}/", f"/cases/{case.reference}/clocks/999999/"):
        assert agent.get(path).status_code == 404
    assert agent.get(f"/api/v1/cases/{case.reference}/clocks/{foreign}/explanation/").status_code == 404
    stranger = Client()
    stranger.force_login(cast.eu_agent)
    assert stranger.get(address(other, "accept")).status_code == 404


def test_the_look_is_kept(agent: Client, case: Case) -> None:
    before = AuditEntry.objects.count()
    agent.get(address(case))
    assert AuditEntry.objects.count() == before + 1


def test_the_same_as_json(agent: Client, case: Case) -> None:
    path = f"/api/v1/cases/{case.reference}/clocks/{clock_of(case).pk}/explanation/"
    told = agent.get(path, {"at": (NOON + 3 * HOUR).isoformat()}).json()
    assert told["headline"] == "Due Tue 10 Mar 20:01 UTC."
    past = [one for one in told["stretches"] if not one["ahead"]]
    assert [(one["kind"], one["consumed_seconds"], one["line"]) for one in past] == [
        ("running", 540.0, 1),
        ("paused", 0.0, 2),
        ("running", 3000.0, 3),
    ]
    assert told["reading"]["id"] == clock_of(case).pk
    assert sum(one["consumed_seconds"] for one in past) == told["reading"]["consumed_seconds"] == 3540.0
    assert told["lines"][1]["cause"] == "transition:wait"
    assert told["lines"][2]["reason"] == "The customer answered"
    assert told["parts"][0]["terms"]["policy_version"] == 1
    refused = agent.get(path, {"at": "2020-01-01T00:00:00Z"})
    assert (refused.status_code, refused.json()["errors"][0]["attr"]) == (400, "at")
    assert agent.get(path, {"when": "now"}).status_code == 400


def test_the_list_of_clocks_names_what_to_ask_for(agent: Client, case: Case) -> None:
    rows = agent.get(f"/api/v1/cases/{case.reference}/clocks/").json()["results"]
    assert {row["id"] for row in rows} <= set(Clock.objects.values_list("pk", flat=True))


def test_of_a_restricted_case_the_clock_is_told_without_its_words(cast: Cast, case: Case) -> None:
    cast.acme.restriction = "content"
    cast.acme.save()
    reader = Client()
    reader.force_login(cast.agent)
    page = reader.get(address(case, at=NOON + 3 * HOUR))
    assert page.status_code == 200
    assert "20:01 UTC" in body(page) and "The customer" in body(page)
    told = reader.get(f"/api/v1/cases/{case.reference}/clocks/{clock_of(case).pk}/explanation/").json()
    for words in (body(page), str(told)):
        assert "Ada Moreno" not in words and "The customer answered" not in words and "Which region?" not in words


def test_all_rounds_and_cycles_are_reachable(agent: Client, cast: Cast, case: Case) -> None:
    page = body(agent.get(address(case)))
    for clock in Clock.objects.filter(clock_set=case.clock_set):
        assert reverse("case-clock", args=[case.reference, clock.pk]) in page
    assert Clock.objects.filter(clock_set=case.clock_set, metric="next_update").count() == 2


def test_a_business_clock_is_told_in_both_zones(cast: Cast) -> None:
    case = cast.open_case()
    agent = cast.actor(cast.agent)
    lifecycle.accept(case, actor=agent, priority="P3", owner=cast.agent, seen=None, now=NOON)
    told = explained(case, clock_of(case), agent, NOON, NOON)
    answer = why.because(told, ZoneInfo("America/New_York"))
    assert answer.headline == "Due Fri 13 Mar 08:00 EDT (12:00 in UTC)."
    assert "24 h of business time in “Office hours” version 1" in answer.reasons[0]
    assert (
        "Closed hours do not count; the clock stood still in them 3 times, at night or over weekends." in answer.reasons
    )


def test_a_night_that_a_line_of_the_ledger_parts_is_one_and_none_counts_after_the_breach(cast: Cast) -> None:
    case = cast.open_case()
    agent = cast.actor(cast.agent)
    lifecycle.accept(case, actor=agent, priority="P3", owner=cast.agent, seen=None, now=NOON)
    case.refresh_from_db()
    night = NOON + 15 * HOUR
    properties.prioritise(case, priority="P2", reason="It grew", actor=agent, seen=None, now=night)
    told = explained(case, clock_of(case), agent, NOON + 48 * HOUR, NOON + 48 * HOUR)
    assert told.reading.breached, "8 h of business time end on the next morning"
    closed = "Closed hours do not count; the clock stood still in them once."
    assert closed in why.because(told, UTC).reasons


def test_another_version_with_the_same_target_is_said_to_have_it(cast: Cast) -> None:
    case = cast.open_case()
    agent = cast.actor(cast.agent)
    lifecycle.accept(case, actor=agent, priority="P1", owner=cast.agent, seen=None, now=NOON)
    with isolation.scope(SYSTEM):
        policy = clock_of(case).policy
        publish(policy.key, at=NOON + HOUR, now=NOON + HOUR, reason="Renewed.")
        while rollout.step(NOON + HOUR):
            pass
    told = explained(case, clock_of(case), agent, NOON + 2 * HOUR, NOON + 2 * HOUR)
    same = f"Since Tue 10 Mar 13:00 UTC it counts by “{policy.name}” version 2, with the same target: "
    assert any(reason.startswith(same) and reason.endswith("Renewed.") for reason in why.because(told, UTC).reasons)


def test_what_is_used_and_what_is_left_add_up_to_the_minute(cast: Cast) -> None:
    case = cast.open_case()
    lifecycle.accept(case, actor=cast.actor(cast.agent), priority="P1", owner=cast.agent, seen=None, now=NOON)
    at = NOON + timedelta(minutes=20, seconds=30)
    answer = why.because(explained(case, clock_of(case), cast.actor(cast.agent), at, at), UTC)
    assert answer.reasons[-1].endswith(" 21 min of 6 h were used, 5 h 39 min left.")


def test_met_late_cancelled_and_retargeted_in_words(cast: Cast, case: Case) -> None:
    agent = cast.actor(cast.agent)
    later = NOON + 3 * HOUR
    properties.prioritise(case, priority="P0", reason="It spread", actor=agent, seen=None, now=later)
    answer = why.because(explained(case, clock_of(case), agent, later, later), UTC)
    assert any("It spread" in reason and "then due Tue 10 Mar 20:01 UTC" in reason for reason in answer.reasons)
    lifecycle.resolve(Case.objects.get(pk=case.pk), FIX, actor=agent, seen=None, now=NOON + 10 * HOUR)
    sweep.drain(NOON + 10 * HOUR, 50)
    met = why.because(explained(case, clock_of(case), agent, NOON + 11 * HOUR, timezone.now()), UTC)
    assert met.headline == "It was due Tue 10 Mar 16:01 UTC, and met Tue 10 Mar 22:00 UTC."
    owed = why.because(explained(case, clock_of(case, "next_update"), agent, NOON + 11 * HOUR, timezone.now()), UTC)
    assert owed.headline.startswith("It ")
    with pytest.raises(DomainError, match="started at"):
        explained(case, find_clock(case, clock_of(case).pk), agent, NOON - HOUR, NOON)
