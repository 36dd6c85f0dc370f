"""Planting the demo: everything in one transaction, so that a seed that was killed has left nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from auditlog.context import disable_auditlog
from django.conf import settings
from django.db import connection

from cases.models import Case
from companyos.demo import host, people, telemetry
from companyos.demo.seed import access, history, knowledge, promises, trouble, world
from companyos.demo.seed.stage import Stage, Story
from escalations import notices
from escalations.models import Notice
from integrations.models import Connection
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import Tenant

Say = Callable[[str], None]
UNREAD_FOR = timedelta(hours=18)


def is_planted() -> bool:
    with isolation.scope(SYSTEM):
        return Tenant.objects.exists()


def plant(now: datetime, host_port: int, say: Say) -> None:
    """Fill an empty database with the demo as it stands at `now`."""
    with _product() as (product, port), isolation.scope(SYSTEM), disable_auditlog(), _all_or_nothing():
        begin = now - timedelta(days=history.DAYS + 3)
        everybody = world.build(begin, port)
        macros = knowledge.write_down()
        promises.keep(everybody.acting["lead@demo.example"], now)
        say(f"{len(everybody.tenants)} tenants, {len(everybody.users)} people, {len(macros)} macros")
        stage = Stage(product, now)
        stage.throttle(None)
        stage.add(_seasons(stage, begin))
        for one in trouble.TROUBLES:
            stage.add(trouble.unfold(one, stage, everybody))
        for telling in history.tellings(stage, everybody, macros):
            stage.add(telling.tell())
        stage.play()
        say(f"{Case.objects.count()} cases over {history.DAYS} days, {len(trouble.TROUBLES)} incidents")
        access.restrict(everybody, now)
        stage.deliver(now)
        _hand_over(stage, now, host_port)
        # Thousands of hints to a worker that isn't there yet; nothing is pending, so none is needed.
        connection.run_on_commit.clear()


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    """No savepoints within the one transaction, a quarter of all statements: no failure is to be survived here."""
    kept, connection.features.uses_savepoints = connection.features.uses_savepoints, False
    try:
        yield
    finally:
        connection.features.uses_savepoints = kept


@contextmanager
def _product() -> Iterator[tuple[host.Host, int]]:
    """The demo's product within this process: its telemetry is read over HTTP, at moved time."""
    server = host.serve(0, "http://127.0.0.1", settings.SECRET_KEY)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.get_app(), server.server_port  # type: ignore[misc]
    finally:
        server.shutdown()
        server.server_close()


def _seasons(stage: Stage, begin: datetime) -> Story:
    """Health is read now and then, so that what enrichment freezes is of its day."""
    moment = begin
    while moment < stage.end:
        yield moment
        stage.fresh_health(moment)
        moment += timedelta(days=10)


def point_at(host_port: int) -> None:
    """A demo that was planted for another port goes on with the product on this one."""
    with isolation.scope(SYSTEM), disable_auditlog():
        _point_at(host_port)


def _point_at(host_port: int) -> None:
    for one in people.TENANTS:
        Tenant.objects.filter(slug=one.slug).update(
            telemetry_url=world.telemetry_url(host_port, one.slug), widget_origins=people.host_origins(host_port)
        )


def _hand_over(stage: Stage, now: datetime, host_port: int) -> None:
    """From the stage to the running demo: its product on its own port, health of this moment, old notices read."""
    stage.host.plans = dict(telemetry.PLANS)
    Connection.objects.update(next_run_at=now)
    stage.fresh_health(now)
    _point_at(host_port)
    for user in world.User.objects.all():
        old = Notice.objects.filter(user=user, at__lt=now - UNREAD_FOR).values_list("pk", flat=True)
        notices.mark_read(user, now, old)
