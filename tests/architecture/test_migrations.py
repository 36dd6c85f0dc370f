"""Migrations: complete, and there is a way back."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.core.management import call_command

from tests import template
from tests.architecture.source import ROOT

# From what `migrate` made of an empty database. Everything stands on `tenants`, so all of it goes with that.
THERE_AND_BACK = """
import django
django.setup()
from django.core.management import call_command
quiet = {"interactive": False, "verbosity": 0}
shape("before")
call_command("migrate", "tenants", "zero", **quiet)
for app in ("reporting", "integrations", "escalations", "cases", "sla", "tenants"):
    left(app)
call_command("migrate", **quiet)
shape("after")
"""
PRELUDE = """
import json, os, psycopg
def ask(sql):
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        return [row[0] for row in connection.execute(sql).fetchall()]
def shape(when):
    print(json.dumps({when: ask('''
        SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
          FROM information_schema.columns WHERE table_schema = 'public'
        UNION SELECT 'policy ' || tablename || '.' || policyname || ' ' || coalesce(qual, '') FROM pg_policies
        UNION SELECT 'trigger ' || tgrelid::regclass || '.' || tgname FROM pg_trigger WHERE NOT tgisinternal
        UNION SELECT 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
          WHERE connamespace = 'public'::regnamespace
        UNION SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        ORDER BY 1''')}))
def left(app):
    found = ask(f"SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE '{app}\\\\_%'")
    if found:
        raise SystemExit(f"migrating {app} back left {found}")
"""


def test_no_model_is_ahead_of_its_migrations(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.fixture
def scratch() -> Iterator[str]:
    """The address of a database with all migrations done."""
    server = os.environ["DATABASE_URL"]
    name = f"migrations_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template.migrated()}")
        try:
            yield template.address(name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_every_migration_can_be_taken_back_and_made_again(scratch: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + THERE_AND_BACK],
        cwd=ROOT,
        env=os.environ
        | {"DATABASE_URL": scratch, "RUNTIME_DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "companyos.settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2500:]
    before, after = (line.split(": ", 1)[1] for line in done.stdout.splitlines() if line.startswith("{"))
    assert before == after
    assert "policy cases_case.tenant" in before
