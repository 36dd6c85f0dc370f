"""What is measured of the queue. Each function answers Figures; `python -m benchmarks` prints them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import psycopg
from django.conf import settings
from django.db.models import F
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from benchmarks import data
from benchmarks.measure import Figure, interleaved
from cases import queue
from cases.models import Message
from tenants import isolation
from tenants.access import SYSTEM, Actor
from tests.factories import UserFactory

CASES = 20_000
ROUNDS = 300


def queue_figures() -> Iterator[Figure]:
    """The list and a case's conversation, each query under row-level security against the same one without; the page
    against a bare view."""
    with data.database(data.CASES, n=CASES):
        reader = Actor(kind="agent", name="Bench", role="agent", tenant_ids=frozenset(range(1, 11)), user_id=1)
        now = timezone.now()
        with isolation.scope(reader):
            listing = queue.rows(queue.parse(QueryDict("view=open")), reader, now)
            listing = listing.order_by(F("next_due_at").asc(nulls_last=True), "pk")[:51]
            words = Message.objects.filter(case_id=CASES // 20 * 10).order_by("at", "pk")
            statements = [one.query.sql_with_params() for one in (listing, words)]
        # A conversation is read in half a millisecond; what its policies cost on top is their planning, once a page.
        goals = {"queue_isolation": 1.2, "conversation_isolation": 2.5}
        for (name, goal), (statement, parameters) in zip(goals.items(), statements, strict=True):
            value, floor = _with_and_without_isolation(statement, parameters, reader)
            yield Figure(name, CASES, value, floor, goal=goal)
        with isolation.scope(SYSTEM):
            user = UserFactory(role="agent")
        client = Client()
        client.force_login(user)
        page, bare = interleaved(lambda: client.get("/cases/"), lambda: client.get("/healthz"))
        yield Figure("queue_page_over_bare_view", CASES, page, bare, goal=40)


def _with_and_without_isolation(statement: str, parameters: Sequence[Any], reader: Actor) -> tuple[float, float]:
    """Two sessions that are alike but for the policies: neither keeps plans, both speak to the driver directly.

    The one without asks for the same tenants by a condition, or it would have other rows to look for.
    """
    table = statement.split(' FROM "', 1)[1].split('"', 1)[0]
    ids = ",".join(str(i) for i in sorted(reader.tenant_ids or ()))
    bare = statement.replace(" WHERE ", f' WHERE "{table}"."tenant_id" IN ({ids}) AND ', 1)
    address = settings.RUNTIME_DATABASE_URL
    with _session(settings.OWNER_DATABASE_URL) as owner, _session(address or settings.OWNER_DATABASE_URL) as runtime:
        if not address:
            runtime.execute(f"SET ROLE {settings.RUNTIME_ROLE}")
        for session in (owner, runtime):
            session.execute("BEGIN")
            session.execute("SELECT set_config('companyos.tenants', %s, true)", [ids])
        assert owner.execute(bare, parameters).fetchall() == runtime.execute(statement, parameters).fetchall()
        return interleaved(
            lambda: runtime.execute(statement, parameters).fetchall(),
            lambda: owner.execute(bare, parameters).fetchall(),
            rounds=ROUNDS,
        )


def _session(address: str) -> psycopg.Connection[Any]:
    return psycopg.connect(address, dbname=data.NAME, autocommit=True, prepare_threshold=None)


FIGURES: dict[str, Callable[[], Iterator[Figure]]] = {
    "queue": queue_figures,
}
