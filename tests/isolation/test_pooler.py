"""Behind PgBouncer in transaction mode: clients share server connections, and nothing of a scope stays on them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.test import Client

from cases.models import Case
from companyos import owner
from companyos.events import log, stream
from companyos.local import pgbouncer
from companyos.login import AS_OWNER
from tenants import isolation
from tenants.access import SYSTEM, Actor
from tenants.models import Tenant
from tests.cast import NOON, Cast, assemble
from tests.pooler import PgBouncer

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(pgbouncer.find() is None, reason="PgBouncer is not installed"),
    pytest.mark.skipif(not settings.RUNTIME_DATABASE_URL, reason="a pooler needs RUNTIME_DATABASE_URL"),
]


def address_of(login: dict[str, Any]) -> str:
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/".format(**login) + connection.settings_dict["NAME"]


@pytest.fixture
def direct() -> dict[str, Any]:
    return dict(connection.settings_dict)


@pytest.fixture
def through(direct: dict[str, Any], request: pytest.FixtureRequest) -> Iterator[PgBouncer]:
    """Every thread's connection goes through a pooler of so many server connections."""
    with PgBouncer([address_of(direct)], pool_size=getattr(request, "param", 1)) as pooler:
        connection.close()
        connection.settings_dict["PORT"] = pooler.port
        yield pooler
        connection.close()
        connection.settings_dict["PORT"] = direct["PORT"]


def in_a_thread(deed: Callable[[], Any]) -> Any:
    """With a client connection of its own, closed after."""
    told: list[Any] = []

    def run() -> None:
        try:
            told.append(deed())
        except Exception as error:
            told.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=30)
    if isinstance(told[0], Exception):
        raise told[0]
    return told[0]


def server() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def two_cases() -> Cast:
    with isolation.scope(SYSTEM):
        cast = assemble()
        cast.open_case(cast.ada, subject="Of Ada")
        cast.open_case(cast.cleo, subject="Of Cleo")
    return cast


def of(tenant: Tenant) -> Actor:
    return Actor(kind="agent", name="One", role="agent", tenant_ids=frozenset({tenant.pk}), user_id=1)


def test_a_scope_leaves_nothing_for_the_next_client_of_its_server_connection(through: PgBouncer) -> None:
    cast = two_cases()
    with isolation.scope(SYSTEM):
        assert Case.objects.count() == 2
        used = server()

    def another() -> tuple[int, int, set[str]]:
        before = Case.objects.count()
        with isolation.scope(of(cast.acme)):
            return server(), before, set(Case.objects.values_list("subject", flat=True))

    assert in_a_thread(another) == (used, 0, {"Of Ada"}), "the same server connection, or nothing is proven"
    assert Case.objects.count() == 0
    for ending in (RuntimeError, IntegrityError, None):
        try:
            with isolation.scope(SYSTEM):
                assert Case.objects.count() == 2
                if ending is RuntimeError:
                    raise RuntimeError
                if ending is IntegrityError:
                    Tenant.objects.create(name="Twin", slug="acme", prefix="TWIN")
                transaction.set_rollback(True)
        except (RuntimeError, IntegrityError):
            pass
        assert in_a_thread(another) == (used, 0, {"Of Ada"})
        assert (server(), Case.objects.count()) == (used, 0)


@pytest.mark.parametrize("through", [2], indirect=True)
def test_scopes_of_many_clients_over_two_server_connections_never_mix(through: PgBouncer) -> None:
    cast = two_cases()
    wanted = [
        (of(cast.acme), {"Of Ada"}),
        (of(cast.birch), {"Of Cleo"}),
        (SYSTEM, {"Of Ada", "Of Cleo"}),
        (None, set()),
    ]
    servers: set[int] = set()

    def many(number: int) -> list[str]:
        wrong = []
        for turn in range(25):
            actor, shown = wanted[(number + turn) % len(wanted)]
            try:
                if actor is None:
                    found = set(Case.objects.values_list("subject", flat=True))
                else:
                    with isolation.scope(actor):
                        found = set(Case.objects.values_list("subject", flat=True))
                        servers.add(server())
                        if turn % 5 == 0:
                            raise RuntimeError
            except RuntimeError:
                pass
            if found != shown:
                wrong.append(f"{actor and actor.tenant_ids}: {found}")
        connections.close_all()
        return wrong

    with ThreadPoolExecutor(6) as pool:
        assert [words for wrong in pool.map(many, range(6)) for words in wrong] == []
    assert 1 <= len(servers) <= 2


def test_requests_of_two_people_in_turn_show_each_their_own(through: PgBouncer) -> None:
    cast = two_cases()
    with isolation.scope(SYSTEM):
        birch_case = Case.objects.get(subject="Of Cleo").reference
    everyone, europe = Client(raise_request_exception=False), Client(raise_request_exception=False)
    everyone.force_login(cast.agent)
    europe.force_login(cast.eu_agent)
    for _ in range(2):
        assert birch_case in in_a_thread(lambda: everyone.get("/cases/?view=all").content.decode())
        assert birch_case not in in_a_thread(lambda: europe.get("/cases/?view=all").content.decode())
        assert in_a_thread(lambda: everyone.get(f"/cases/{birch_case}/").status_code) == 200
        assert in_a_thread(lambda: europe.get(f"/cases/{birch_case}/").status_code) == 404
        assert in_a_thread(lambda: Client().get(f"/cases/{birch_case}/").status_code) == 302
    assert in_a_thread(Client().get("/readyz").json)["checks"]["isolation"] == "ok"


def test_live_updates_listen_past_the_pooler(through: PgBouncer, direct: dict[str, Any], settings: Any) -> None:
    cast = two_cases()
    settings.LIVE_DATABASE_URL = address_of(direct)

    def happen(tenant: Tenant) -> None:
        with isolation.scope(SYSTEM):
            subject = ("case", tenant.pk)
            log.record("case.viewed", tenant_id=tenant.pk, subject=subject, actor=SYSTEM, payload={}, at=NOON)
        connections.close_all()

    async def watch() -> str:
        lines = stream.stream(frozenset({cast.acme.pk}))
        said = b""
        while b"hello" not in said:
            said += await anext(lines)
        for tenant in (cast.birch, cast.acme):
            await sync_to_async(happen, thread_sensitive=False)(tenant)
        told = (await anext(lines)).decode()
        await lines.aclose()
        stream.hub().task.cancel()
        return told

    assert f'"tenant": {cast.acme.pk},' in asyncio.run(asyncio.wait_for(watch(), 20))


def test_a_pooler_that_drops_the_role_option_never_gives_the_owners_power(direct: dict[str, Any]) -> None:
    """Without RUNTIME_DATABASE_URL the role is an option at start, and some poolers are told to ignore it."""
    own = owner.login({})
    with PgBouncer([address_of(own)], pool_size=1, ignored="options") as pooler:
        role = {"OPTIONS": {"options": f"-c role={settings.RUNTIME_ROLE}"}, "PORT": pooler.port, AS_OWNER: False}
        connection.close()
        connection.settings_dict.update(own | role)
        try:
            with pytest.raises(ImproperlyConfigured, match=r"not isolated: .* is a superuser"):
                Tenant.objects.count()
            assert connection.connection is None
        finally:
            connection.settings_dict.update(direct)


def test_a_pooler_refuses_the_role_option_unless_told_to_ignore_it(direct: dict[str, Any]) -> None:
    own = owner.login({})
    with PgBouncer([address_of(own)], pool_size=1) as pooler:
        connection.close()
        role = {"OPTIONS": {"options": f"-c role={settings.RUNTIME_ROLE}"}, "PORT": pooler.port}
        connection.settings_dict.update(own | role | {AS_OWNER: False})
        try:
            with pytest.raises((DatabaseError, ImproperlyConfigured)):
                Tenant.objects.count()
        finally:
            connection.close()
            connection.settings_dict.update(direct)
