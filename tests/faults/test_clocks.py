"""Two beats and four workers, killed at random under a stream of transitions: each alert once, each breach at its due
instant, whoever died in the middle of what."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from companyos import local
from tests.processes import Product, until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("recovery")]

SEED, SECONDS = 4, 15.0
PROCESSES = ("beat", "beat-2", "worker", "worker-2", "worker-3", "worker-4")

# Every alert that the ledgers and the alert rows tell of, as (case, metric, cycle, round, share).
OWED = """
    SELECT c.id, k.metric, k.cycle, k.round, a.share FROM sla_clockalert a
      JOIN sla_clock k ON k.id = a.clock_id JOIN cases_case c USING (clock_set_id)
    UNION ALL
    SELECT c.id, k.metric, k.cycle, k.round, 100 FROM sla_clockentry e
      JOIN sla_clock k ON k.id = e.clock_id JOIN cases_case c USING (clock_set_id) WHERE e.kind = 'breached'
"""
TOLD = """
    SELECT subject_id, payload->>'metric', (payload->>'cycle')::int, (payload->>'round')::int,
      (payload->>'share')::int FROM events_event WHERE name = 'case.alerted'
"""
# A clock that nobody touched: the sweep alone warned and breached it.
UNTOUCHED = """
    SELECT k.id, array(SELECT share::int FROM sla_clockalert a WHERE a.clock_id = k.id ORDER BY share)
    FROM sla_clock k JOIN sla_clockentry e ON e.clock_id = k.id
    GROUP BY k.id HAVING array_agg(e.kind::text ORDER BY seq) = '{started,breached}'
"""


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with Product(tmp_path) as running:
        yield running


def stream(product: Product) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.stream", str(SEED), str(SECONDS)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=local.CHECKOUT, env=product.environment, **pipes)


def kill_at_random(product: Product, moving: subprocess.Popen[str]) -> int:
    chance, killed = random.Random(SEED), 0
    while moving.poll() is None:
        time.sleep(chance.uniform(1.0, 2.5))
        name = chance.choice(PROCESSES)
        product.kill(name)
        product.start(name, wait=False)
        killed += 1
    return killed


def quiet(product: Product) -> bool:
    return product.query(
        "SELECT (SELECT count(*) FROM sla_clock WHERE next_alert_at IS NOT NULL),"
        " (SELECT count(*) FROM events_delivery WHERE state = 'pending')"
    ) == [(0, 0)]


def test_whoever_dies_each_alert_is_on_its_case_once_and_each_breach_at_its_due_instant(product: Product) -> None:
    product.start(*PROCESSES, wait=False)
    moving = stream(product)
    killed = kill_at_random(product, moving)
    said, _ = moving.communicate()
    assert moving.returncode == 0, said
    until(lambda: quiet(product), 60, every=0.3)

    assert killed >= 5
    told, owed = product.query(TOLD), product.query(OWED)
    assert len(told) == len(set(told))
    assert sorted(told) == sorted(owed)
    assert {share for *_, share in told} == {50, 75, 90, 100}
    untouched = product.query(UNTOUCHED)
    assert len(untouched) >= 10
    assert {tuple(shares) for _, shares in untouched} == {(50, 75, 90)}
    assert product.query(
        "SELECT count(*) FILTER (WHERE e.at <> k.due_at OR k.breached_at <> k.due_at), count(*) > 20 "
        "FROM sla_clockentry e JOIN sla_clock k ON k.id = e.clock_id WHERE e.kind = 'breached'"
    ) == [(0, True)]
    assert product.query("SELECT count(*) FROM events_delivery WHERE state = 'dead'") == [(0,)]
    assert ", 0 differences" in product.manage("verify_clocks")
