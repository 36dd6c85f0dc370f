"""Tasks and commands open a scope of their own: as the runtime role they find their rows, and ask nothing outside."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands
from django.db import connection
from django.utils import timezone

from companyos.celery import TIMETABLE, app
from companyos.events.models import Heartbeat
from tenants import isolation
from tenants.access import SYSTEM
from tests.architecture.test_background import our_tasks
from tests.cast import Cast, assemble

pytestmark = pytest.mark.django_db

OURS = {"companyos", "tenants", "sla", "cases", "escalations", "integrations", "reporting"}
# As the owner, or of a database that holds nobody's data; each with a test of its own.
OTHERWISE = {"migrate", "flush", "seed_demo"}
GIVEN: dict[str, tuple[str, ...]] = {"retention": ("--dry-run",), "service_levels": ("export", os.devnull)}
REFUSED = {"forecast_report"}  # two cases are no history
SCOPE = "SELECT coalesce(current_setting('companyos.tenants', true), '')"
TABLE = re.compile(r'(?:FROM|JOIN|INTO|UPDATE|ONLY) "?([a-z_]+)"?', re.IGNORECASE)


@contextmanager
def unscoped(found: list[str]) -> Iterator[None]:
    """Notes each statement on an isolated table that runs outside of a scope, where it would see no rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p')")
        isolated = {name for (name,) in cursor.fetchall()}

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not connection.connection.execute(SCOPE).fetchone()[0]:
            found.extend(f"{name}: {sql[:120]}" for name in sorted(isolated & set(TABLE.findall(str(sql)))))
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(watch))
        yield


@pytest.fixture
def rows(db: None) -> Cast:
    """Seen from outside of any scope, as a worker is."""
    with isolation.scope(SYSTEM):
        cast = assemble()
        cast.open_case(cast.ada)
        cast.open_case(cast.cleo)
    return cast


def test_the_watch_notices_a_query_without_a_scope(rows: Cast) -> None:
    found: list[str] = []
    with unscoped(found):
        assert rows.acme.resources.count() == 0
        with isolation.scope(SYSTEM):
            assert rows.acme.resources.count() == 1
    assert len(found) == 1 and found[0].startswith("tenants_resource")


def test_each_task_runs_in_scopes_of_its_own(rows: Cast) -> None:
    assert our_tasks() == set(TIMETABLE), "a task that is not on the timetable is to be tried here too"
    wrong = []
    for name in sorted(TIMETABLE):
        found: list[str] = []
        with unscoped(found):
            app.tasks[name].apply(throw=True)
        wrong += [f"{name}: {query}" for query in found]
        assert isolation.current_actor() is None, name
    assert not wrong, "open isolation.scope(SYSTEM) around these, which see no rows:\n" + "\n".join(wrong)


def test_each_command_runs_in_scopes_of_its_own(rows: Cast) -> None:
    Heartbeat.objects.update_or_create(name="beat", defaults={"at": timezone.now()})  # a drill asks for it
    ours = {name for name, where in get_commands().items() if where.split(".")[0] in OURS}
    assert {"verify_clocks", "verify_audit", "retention"} <= ours
    wrong = []
    for name in sorted(ours - OTHERWISE):
        found: list[str] = []
        with unscoped(found):
            try:
                call_command(name, *GIVEN.get(name, ()), stdout=StringIO(), stderr=StringIO())
            except SystemExit as ended:
                assert not ended.code, name
            except CommandError:
                assert name in REFUSED, name
        wrong += [f"{name}: {query}" for query in found]
    assert not wrong, "open isolation.scope(SYSTEM) around these, which see no rows:\n" + "\n".join(wrong)
