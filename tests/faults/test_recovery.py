"""Processes killed, the broker flushed, the database restarted: afterwards everything is there, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import redis

from tests.faults import hands
from tests.processes import Product, until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("recovery")]


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    home: Path = tmp_path_factory.mktemp("faults")
    with Product(home, own_servers=True) as running:
        running.start("web", "worker", "beat")
        yield running


class SlowTelemetry(BaseHTTPRequestHandler):
    """Each answer takes a second, so that a worker can be killed in the middle of one."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        time.sleep(1.0)
        body = b'{"resources": []}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # the base class's parameter name
        """Nothing."""


@pytest.fixture
def telemetry() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), SlowTelemetry)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def nothing_is_owed(product: Product) -> bool:
    return product.query("SELECT count(*) FROM events_delivery WHERE state <> 'done'") == [(0,)]


def clocks_are_true(product: Product) -> None:
    assert ", 0 differences" in product.manage("verify_clocks")


def test_a_worker_killed_in_the_middle_of_a_diagnostic_costs_one_step(product: Product, telemetry: str) -> None:
    product.query("UPDATE tenants_tenant SET telemetry_url = %s", telemetry)
    product.query("""UPDATE cases_runbook SET diagnostics = '[
        {"name": "first", "title": "First", "path": "/first", "as": "json"},
        {"name": "second", "title": "Second", "path": "/second", "as": "json"}]'""")
    with hands.customer(product) as ada, hands.agent(product) as amy:
        reference = hands.open_case(ada, "Killed in the middle")
        until(lambda: nothing_is_owed(product), 20)
        version = amy.get(f"cases/{reference}/").json()["version"]
        answer = hands.post(amy, f"cases/{reference}/diagnostics/", {"runbook": "ingestion", "version": version})
        assert answer.status_code in (201, 202), answer.text
    until(lambda: "/second" in SlowTelemetry.asked, 20)
    product.kill("worker")
    ((state, done),) = product.query("SELECT state, done_steps FROM cases_diagnosticrun")
    assert (state, done) == ("running", 1)
    # The dead worker's lease runs out: time is moved, not waited for.
    product.query("UPDATE cases_diagnosticrun SET leased_until = now()")
    product.start("worker")
    until(lambda: product.query("SELECT state FROM cases_diagnosticrun") == [("done",)], 25)
    kept = product.query("SELECT substring(name from '(first|second)') FROM cases_evidence ORDER BY id")
    assert kept == [("first",), ("second",)]
    finished = product.query(
        "SELECT count(*) FROM events_event WHERE name LIKE 'diagnostic.fin%' OR name LIKE '%%.failed'"
    )
    assert finished == [(1,)]
    assert SlowTelemetry.asked.count("/first") == 1
    assert SlowTelemetry.asked.count("/second") == 2


def test_a_flushed_broker_delays_effects_and_loses_none(product: Product) -> None:
    product.stop("worker")
    with hands.customer(product) as ada:
        references = [hands.open_case(ada, f"Flushed {n}") for n in range(6)]
    owed = product.query(
        "SELECT count(*) FROM events_delivery d JOIN events_event e ON e.id = d.event_id "
        "WHERE d.state = 'pending' AND e.name = 'case.opened'"
    )
    assert owed == [(6,)]
    with redis.Redis.from_url(product.redis_url) as broker:
        assert broker.flushall()
    product.start("worker")
    until(lambda: nothing_is_owed(product), 25)
    enriched = product.query(
        "SELECT c.reference, count(*) FROM events_event e JOIN cases_case c ON c.id = e.subject_id "
        "WHERE e.name = 'case.enriched' AND c.subject LIKE 'Flushed%' GROUP BY 1 ORDER BY 1"
    )
    assert enriched == [(reference, 1) for reference in sorted(references)]
    snapshots = product.query(
        "SELECT count(*) FROM cases_caseresource r JOIN cases_case c ON c.id = r.case_id "
        "WHERE c.subject LIKE 'Flushed%'"
    )
    assert snapshots == [(6,)]
    clocks_are_true(product)


def test_postgres_restarted_under_load_loses_and_doubles_nothing(product: Product) -> None:
    acknowledged: dict[str, str] = {}
    replies: dict[str, str] = {}
    failures: list[BaseException] = []
    ended = threading.Event()

    def work(worker: int) -> None:
        try:
            with hands.customer(product) as ada:
                for n in range(10_000):
                    if ended.is_set():
                        return
                    subject, words = f"Load {worker}-{n}", f"Answer {worker}-{n}"
                    reference = acknowledged[subject] = hands.open_case(ada, subject)
                    answer = hands.post(ada, f"cases/{reference}/messages", {"body": words})
                    assert answer.status_code == 201, answer.text
                    replies[words] = reference
        except BaseException as error:
            failures.append(error)  # told by the test, not lost with the thread

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: len(replies) >= 8 or bool(failures), 30)
    product.restart_database()
    before = len(replies)
    until(lambda: len(replies) >= before + 8 or bool(failures), 40)
    ended.set()
    for thread in threads:
        thread.join(timeout=40)
    assert failures == []
    until(lambda: nothing_is_owed(product), 30)

    cases = product.query("SELECT subject, reference FROM cases_case WHERE subject LIKE 'Load%'")
    assert len(cases) == len(acknowledged)
    assert dict(cases) == acknowledged
    said = product.query(
        "SELECT m.body, c.reference FROM cases_message m JOIN cases_case c ON c.id = m.case_id "
        "WHERE m.body LIKE 'Answer%'"
    )
    assert len(said) == len(replies)
    assert dict(said) == replies
    clocks = product.query(
        """SELECT c.subject, array_agg(k.metric::text ORDER BY k.metric::text)
           FROM cases_case c JOIN sla_clock k ON k.clock_set_id = c.clock_set_id
           WHERE c.subject LIKE 'Load%' GROUP BY 1"""
    )
    assert {tuple(metrics) for _, metrics in clocks} == {("accept", "first_response")}
    assert len(clocks) == len(acknowledged)
    numbers = [number for (number,) in product.query("SELECT number FROM cases_case ORDER BY number")]
    assert numbers == sorted(set(numbers))
    clocks_are_true(product)
