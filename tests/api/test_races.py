"""Two at once: one wins, the other is told. Real commits on two connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from cases.models import Case, Message, Transition
from tenants import isolation
from tenants.access import SYSTEM
from tests.api.conftest import Hand, with_key
from tests.api.test_cases import NEW
from tests.cast import Cast, assemble

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def committed(transactional_db: None) -> Iterator[tuple[Cast, Case, Hand, Hand]]:
    with isolation.scope(SYSTEM):
        cast = assemble()
        case = cast.open_case(now=timezone.now())
        hands = with_key(cast.agent), with_key(cast.agent2)
    yield cast, case, *hands


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """The answers of deeds that begin together, each on its own connection."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        try:
            start.wait(timeout=10)
            return deed()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, deed) for deed in deeds]]


def test_two_agents_accept_the_same_case(committed):
    _, case, one, other = committed
    path, sent = f"cases/{case.reference}/acceptances/", {"version": case.version, "priority": "P1"}
    answers = at_once(lambda: one.post(path, **sent), lambda: other.post(path, **sent))
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (201, 409)
    assert lost.json()["errors"][0]["code"] == "stale"
    assert lost.json()["version"] == won.json()["version"]
    with isolation.scope(SYSTEM):
        assert Transition.objects.filter(case=case).count() == 1
        assert str(Case.objects.get(pk=case.pk).owner) == won.json()["owner"]["name"]


def test_two_replies_to_the_same_version(committed):
    _, case, one, other = committed
    path, sent = f"cases/{case.reference}/replies/", {"version": case.version, "body": "Hello"}
    answers = at_once(lambda: one.post(path, **sent), lambda: other.post(path, **sent))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    with isolation.scope(SYSTEM):
        assert Message.objects.filter(case=case, author_kind="support").count() == 1


def test_the_same_create_sent_twice_at_once_happens_once(committed):
    _, _, one, _ = committed
    answers = at_once(*(lambda: one.post("cases/", key="k-1", **NEW) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert sorted(answer.headers.get("Idempotent-Replayed", "") for answer in answers) == ["", "true"]
    with isolation.scope(SYSTEM):
        assert Case.objects.count() == 2


def test_a_refused_create_leaves_the_one_that_waited_for_it_free(committed):
    _, _, one, _ = committed
    answers = at_once(*(lambda: one.post("cases/", key="k-1", **{**NEW, "subject": ""}) for _ in range(2)))
    assert [answer.status_code for answer in answers] == [400, 400]


def test_two_cases_at_once_have_two_references(committed):
    _, _, one, other = committed
    answers = at_once(lambda: one.post("cases/", **NEW), lambda: other.post("cases/", **NEW))
    assert len({answer.json()["reference"] for answer in answers}) == 2
