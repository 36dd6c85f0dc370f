"""The list: filters, order, pages, and what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cases.models import Case
from tests.api.conftest import errors, move, version_of, with_key
from tests.cast import NOON


def references(answer) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["reference"] for row in answer.json()["results"]]


@pytest.fixture
def cases(cast, lead) -> dict[str, Case]:
    made = {
        "mine": cast.open_case(subject="Login loops forever", description="A question.", now=NOON),
        "birch": cast.open_case(
            cast.cleo, subject="Invoice limits", description="A question.", now=NOON + timedelta(hours=1)
        ),
        "tagged": cast.open_case(
            cast.ann, subject="Dashboards flicker", description="A question.", now=NOON + timedelta(hours=2)
        ),
        "spam": cast.open_case(subject="Buy gold", description="A question.", now=NOON + timedelta(hours=3)),
    }
    move(lead, made["mine"], "acceptances", priority="P1", severity="S2", owner="agent@support.example")
    move(lead, made["tagged"], "tags", tags=["ui", "flicker"])
    move(lead, made["spam"], "dismissals", kind="spam")
    return made


FILTERS = {
    "a status": ({"status": "new"}, {"birch", "tagged"}),
    "two statuses": ({"status": ["triage", "closed"]}, {"mine", "spam"}),
    "a priority": ({"priority": "P1"}, {"mine"}),
    "a severity": ({"severity": "S2"}, {"mine"}),
    "a tenant": ({"tenant": "birch"}, {"birch"}),
    "two tenants": ({"tenant": ["birch", "acme"]}, {"mine", "birch", "tagged", "spam"}),
    "my own": ({"owner": "me"}, {"mine"}),
    "an owner by address": ({"owner": "AGENT@support.example"}, {"mine"}),
    "nobody's": ({"owner": "none", "status": "new"}, {"birch", "tagged"}),
    "mine or nobody's": ({"owner": ["none", "me"]}, {"mine", "birch", "tagged", "spam"}),
    "a requester": ({"requester": "u-ann"}, {"tagged"}),
    "tags": ({"tag": ["flicker", "other"]}, {"tagged"}),
    "words": ({"q": "login looping"}, {"mine"}),
    "how a reference begins": ({"q": "birch-1"}, {"birch"}),
    "a view": ({"view": "inbox"}, {"birch", "tagged"}),
    "after an instant": ({"opened_after": "2026-03-10T14:00:00Z"}, {"tagged", "spam"}),
    "before an instant": ({"opened_before": "2026-03-10T13:00:00Z"}, {"mine"}),
    "a channel": ({"channel": "email"}, set()),
    "several at once": ({"tenant": "acme", "status": "new", "q": "dashboard"}, {"tagged"}),
    "nothing": ({}, {"mine", "birch", "tagged", "spam"}),
}


def test_filters(agent, cases):
    names = {case.reference: name for name, case in cases.items()}
    found = {
        asked: {names[reference] for reference in references(agent.get("cases/", **query))}
        for asked, (query, _) in FILTERS.items()
    }
    assert found == {asked: expected for asked, (_, expected) in FILTERS.items()}


UNKNOWN = {
    "status": "lost",
    "priority": "P9",
    "severity": "S9",
    "channel": "fax",
    "tenant": "nobody",
    "owner": "nobody@support.example",
    "opened_after": "yesterday",
    "due_before": "9999-12-31T23:59:59-23:00",
    "sort": "price",
    "view": "all",
    "size": "0",
    "after": "damaged",
    "before": "W10",
    "q": "a\x00b",
    "statsu": "new",
}


def test_an_unknown_value_is_refused_by_name(agent, cast):
    for name, value in UNKNOWN.items():
        ((field, _),) = errors(agent.get("cases/", **{name: value}))
        assert field.split(".")[0] == name


def test_a_tenant_out_of_reach_is_as_unknown_as_none(cast):
    answers = [with_key(cast.eu_agent).get("cases/", tenant=slug) for slug in ("birch", "none-such")]
    assert errors(answers[0]) == errors(answers[1]) == {("tenant", "unknown_tenant")}


@pytest.mark.parametrize("sort", ["next_due", "last_activity", "newest"])
def test_pages_forth_and_back_hold_every_case_once(agent, cases, cast, sort):
    for minute in range(3):  # The same instant for some, no due clock for others.
        cast.open_case(now=NOON + timedelta(minutes=minute // 2))
    for size in (1, 2, 3, 7):
        walk_forth_and_back(agent, sort, size)


def walk_forth_and_back(agent, sort, size):
    whole = references(agent.get("cases/", sort=sort, size=100))
    pages, query = [], {}
    while True:
        answer = agent.get("cases/", sort=sort, size=size, **query)
        pages.append(references(answer))
        if answer.json()["next"] is None:
            break
        query = {"after": answer.json()["next"]}
    assert [found for page in pages for found in page] == whole
    back, previous = [pages[-1]], answer.json()["previous"]
    while previous is not None:
        answer = agent.get("cases/", sort=sort, size=size, before=previous)
        back.insert(0, references(answer))
        previous = answer.json()["previous"]
    assert [found for page in back for found in page] == whole
    assert all(len(page) <= size for page in back)


def test_the_newest_comes_first_and_the_next_due_first(agent, cases):
    newest = references(agent.get("cases/", sort="newest"))
    assert newest == [cases[name].reference for name in ("spam", "tagged", "birch", "mine")]
    due = agent.get("cases/", sort="next_due").json()["results"]
    assert due[-1]["reference"] == cases["spam"].reference
    assert due[-1]["next_due"] is None
    instants = [row["next_due"]["due_at"] for row in due[:-1]]
    assert instants == sorted(instants)


def test_a_cursor_of_another_order(agent, cases):
    cursor = agent.get("cases/", sort="newest", size=1).json()["next"]
    assert errors(agent.get("cases/", sort="next_due", after=cursor)) == {("after", "bad_cursor")}


def test_the_list_costs_the_same_for_three_and_for_thirty(agent, cast):
    costs = []
    for wanted in (3, 30):
        while Case.objects.count() < wanted:
            cast.open_case((cast.ada, cast.cleo)[Case.objects.count() % 2])
        agent.get("cases/")
        with CaptureQueriesContext(connection) as queries:
            assert len(references(agent.get("cases/", size=100))) == wanted
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 16


def test_one_case_costs_the_same_however_long_its_story(agent, case):
    costs = []
    for wanted in (1, 10):
        for _ in range(wanted):
            agent.post(f"cases/{case.reference}/notes/", version=version_of(case), body="x")
            agent.post(f"cases/{case.reference}/replies/", version=version_of(case), body="x")
        with CaptureQueriesContext(connection) as queries:
            agent.get(f"cases/{case.reference}/")
            agent.get(f"cases/{case.reference}/timeline/")
        costs.append(len(queries))
    assert costs[0] == costs[1]
