"""A grant ends by itself, in the database's own time: no worker, no web clock has a say in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from cases.models import Case
from companyos import live
from escalations import grants
from tenants import isolation
from tenants.models import User
from tests.cast import NOON, Cast
from tests.factories import key_for
from tests.grants.hands import approved, asked, reads, restricted, run_out, taken

DAY = timedelta(days=1)
WORDS = b"Ingest is throttled since noon."


@pytest.fixture
def case(cast: Cast) -> Case:
    return restricted(cast)


def test_what_is_opened_to_a_person_is_not_opened_to_their_keys(cast: Cast, case: Case) -> None:
    approved(cast, asked(cast, case))
    client, key = Client(), {"Authorization": f"Bearer {key_for(cast.agent)}"}
    answer = client.get(f"/api/v1/cases/{case.reference}/timeline/", headers=key)
    assert answer.status_code == 403 and answer.json()["errors"][0]["code"] == "grant_needed"
    client.force_login(cast.agent)
    assert client.get(f"/api/v1/cases/{case.reference}/timeline/").status_code == 200


def test_the_next_request_after_its_end_is_locked(cast: Cast, case: Case) -> None:
    client = Client()
    client.force_login(cast.agent)
    path = f"/cases/{case.reference}/"
    assert WORDS not in client.get(path).content
    grant = approved(cast, asked(cast, case))
    page = client.get(path).content
    assert WORDS in page and b"You see this under a grant" in page
    run_out(grant)
    page = client.get(path).content
    assert WORDS not in page and b"content is restricted" in page
    fresh = client.get(f"{path}fresh/", headers={"HX-Request": "true"}).content
    assert WORDS not in fresh and b'id="composer" hx-swap-oob="true"' in fresh


def test_a_revocation_holds_from_the_next_request_on(cast: Cast, case: Case) -> None:
    client = Client()
    client.force_login(cast.agent)
    grant = approved(cast, asked(cast, case))
    assert client.post(f"/cases/{case.reference}/notes/", {"body": "Seen"}).status_code == 302
    agent = cast.actor(cast.agent)
    with isolation.scope(agent):
        grants.revoke(grant, actor=agent, now=NOON)
    refused = client.post(f"/cases/{case.reference}/notes/", {"body": "Seen again"})
    assert refused.status_code == 403 and b"request access" in refused.content


@pytest.mark.parametrize("shift", [-DAY, DAY])
def test_a_wrong_web_clock_neither_opens_nor_closes_anything(cast: Cast, case: Case, shift: timedelta) -> None:
    with time_machine.travel(timezone.now() + shift, tick=True):
        grant = approved(cast, asked(cast, case))
        grant.refresh_from_db()
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement_timestamp() - %s", [grant.starts_at])
            assert timedelta(0) <= cursor.fetchone()[0] < timedelta(minutes=1)
        assert reads(cast, cast.agent, case)
        run_out(grant)
        assert not reads(cast, cast.agent, case)
        taken(cast, case)
        assert reads(cast, cast.agent, case)


def test_what_has_ended_is_not_revoked_again(cast: Cast, case: Case) -> None:
    grant = approved(cast, asked(cast, case))
    run_out(grant)
    agent = cast.actor(cast.agent)
    with isolation.scope(agent), pytest.raises(grants.NotAllowedNow, match="ended by itself"):
        grants.revoke(grant, actor=agent, now=NOON)


def test_a_tenant_that_came_into_reach_by_a_grant_leaves_it_with_the_grant(cast: Cast, case: Case) -> None:
    lead = cast.actor(cast.lead)
    with isolation.scope(lead):
        about = {"to": cast.eu_agent, "actor": lead, "reach": "tenant", "minutes": 60, "now": NOON}
        grant = grants.give(grants.about_case(case), reason="She knows this ingest best.", **about)
    client = Client()
    client.force_login(cast.eu_agent)
    assert client.get(f"/cases/{case.reference}/").status_code == 200
    assert cast.birch.pk in (cast.actor(cast.eu_agent).tenant_ids or ())
    run_out(grant)
    assert client.get(f"/cases/{case.reference}/").status_code == 404
    assert cast.birch.pk not in (cast.actor(cast.eu_agent).tenant_ids or ())


# ── Live updates ─────────────────────────────────────────────────────────────
def watching(person: User) -> float | None:
    request = RequestFactory().get("/live/")
    request.user = person
    return live._viewer(request)[1]


def test_a_stream_that_a_grant_widened_ends_with_the_grant_at_the_latest(cast: Cast, case: Case) -> None:
    assert watching(cast.agent) is None
    wide = approved(cast, asked(cast, case, reach="tenant"))
    seconds = watching(cast.agent)
    assert seconds is not None and 0 < seconds <= live.LONGEST_UNDER_GRANT
    with connection.cursor() as cursor:
        sooner = "UPDATE tenants_grant SET ends_at = statement_timestamp() + interval '20 seconds' WHERE id = %s"
        cursor.execute(sooner, [wide.pk])
    seconds = watching(cast.agent)
    assert seconds is not None and 0 < seconds <= 20
    run_out(wide)
    assert watching(cast.agent) is None


def test_a_stream_ends_when_its_time_is_up_and_lets_go_of_its_source() -> None:
    let_go = []

    async def source() -> AsyncGenerator[bytes, None]:
        try:
            yield b"hello"
            await asyncio.Event().wait()
        finally:
            let_go.append(True)

    async def taken_from(seconds: float) -> list[bytes]:
        return [chunk async for chunk in live._within(source(), seconds)]

    assert asyncio.run(taken_from(0.2)) == [b"hello"]
    assert let_go == [True]
