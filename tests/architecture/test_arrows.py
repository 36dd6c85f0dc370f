"""Who may import whom, where import-linter cannot look: Django in the rules, edges in the verbs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.architecture.source import APPS, ROOT, below, imports, modules

# Modules of these names hold rules: functions of their arguments, without framework, clock or database.
RULES = {"triage", "ledger", "calendars", "choice", "metrics", "rules", "oncall", "mapping", "dials", "hours",
         "explain", "spells", "clock_drawing"}  # fmt: skip
RULE_MODULES = {"tenants.access", "companyos.widget_host", "companyos.demo.telemetry", "companyos.demo.people"}
FRAMEWORK = ("django", "rest_framework", "celery", "redis", "psycopg", "httpx", "allauth")

# The rooms that meet the outside. Nothing else in an app may import one, or speak HTTP or Celery.
EDGES = {
    "views", "forms", "api", "admin", "tasks", "serializers", "urls", "templatetags", "management", "apps",
    "authentication", "middleware", "cors", "tokens", "bearer", "sign_in", "endpoint", "downloads", "inputs",
    "reauthentication", "gate",
}  # fmt: skip
EDGE_PREFIXES = ("widget_", "api_")
HTTP = ("django.http", "django.shortcuts", "django.views", "django.urls", "rest_framework", "celery", "django_htmx")


def test_import_linter_finds_every_arrow_pointing_down() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "120"}
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def is_rule(name: str) -> bool:
    return name in RULE_MODULES or (below(name, *APPS) and not is_edge(name) and name.rpartition(".")[2] in RULES)


def test_rules_know_no_framework() -> None:
    rules = [(name, tree) for name, tree in modules(*APPS, "companyos") if is_rule(name)]
    assert {"cases.triage", "sla.ledger", "sla.calendars", "tenants.access"} <= {name for name, _ in rules}
    wrong = [
        f"{name} imports {imported}"
        for name, tree in rules
        for imported in imports(tree)
        if below(imported, *FRAMEWORK) or imported.endswith(".models") or ".models." in imported
    ]
    assert wrong == []


def test_rules_read_no_clock() -> None:
    """`now` is a parameter; a rule that reads the clock cannot be tested at another instant."""
    wrong = [
        f"{name}: {call}"
        for name, tree in modules(*APPS)
        if is_rule(name)
        for call in ("datetime.now", "timezone.now", "time.time")
        if call in (ROOT / f"{name.replace('.', '/')}.py").read_text()
    ]
    assert wrong == []


def is_edge(name: str) -> bool:
    return any(part in EDGES or part.startswith(EDGE_PREFIXES) for part in name.split(".")[1:])


def test_verbs_models_and_reactions_speak_no_http_and_import_no_edge() -> None:
    wrong = []
    for name, tree in modules(*APPS):
        if is_edge(name):
            continue
        wrong += [
            f"{name} imports {imported}"
            for imported in imports(tree)
            if below(imported, *HTTP) or (below(imported, *APPS) and is_edge(imported))
        ]
    assert wrong == []


# What a new installation begins with is dated at its making; and a row's save hands on no instant.
READS_THE_CLOCK = {"sla.defaults", "sla.following"}


def test_verbs_are_handed_the_instant() -> None:
    """Only edges read the clock: everything else is given `now`, so that stories can move time."""
    wrong = [
        name
        for name, tree in modules(*APPS)
        if not is_edge(name)
        and name not in READS_THE_CLOCK
        and ".models" not in name
        and any(imported in ("django.utils.timezone", "time.time", "time.monotonic") for imported in imports(tree))
    ]
    assert wrong == []
