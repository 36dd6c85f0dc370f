"""The spine: facts and what is owed for them in one commit, each effect once, broker or no broker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import psycopg
import pytest
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from companyos import celery as assembly
from companyos import tasks
from companyos.events import dispatch, log
from companyos.events.models import Delivery, Event
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import Entitlement, Tenant
from tests.factories import TenantFactory


@pytest.fixture(autouse=True)
def _our_subscribers(settings) -> Iterator[None]:
    settings.EVENT_SUBSCRIBERS = "tests.events.handlers.SUBSCRIBERS"
    log.subscribers.cache_clear()
    yield
    log.subscribers.cache_clear()


@pytest.fixture
def tenant(db: None) -> Tenant:
    with isolation.scope(SYSTEM):
        return TenantFactory(slug="spine", prefix="SPINE")


def record(tenant: Tenant, name: str = "test.counted") -> Event:
    return log.record(name, tenant_id=tenant.pk, subject=("case", 7), actor=SYSTEM, payload={"n": 1}, at=timezone.now())


def used(feature: str) -> int:
    with isolation.scope(SYSTEM):
        return sum(Entitlement.objects.filter(feature=feature).values_list("used", flat=True))


def drain(now: datetime | None = None) -> int:
    done = 0
    while True:
        with isolation.scope(SYSTEM):
            if not dispatch.deliver_one(now or timezone.now()):
                return done
        done += 1


# ── Recording ────────────────────────────────────────────────────────────────
def test_a_fact_and_what_is_owed_for_it_stand_in_the_callers_transaction(tenant: Tenant) -> None:
    with isolation.scope(SYSTEM):
        event = record(tenant, "test.twice")
        owed = set(Delivery.objects.filter(event=event).values_list("subscriber", "state"))
    assert owed == {("tests.events.handlers.count", "pending"), ("tests.events.handlers.count_too", "pending")}


def test_a_rollback_leaves_neither(tenant: Tenant) -> None:
    with pytest.raises(RuntimeError), isolation.scope(SYSTEM):
        record(tenant)
        raise RuntimeError
    with isolation.scope(SYSTEM):
        assert (Event.objects.count(), Delivery.objects.count()) == (0, 0)


def test_many_facts_are_recorded_in_their_order_with_all_that_is_owed_for_each(tenant: Tenant) -> None:
    names = ["test.counted", "test.unheard", "test.twice"]
    facts = [log.Fact(name, tenant.pk, ("case", n), SYSTEM, {"n": n}, timezone.now()) for n, name in enumerate(names)]
    with isolation.scope(SYSTEM):
        events = log.record_many(facts)
        kept = [(event.name, event.subject_id, event.deliveries.count()) for event in Event.objects.order_by("pk")]
    assert [event.name for event in events] == names
    assert kept == [("test.counted", 0, 1), ("test.unheard", 1, 0), ("test.twice", 2, 2)]


def test_one_wake_a_transaction_however_much_was_recorded(tenant: Tenant, django_capture_on_commit_callbacks) -> None:
    with django_capture_on_commit_callbacks() as hints, isolation.scope(SYSTEM):
        with pytest.raises(RuntimeError), transaction.atomic():
            record(tenant)
            raise RuntimeError
        for _ in range(3):
            with transaction.atomic():
                record(tenant)
    assert hints == [log.wake_dispatcher]


def test_an_event_that_nobody_asked_for_is_kept_and_owes_nothing(tenant: Tenant) -> None:
    with isolation.scope(SYSTEM):
        event = record(tenant, "test.unheard")
        assert event.deliveries.count() == 0


def test_events_cannot_be_recorded_outside_a_scope(tenant: Tenant) -> None:
    with pytest.raises(Exception, match="row-level security"), transaction.atomic():
        record(tenant)


# ── Delivering ───────────────────────────────────────────────────────────────
def test_each_subscriber_gets_it_once(tenant: Tenant) -> None:
    with isolation.scope(SYSTEM):
        record(tenant, "test.twice")
    assert drain() == 2
    assert drain() == 0
    assert (used("counted"), used("counted too")) == (1, 1)


def test_a_failing_handler_leaves_nothing_half_done_and_is_tried_again_later(tenant: Tenant) -> None:
    with isolation.scope(SYSTEM):
        record(tenant, "test.broken")
    now = timezone.now()
    assert drain(now) == 1
    with isolation.scope(SYSTEM):
        owed = Delivery.objects.get()
    assert (owed.state, owed.attempts, owed.done_at) == ("pending", 1, None)
    assert "the handler broke" in owed.last_error
    assert owed.next_attempt_at > now
    assert used("half") == 0
    assert drain(now) == 0, "not before its next attempt"


def test_a_failing_handler_holds_up_nobody_else(tenant: Tenant) -> None:
    with isolation.scope(SYSTEM):
        record(tenant, "test.broken")
        record(tenant)
    drain()
    assert used("counted") == 1


def test_after_the_last_attempt_it_is_a_dead_letter_and_can_be_replayed(tenant: Tenant, monkeypatch) -> None:
    with isolation.scope(SYSTEM):
        record(tenant, "test.broken")
    now = timezone.now()
    for _ in range(dispatch.MAX_ATTEMPTS):
        assert drain(now) == 1
        now += timedelta(minutes=11)
    assert drain(now) == 0
    with isolation.scope(SYSTEM):
        dead = Delivery.objects.get()
        assert (dead.state, dead.attempts) == ("dead", dispatch.MAX_ATTEMPTS)
        Delivery.objects.filter(pk=dead.pk).update(subscriber="tests.events.handlers.count")
        assert dispatch.replay([dead.pk], now) == 1
        assert dispatch.replay([dead.pk], now) == 0
    assert drain(now) == 1
    assert used("counted") == 1


def test_a_subscriber_that_is_no_more_is_a_failure_that_is_shown(tenant: Tenant) -> None:
    with isolation.scope(SYSTEM):
        event = record(tenant, "test.unheard")
        row = {"event": event, "tenant": tenant, "subscriber": "cases.gone.nowhere", "next_attempt_at": timezone.now()}
        Delivery.objects.create(**row)
    assert drain() == 1
    with isolation.scope(SYSTEM):
        assert "cases.gone" in Delivery.objects.get().last_error


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_each_effect_once(tenant: Tenant) -> None:
    with isolation.scope(SYSTEM):
        for _ in range(20):
            record(tenant)
    start = Barrier(3)

    def work() -> int:
        start.wait()
        try:
            return drain()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        shares = [future.result() for future in [pool.submit(work) for _ in range(3)]]
    # Two handlers at once may wait for one row; a share of zero is no fault, a sum other than twenty is.
    left = drain()
    assert sum(shares) + left == 20
    assert used("counted") == 20


# ── The listening process ────────────────────────────────────────────────────
def heard(listener: psycopg.Connection, seconds: float) -> list[str]:
    return [notify.payload for notify in listener.notifies(timeout=seconds)]


@pytest.mark.django_db(transaction=True)
def test_a_listener_hears_of_it_at_the_commit_and_not_before(tenant: Tenant) -> None:
    parameters = connection.get_connection_params()
    wanted = {key: parameters[key] for key in ("host", "port", "user", "password", "dbname") if key in parameters}
    with psycopg.connect(**wanted, autocommit=True) as listener:
        listener.execute(f'LISTEN "{settings.EVENT_CHANNEL}"')
        with isolation.scope(SYSTEM):
            event = record(tenant)
            assert heard(listener, 0.2) == []
        assert [f'"id": {event.pk}' in words for words in heard(listener, 2)] == [True]
        with pytest.raises(RuntimeError), isolation.scope(SYSTEM):
            record(tenant)
            raise RuntimeError
        assert heard(listener, 0.2) == []


# ── Without a broker ─────────────────────────────────────────────────────────
def test_tasks_are_woken_through_our_broker_from_every_thread() -> None:
    with ThreadPoolExecutor(1) as pool:
        elsewhere = pool.submit(lambda: current_app.conf.broker_url).result()
    assert elsewhere == current_app.conf.broker_url == settings.REDIS_URL


@pytest.fixture
def no_broker(monkeypatch) -> Iterator[None]:
    """Our app, whose broker is a port where nobody listens."""
    with assembly.app.pool.acquire(block=True):
        pass
    assembly.app.pool.force_close_all()
    monkeypatch.setitem(assembly.app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(assembly.app, "_pool", None)
    assembly.app.amqp._producer_pool = None
    yield
    assembly.app.amqp._producer_pool = None


@pytest.mark.django_db(transaction=True)
def test_without_a_broker_the_verb_succeeds_at_once_and_the_drain_delivers(tenant: Tenant, no_broker: None) -> None:
    begun = time.monotonic()
    with isolation.scope(SYSTEM):
        record(tenant)
    assert time.monotonic() - begun < 3
    assert used("counted") == 0
    tasks.drain_deliveries()
    assert used("counted") == 1


def test_the_drain_is_bounded(tenant: Tenant, monkeypatch) -> None:
    monkeypatch.setattr(tasks, "BATCH", 3)
    with isolation.scope(SYSTEM):
        for _ in range(5):
            record(tenant)
    run: Callable[[], None] = tasks.drain_deliveries
    run()
    assert used("counted") == 3
    run()
    assert used("counted") == 5
