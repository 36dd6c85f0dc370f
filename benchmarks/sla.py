"""What the clocks cost: sweeping few due ones among many open ones, handling one end to end, counting business time.

BENCH_CLOCKS="10000 100000" measures with that many open clocks instead of 10,000, 100,000 and 1,000,000.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from django.db import connection

from benchmarks import data, rows
from benchmarks.measure import Figure, interleaved
from sla import calendars, sweep, verify
from tenants import isolation
from tenants.access import SYSTEM

FIRST_DUE, TICK = data.BASE + timedelta(hours=4), timedelta(milliseconds=1)
SIZES = [int(size) for size in os.environ.get("BENCH_CLOCKS", "10000 100000 1000000").split()]
FEW, MANY, LONG = 100, 10_000, 100_000
ALIKE = 12_000  # the next as many clocks have the same tenants, policies and ledgers
CLAIM = "SELECT id FROM sla_clock WHERE next_alert_at <= %s ORDER BY next_alert_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"
ENOUGH = 50_000  # due instants a second that a core shall work out


class Clocks:
    """A scratch database of `n` open clocks, of which the next ones become due as `now` moves on."""

    def __init__(self, n: int) -> None:
        self.n, self.handled = n, 0

    @property
    def now(self) -> datetime:
        return FIRST_DUE + self.handled * TICK

    def reserve(self, due: int) -> None:
        """That many can still become due; filled anew if not."""
        if self.handled + due > self.n:
            data.fill(data.CLOCKS, n=self.n, base=data.BASE)
            self.handled = 0

    def handle(self, due: int) -> float:
        """Let `due` clocks become due and sweep them; the milliseconds that it took."""
        self.handled += due
        begun = time.perf_counter()
        assert sweep.drain(self.now, due + 1) == due
        return (time.perf_counter() - begun) * 1000


def sweep_figures() -> Iterator[Figure]:
    """Nothing due against the bare claim of nothing, and D due ones among ever more open ones."""
    smallest: dict[int, float] = {}
    with data.database(data.CLOCKS, n=SIZES[0], base=data.BASE):
        for size in SIZES:
            clocks = Clocks(size)
            if size != SIZES[0]:
                data.fill(data.CLOCKS, n=size, base=data.BASE)
            yield _nothing_due(clocks)
            clocks.handle(FEW)  # caches and plans
            for due, rounds in ((FEW, 9), (MANY, 3)):
                taken = []
                for _ in range(rounds):
                    clocks.reserve(due)
                    taken.append(clocks.handle(due))
                value = statistics.median(taken)
                yield Figure(f"sweep_{due}_due", size, value, smallest.setdefault(due, value), goal=1.5)
            if size == SIZES[0]:
                with isolation.scope(SYSTEM):
                    assert verify.verify().differences == []
        yield _memory(clocks)


def _nothing_due(clocks: Clocks) -> Figure:
    now = clocks.now

    def bare() -> None:
        with isolation.scope(SYSTEM), connection.cursor() as cursor:
            cursor.execute(CLAIM, [now])
            cursor.fetchall()

    value, floor = interleaved(lambda: sweep.drain(now, 1000), bare, rounds=500)
    return Figure("sweep_nothing_due", clocks.n, value, floor, goal=1.5)


def _memory(clocks: Clocks) -> Figure:
    """The most memory that a fresh process ever had after a long sweep, against the same after a thousand clocks."""
    long = min(LONG, clocks.n - 1000)
    clocks.reserve(1000 + long)
    until = [str(clocks.handled + 1000), str(clocks.handled + 1000 + long)]
    given = os.environ | {"BENCH_DATABASE": data.NAME}
    command = [sys.executable, "-m", "benchmarks.worker", *until]
    told = subprocess.run(command, env=given, check=True, capture_output=True, text=True).stdout
    after_few, after_many = map(float, told.split())
    return Figure("worker_memory_of_long_sweep", long, after_many, after_few, goal=1.2, unit="MB")


def rate_figures() -> Iterator[Figure]:
    """Due clocks a second, end to end, against psycopg writing the same rows for as many others in equal batches."""
    n = 10 * ALIKE
    with data.database(data.CLOCKS, n=n, base=data.BASE):
        clocks = Clocks(n)
        rates: tuple[list[float], list[float]] = ([], [])
        clocks.handle(ALIKE)
        for _ in range(4):
            rates[0].append(ALIKE / clocks.handle(ALIKE) * 1000)
            rates[1].append(ALIKE / rows.write_again(clocks, ALIKE) * 1000)
        value, floor = map(statistics.median, rates)
        yield Figure("due_clocks", n, value, floor, goal=1 / 3, better="more", unit="/s")


def calendar_figures() -> Iterator[Figure]:
    """Due instants of business targets: how many a second, and a ten-year span against a one-week span."""
    week = tuple((day, *hours) for day in range(5) for hours in ((540, 720), (780, 1080)))
    spec = calendars.CalendarSpec(name="Office", version=1, time_zone="Europe/Berlin", weekly=week)
    starts = [datetime(2026, 3, 2, tzinfo=UTC) + n * timedelta(hours=9, microseconds=1) for n in range(1000)]

    def times(hours: int) -> Callable[[], None]:
        return lambda: [calendars.business_due(spec, start, timedelta(hours=hours)) for start in starts] and None

    year, _ = interleaved(times(8 * 260), times(8 * 260))
    yield Figure("business_due_a_year", 1000, 1e6 / year, ENOUGH, goal=1, better="more", unit="/s")
    value, floor = interleaved(times(8 * 2600), times(40))
    yield Figure("business_due_ten_years", 1000, value, floor, goal=3)


FIGURES: dict[str, Callable[[], Iterator[Figure]]] = {
    "sweep": sweep_figures,
    "due": rate_figures,
    "calendar": calendar_figures,
}
