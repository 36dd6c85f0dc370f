"""The portal's door: one click from the widget, once, for an hour; nobody else's sign-in opens it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from cases import access, lifecycle
from tenants import audit, console, isolation
from tenants.access import SYSTEM
from tenants.models import AuditEntry, Grant, PortalVisit, Requester
from tenants.portal import history, visits
from tenants.portal.gate import COOKIE
from tests.api.conftest import with_token
from tests.cast import NOON, Cast


def link(person: Requester) -> str:
    answer = with_token(person).post("widget/portal-links")
    assert answer.status_code == 201, answer.content
    return str(answer.json()["url"])


def visitor(person: Requester) -> Client:
    browser = Client()
    assert browser.get(link(person)).status_code == 302
    return browser


def test_the_link_opens_the_portal_once(cast: Cast) -> None:
    address = link(cast.ann)
    first, second = Client(), Client()
    opened = first.get(address)
    assert (opened.status_code, opened.headers["Location"]) == (302, "/portal/")
    assert opened.cookies[COOKIE]["httponly"] and opened.cookies[COOKIE]["samesite"] == "Lax"
    assert b"Hello Ann Admin" in first.get("/portal/").content
    assert second.get(address).status_code == 403
    assert second.get("/portal/").status_code == 403


def test_a_look_ahead_does_not_use_the_link_up(cast: Cast) -> None:
    address = link(cast.ann)
    assert Client().get(address, headers={"Sec-Purpose": "prefetch"}).status_code == 204
    assert Client().head(address).status_code == 204
    assert Client().get(address).status_code == 302


def test_a_link_is_worth_nothing_after_a_minute_nor_after_a_newer_one(cast: Cast) -> None:
    late, older, newer = link(cast.ada), link(cast.ann), link(cast.ann)
    PortalVisit.objects.filter(requester=cast.ada).update(link_ends_at=Now() - timedelta(seconds=1))
    assert Client().get(late).status_code == 403
    assert Client().get(older).status_code == 403
    assert Client().get(newer).status_code == 302


@pytest.mark.parametrize("ending", ["time", "leaving", "revoked"])
def test_a_visit_ends(cast: Cast, ending: str) -> None:
    browser = visitor(cast.ann)
    assert browser.get("/portal/").status_code == 200
    if ending == "time":
        PortalVisit.objects.update(opened_at=Now() - timedelta(hours=2), ends_at=Now() - timedelta(hours=1))
    elif ending == "leaving":
        assert browser.post("/portal/leave/").status_code == 200
    else:
        assert visits.end_all(cast.ann) == 1
    assert browser.get("/portal/").status_code == 403


def test_a_staff_session_opens_no_portal_and_a_visit_no_console(cast: Cast) -> None:
    browser = Client()
    browser.force_login(cast.manager)
    assert browser.get("/portal/").status_code == 403
    browser.get(link(cast.ann))
    page = browser.get("/portal/")
    assert page.status_code == 200 and page.wsgi_request.actor.requester_id == cast.ann.pk
    assert visitor(cast.ann).get("/").status_code == 302


def test_opening_is_in_the_log_as_a_sign_in(cast: Cast) -> None:
    visitor(cast.ann)
    with isolation.scope(SYSTEM):
        entry = AuditEntry.objects.get(kind="sign-in")
    assert (entry.actor_ref, entry.actor_kind, entry.tenant_id) == (cast.ann.pk, "requester", cast.acme.pk)
    assert (entry.via, entry.remote_addr) == ("portal", "127.0.0.1")


# ── Who looked at your data ──────────────────────────────────────────────────
@pytest.fixture
def looked(cast: Cast) -> str:
    """The lead and a program read a case of Acme, the agent took a file's place, and somebody read Birch's."""
    case, other = cast.open_case(), cast.open_case(cast.cleo)
    lead, agent = cast.actor(cast.lead), cast.actor(cast.agent)
    with isolation.scope(lead):
        access.get_case(case.reference, lead)
    with isolation.scope(agent):
        access.get_case(other.reference, agent)
        audit.listed([case, other])
        console.get_tenant("acme", agent)
        lifecycle.accept(case, actor=agent, priority="P0", owner=cast.agent, seen=None, now=NOON)
    return case.reference


def test_an_administrator_reads_who_looked_and_nothing_internal(cast: Cast, looked: str) -> None:
    page = visitor(cast.ann).get("/portal/access/").content.decode()
    assert page.count('class="look"') == 3
    for words in ("Lea Lead", "Read the case", looked, "Amy Agent", "Listed 1 case", "Read your company"):
        assert words in page
    for words in ("BIRCH-", "127.0.0.1", "priority", "triage"):
        assert words not in page


def test_the_history_is_narrowed_and_taken_out(cast: Cast, looked: str) -> None:
    browser = visitor(cast.ann)

    def count(**asked: str) -> int:
        return browser.get("/portal/access/", asked).content.decode().count('class="look"')

    assert (count(kind="case"), count(kind="tenant"), count(kind="list"), count(kind="file")) == (1, 1, 1, 0)
    assert (count(who="lea"), count(case=looked), count(case="BIRCH-1001"), count(until="2020-01-01")) == (1, 2, 0, 0)
    assert count(since="bad", after="") == 3
    assert count(since="0001-01-01") == count(until="9999-12-31") == 3
    rows = list(csv.reader(io.StringIO(browser.get("/portal/access/export/").getvalue().decode())))
    assert tuple(rows[0]) == history.HEADER and len(rows) == 4
    with isolation.scope(SYSTEM):
        assert AuditEntry.objects.get(kind="export").actor_ref == cast.ann.pk


def test_a_look_under_a_grant_says_which_and_why(cast: Cast) -> None:
    case, now = cast.open_case(), timezone.now()
    with isolation.scope(SYSTEM):
        cast.acme.restriction = "content"
        cast.acme.save()
        grant = Grant.objects.create(
            tenant=cast.acme, user=cast.agent, reach="case", subject_kind="case", subject_id=case.pk,
            subject_reference=case.reference, reason="Their ingest is down", minutes=30, state="granted",
            requested_by=cast.agent, requested_at=now, decided_by=cast.lead, decided_at=now,
            starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(minutes=29),
        )  # fmt: skip
    agent = cast.actor(cast.agent)
    with isolation.scope(agent):
        access.get_case(case.reference, agent)
    page = visitor(cast.ann).get("/portal/access/").content.decode()
    assert f"Under temporary access {grant.pk}: Their ingest is down" in page


def test_a_member_has_no_access_history(cast: Cast, looked: str) -> None:
    browser = visitor(cast.ada)
    assert browser.get("/portal/").status_code == 200
    for path in ("/portal/access/", "/portal/access/export/"):
        assert browser.get(path).status_code == 404
    assert "/portal/access/" not in browser.get("/portal/").content.decode()


def test_who_is_no_longer_an_administrator_has_none_at_once(cast: Cast, looked: str) -> None:
    browser = visitor(cast.ann)
    with isolation.scope(SYSTEM):
        Requester.objects.filter(pk=cast.ann.pk).update(role="member")
    assert browser.get("/portal/access/").status_code == 404
