"""Tasks, timetable and subscribers: all there, all wired, all small."""

from __future__ import annotations

import ast
import inspect

from django.utils.module_loading import import_string

from companyos.celery import TIMETABLE, app
from companyos.events.log import subscribers
from tests.architecture.source import APPS, ROOT, modules

LONGEST_BODY = 5  # statements
# Tasks that only verbs wake. Whatever drains rows belongs on the timetable, or a lost message loses work.
WOKEN_ONLY: set[str] = set()


def our_tasks() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


def test_every_entry_of_the_timetable_is_a_task() -> None:
    assert set(TIMETABLE) - our_tasks() == set()


def test_every_task_is_on_the_timetable() -> None:
    assert our_tasks() - set(TIMETABLE) - WOKEN_ONLY == set()


def test_a_tick_that_nobody_drained_expires() -> None:
    for name, entry in app.conf.beat_schedule.items():
        assert entry["options"]["expires"] >= entry["schedule"], name


def test_tasks_are_a_loop_over_a_step_and_no_more() -> None:
    too_long = []
    for name, tree in modules(*APPS, "companyos"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and any(
                decorator_name(d) == "shared_task" for d in node.decorator_list
            ):
                body = [inner for outer in node.body for inner in ast.walk(outer) if isinstance(inner, ast.stmt)]
                if len(body) > LONGEST_BODY:
                    too_long.append(f"{name}.{node.name}: {len(body)} statements")
    assert too_long == []


def decorator_name(node: ast.expr) -> str:
    if isinstance(node, ast.Call):
        node = node.func
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def test_every_subscriber_can_be_imported_and_takes_an_event_and_an_instant() -> None:
    for event, handlers in subscribers().items():
        assert handlers, f"{event} has no subscriber: remove its line"
        for handler in handlers:
            names = list(inspect.signature(import_string(handler)).parameters)
            assert names == ["event", "now"], f"{handler} for {event} takes {names}"


def recorded_names() -> set[str]:
    """Every literal event name that some module records."""
    found: set[str] = set()
    for _, tree in modules(*APPS):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.count(".") == 1:
                found.add(node.value)
    return found


def test_every_subscribed_event_is_recorded_somewhere() -> None:
    assert set(subscribers()) - recorded_names() == set()


def test_woken_tasks_exist() -> None:
    """`wake` sends by name; a typing error would show only as a task that nobody knows."""
    named = set()
    for path in [*(ROOT / "companyos").rglob("*.py"), *(p for a in APPS for p in (ROOT / a).rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and ".tasks." in node.value:
                named.add(node.value)
    assert named - our_tasks() == set()
