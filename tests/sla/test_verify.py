"""`verify_clocks` proves rows from ledgers and finds every kind of tampering; each tenant sees its own clocks only."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError

from companyos import owner
from sla import clocks, sweep
from sla.models import Calendar, Clock, ClockAlert, ClockEntry, ClockSet, Policy
from tenants import isolation
from tenants.access import SYSTEM, Actor
from tests.sla.conftest import HOUR, MONDAY, make_tenant, new_case


def verify() -> str:
    out = io.StringIO()
    call_command("verify_clocks", stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def lives(transactional_db) -> int:
    """Clocks in every state, committed; the id of one that runs."""
    with isolation.scope(SYSTEM):
        tenant = make_tenant("ACME", "standard")
        for verbs in ([], ["pause"], ["pause", "resume"], ["meet"], ["cancel"], ["pause", "resume", "meet"]):
            one = new_case(tenant)
            one.start()
            one.start("first_response", priority="P3")
            for hours, verb in enumerate(verbs, start=1):
                one.do(verb, hours)
        one.retarget("P2", 2)
        one.start(cycle=1, hours=3)
        one.do("pause", 4, cycle=1)
        one.do("resume", 5, cycle=1)
    sweep.drain(MONDAY + 9 * HOUR, 1000)
    with isolation.scope(SYSTEM):
        return Clock.objects.filter(state="running", breached_at=None).latest("pk").pk


def as_owner(sql: str, *values) -> None:
    """As somebody who has the owner's password: no trigger and no row-level security stands in the way."""
    with owner.as_owner(), connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SELECT set_config('companyos.tenants', 'all', false)")
        cursor.execute(sql, values)
        assert cursor.rowcount >= 1


def test_untouched_clocks_have_no_difference(lives):
    assert verify() == "13 clocks, 32 entries, 0 differences\n"


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("UPDATE sla_clock SET due_at = due_at + interval '1 hour' WHERE id = %s", "due_at is"),
        ("UPDATE sla_clock SET consumed = interval '2 hours' WHERE id = %s", "consumed is"),
        ("UPDATE sla_clock SET next_alert_at = due_at WHERE id = %s", "next_alert_at is"),
        ("UPDATE sla_clock SET priority = 'P0' WHERE id = %s", "priority is P0"),
        ("UPDATE sla_clockentry SET at = at - interval '1 hour' WHERE clock_id = %s AND seq = 1", "started_at is"),
        ("UPDATE sla_clockentry SET seq = 7 WHERE clock_id = %s AND seq = 2", "should be 1, 2, 3"),
        ("DELETE FROM sla_clockentry WHERE clock_id = %s", "should be 1, 2, 3"),
    ],
)
def test_tampering_is_named(lives, sql, told):
    as_owner(sql, lives)
    with pytest.raises(CommandError, match=r"[1-9] differences"):
        verify()
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify_clocks", stdout=out, stderr=out)
    assert f"clock {lives} " in out.getvalue()
    assert told in out.getvalue()


def test_a_chunk_more_than_fits_one_read(lives, monkeypatch):
    monkeypatch.setattr("sla.verify.CHUNK", 2)
    assert verify().startswith("13 clocks")


# ── Row-level security ───────────────────────────────────────────────────────
def test_a_scope_sees_its_own_tenants_clocks_only(lives):
    with isolation.scope(SYSTEM):
        other = make_tenant("OTHR", "standard")
        mine = new_case(other)
        mine.start()
        clock = Clock.objects.get(pk=lives)
        acme, elsewhere = clock.clock_set_id, clock.tenant_id
    agent = Actor(kind="agent", name="Otto", role="agent", tenant_ids=frozenset({other.pk}), user_id=1)
    with isolation.scope(agent):
        assert Clock.objects.count() == ClockEntry.objects.count() == 1
        assert clocks.readings([acme], MONDAY)[acme] == []
        assert Policy.objects.count() == 3  # shared
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            ClockSet.objects.create(tenant_id=elsewhere)


def test_outside_of_a_scope_there_is_nothing_and_requesters_see_nothing(lives):
    assert not Clock.objects.exists()
    with isolation.scope(SYSTEM):
        tenant_id = Clock.objects.get(pk=lives).tenant_id
    requester = Actor(
        kind="requester", name="Rita", role="requester", tenant_ids=frozenset({tenant_id}), requester_id=1
    )
    with isolation.scope(requester):
        for model in (Clock, ClockEntry, ClockAlert, Policy, Calendar):
            assert not model.objects.exists()
