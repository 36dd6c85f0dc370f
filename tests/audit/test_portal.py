"""The portal's door: one click from the widget, once, for an hour; nobody else's sign-in opens it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.test import Client

from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import AuditEntry, PortalVisit, Requester
from tenants.portal import visits
from tenants.portal.gate import COOKIE
from tests.api.conftest import with_token
from tests.cast import Cast


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
