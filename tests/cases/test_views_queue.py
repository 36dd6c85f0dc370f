"""The queue and the case page, through the eyes of the cast."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import properties, queue
from cases.models import Case
from tests.cast import NOON, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def agent(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.agent)
    return client


def test_a_stranger_is_sent_to_sign_in(cast: Cast) -> None:
    answer = Client().get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/")


def test_the_inbox_shows_a_new_case_with_its_clock(cast: Cast, agent: Client) -> None:
    case = cast.open_case(now=timezone.now())
    page = agent.get("/").content.decode()
    assert case.reference in page
    assert "First response" in page or "Accept" in page


def test_an_agent_of_another_region_does_not_see_it(cast: Cast) -> None:
    case = cast.open_case(cast.cleo, now=timezone.now())
    outsider = Client()
    outsider.force_login(cast.eu_agent)
    assert case.reference not in outsider.get("/?view=open").content.decode()
    assert outsider.get(f"/cases/{case.reference}/").status_code == 404


def _queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_the_queue_costs_the_same_with_3_and_with_30_cases(cast: Cast, agent: Client) -> None:
    now = timezone.now()
    for minute in range(3):
        cast.open_case(now=now - timedelta(minutes=minute))
    few = _queries(agent, "/cases/?view=open")
    for minute in range(27):
        cast.open_case(now=now - timedelta(minutes=minute))
    assert _queries(agent, "/cases/?view=open") == few
    assert few <= 16


def test_the_case_page_costs_the_same_whatever_was_said(cast: Cast, agent: Client) -> None:
    case = cast.open_case(now=timezone.now())
    url = f"/cases/{case.reference}/"
    for number in range(3):
        agent.post(f"{url}notes/", {"body": f"note {number}"})
    few = _queries(agent, url)
    for number in range(27):
        agent.post(f"{url}notes/", {"body": f"note {number}"})
    assert _queries(agent, url) == few
    assert few <= 45


def test_pages_follow_each_other_without_gap_or_repeat(cast: Cast, agent: Client) -> None:
    now = timezone.now()
    opened = {cast.open_case(now=now - timedelta(minutes=n)).reference for n in range(55)}
    first = agent.get("/cases/?view=open&sort=newest")
    cursor = first.context["listing"].page.next_cursor
    second = agent.get("/cases/", {"view": "open", "sort": "newest", "after": cursor})
    shown = [row.case.reference for answer in (first, second) for row in answer.context["listing"].rows]
    assert len(shown) == len(set(shown)) == 55
    assert set(shown) == opened


def test_a_damaged_cursor_is_told_and_is_no_server_error(cast: Cast, agent: Client) -> None:
    assert agent.get("/cases/?after=rubbish").status_code == 422


def test_filters_take_several_values_and_search_finds_words_and_references(cast: Cast, agent: Client) -> None:
    now = timezone.now()
    wanted = cast.open_case(now=now, subject="Invoices show twice", description="Our quota page is odd.")
    cast.open_case(cast.cleo, now=now)
    found = agent.get("/cases/?status=new&status=triage&tenant=acme&q=invoice").context["listing"].rows
    assert [row.case.reference for row in found] == [wanted.reference]
    whole = agent.get("/cases/", {"q": wanted.reference.lower()})
    assert whole.status_code == 302 and whole["Location"] == f"/cases/{wanted.reference}/"


def test_an_empty_view_says_what_to_do_next(cast: Cast, agent: Client) -> None:
    assert "You own no open case" in agent.get("/cases/?view=mine").content.decode()


def test_the_search_finds_words_of_the_conversation_and_tags(cast: Cast) -> None:
    said = cast.open_case(description="The exporter writes to a bucket named zebra.")
    tagged = properties.tag(cast.open_case(), actor=cast.actor(cast.agent), tags=["quota:ingest"], seen=None, now=NOON)
    for text, case in (("zebra", said), ("zeb", said), ("quota:ingest", tagged)):
        assert list(Case.objects.filter(queue.matching(text))) == [case]
