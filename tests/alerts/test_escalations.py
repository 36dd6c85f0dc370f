"""Acknowledging: once, whoever asks first, by page and API; and the verbs that nobody may call."""

from __future__ import annotations

import threading

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from cases import lifecycle
from cases.models import Case, Watcher
from companyos.events.models import Event
from companyos.web.errors import Forbidden, NotAllowedNow
from escalations import escalate
from escalations.models import Escalation
from tenants import isolation
from tenants.access import SYSTEM
from tests.cases import way
from tests.cast import NOON, Cast, assemble
from tests.factories import key_for

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def case(cast: Cast) -> Case:
    return way.accepted(cast)


def called(case: Case, cast: Cast) -> Escalation:
    return escalate.open_escalation(case, text=f"{case.reference}: Help", actor=cast.actor(cast.agent), now=NOON)


def names(case: Case) -> list[str]:
    found = Event.objects.filter(subject_kind="case", subject_id=case.pk, name__startswith="escalation.")
    return list(found.order_by("id").values_list("name", flat=True))


def test_the_first_takes_it_and_the_second_is_told_who(cast: Cast, case: Case) -> None:
    one = called(case, cast)
    assert called(case, cast) == one
    for person in (cast.lead, cast.agent, cast.lead):
        taken = escalate.acknowledge(one, actor=cast.actor(person), now=NOON + way.MINUTE)
        assert taken.acknowledged_by == cast.lead
    escalate.close(taken, actor=cast.actor(cast.agent), now=NOON + 2 * way.MINUTE)
    closed = escalate.close(taken, actor=cast.actor(cast.lead), now=NOON + 3 * way.MINUTE)
    assert (closed.closed_by, closed.closed_at) == ("Amy Agent", NOON + 2 * way.MINUTE)
    assert names(case) == ["escalation.opened", "escalation.acknowledged", "escalation.closed"]
    with pytest.raises(NotAllowedNow):
        escalate.acknowledge(closed, actor=cast.actor(cast.lead), now=NOON)


def test_only_people_who_work_on_cases_may(cast: Cast, case: Case) -> None:
    one = called(case, cast)
    for person in (cast.auditor, cast.operator, cast.ada):
        with pytest.raises(Forbidden):
            escalate.acknowledge(one, actor=cast.actor(person), now=NOON)
    with pytest.raises(Forbidden, match="Only a person"):
        escalate.acknowledge(one, actor=SYSTEM, now=NOON)


def test_the_page_shows_it_and_takes_it(cast: Cast, case: Case) -> None:
    one, client = called(case, cast), Client()
    client.force_login(cast.lead)
    page = client.get(f"/cases/{case.reference}/").content.decode()
    assert "Nobody has taken it yet" in page and f"/escalations/{one.pk}/acknowledgements/" in page
    answer = client.post(f"/escalations/{one.pk}/acknowledgements/", **HTMX)
    assert "Lea Lead took it" in answer.content.decode()
    assert client.post(f"/escalations/{one.pk}/acknowledgements/").status_code == 302
    assert client.post(f"/escalations/{one.pk}/closures/").status_code == 302
    timeline = client.get(f"/cases/{case.reference}/").content.decode()
    assert "took the escalation" in timeline and "closed the escalation" in timeline


def test_out_of_reach_is_absent(cast: Cast) -> None:
    one = called(way.accepted(cast, requester=cast.cleo), cast)
    client = Client()
    client.force_login(cast.eu_agent)
    assert client.post(f"/escalations/{one.pk}/acknowledgements/").status_code == 404
    assert Escalation.objects.get(pk=one.pk).state == "open"


def test_the_api_lists_and_takes(cast: Cast, case: Case) -> None:
    one = called(case, cast)
    client = Client(headers={"authorization": f"Bearer {key_for(cast.agent)}"})
    (row,) = client.get(f"/api/v1/cases/{case.reference}/escalations/").json()["results"]
    assert (row["id"], row["state"], row["case"]) == (one.pk, "open", case.reference)
    path = f"/api/v1/escalations/{one.pk}/acknowledgements/"
    taken = client.post(path, {}, "application/json", headers={"idempotency-key": "one"})
    assert (taken.status_code, taken.json()["state"]) == (201, "acknowledged")
    again = client.post(path, {}, "application/json", headers={"idempotency-key": "one"})
    assert again.json() == taken.json()
    assert names(case).count("escalation.acknowledged") == 1


def test_watching_by_its_button(cast: Cast, case: Case) -> None:
    client = Client()
    client.force_login(cast.auditor)
    path = f"/cases/{case.reference}/watchers/"
    for _ in range(2):
        assert client.post(path, {"watch": "yes"}).status_code == 302
    assert [one.user for one in Watcher.objects.filter(case=case)] == [cast.auditor]
    assert "Watching" in client.get(f"/cases/{case.reference}/").content.decode()
    client.post(path, {"watch": "no"}, **HTMX)
    assert not Watcher.objects.exists()
    version = Case.objects.get(pk=case.pk).version
    lifecycle.start(case, actor=cast.actor(cast.agent), seen=version, now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_takes_it() -> None:
    with isolation.scope(SYSTEM):
        cast = assemble()
        one = called(way.accepted(cast), cast)
        actors = [cast.actor(cast.lead), cast.actor(cast.agent)]
    start = threading.Barrier(2)

    def take(actor: object) -> None:
        try:
            start.wait(5)
            with isolation.scope(actor):
                escalate.acknowledge(one, actor=actor, now=NOON)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with isolation.scope(SYSTEM):
        assert Event.objects.filter(name="escalation.acknowledged").count() == 1
        assert Escalation.objects.get(pk=one.pk).state == "acknowledged"
