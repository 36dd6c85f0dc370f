"""Probes: alive says that the process answers; ready says that what it needs does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from companyos import login

BEAT_MAY_BE_LATE = timedelta(seconds=60)


def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when the web can serve; Redis and beat are reported, and without them the state is "degraded", still 200.

    Cases, replies and clocks need PostgreSQL alone; effects wait in it until the rest is back.
    """
    vital = {"database": _said(_database), "isolation": _said(_isolation), "migrations": _said(_migrations)}
    helpers = {"redis": _said(_redis), "beat": _said(_beat)}
    checks = {**vital, **helpers}
    if any(words != "ok" for words in vital.values()):
        return JsonResponse({"status": "down", "checks": checks}, status=503)
    state = "ok" if all(words == "ok" for words in helpers.values()) else "degraded"
    return JsonResponse({"status": state, "checks": checks})


def _said(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:
        return type(error).__name__


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _isolation() -> str:
    """The details are for the log of `check --database default`: strangers may ask this address."""
    return "the database login has too much power" if login.powers(connection) else "ok"


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(waiting)} waiting" if waiting else "ok"


def _redis() -> str:
    redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5).ping()
    return "ok"


def _beat() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT at FROM events_heartbeat WHERE name = 'beat'")
        row = cursor.fetchone()
    if row is None:
        return "never ticked"
    late = timezone.now() - row[0]
    return "ok" if late < BEAT_MAY_BE_LATE else f"silent for {round(late.total_seconds())} s"
