"""The application's login: what makes one unfit, who says so, and how `migrate` makes a fit one."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.test import Client

from companyos import checks, login, owner
from companyos.login import AS_OWNER
from tenants.models import Tenant

reconnecting = pytest.mark.django_db(transaction=True)


@contextmanager
def logged_in(**settings: Any) -> Iterator[None]:
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(settings)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def the_owner(*, role: str = "") -> dict[str, Any]:
    """The owner's login, unannounced, with the role taken at start."""
    return {**owner.login({}), "OPTIONS": {"options": f"-c role={role}"} if role else {}, AS_OWNER: False}


@pytest.fixture
def name() -> Iterator[str]:
    """The name of a login that does not exist, nor will after the test."""
    made = f"test_login_{secrets.token_hex(4)}"
    yield made
    with owner.as_owner(), connection.cursor() as cursor:
        cursor.execute(f"DROP ROLE IF EXISTS {made}")


@reconnecting
def test_the_login_of_the_tests_is_fit() -> None:
    assert login.powers(connection) == []
    call_command("check", databases=["default"])
    assert Client().get("/readyz").json()["checks"]["isolation"] == "ok"


@reconnecting
def test_a_login_that_is_powerful_itself_gets_no_connection() -> None:
    with logged_in(**the_owner()), pytest.raises(ImproperlyConfigured, match="RUNTIME_DATABASE_URL"):
        Tenant.objects.count()


@reconnecting
def test_a_login_that_could_become_powerful_again_is_told_of(settings: Any) -> None:
    with logged_in(**the_owner(role=settings.RUNTIME_ROLE)):
        assert any("is a superuser" in words for words in login.powers(connection))
        with pytest.raises(SystemCheckError, match=r"companyos\.E003"):
            call_command("check", databases=["default"])
        answer = Client().get("/readyz")
        assert answer.status_code == 503
        assert "too much power" in answer.json()["checks"]["isolation"]


@reconnecting
@pytest.mark.parametrize(
    ("attributes", "told"), [("BYPASSRLS", "bypasses row-level security"), ("CREATEROLE", "may make roles")]
)
def test_each_power_is_named(name: str, attributes: str, told: str) -> None:
    with owner.as_owner(), connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'test' {attributes}")
    with logged_in(USER=name, PASSWORD="test", AS_OWNER=True):
        assert login.powers(connection) == [f"{name} {told}"]


@reconnecting
def test_the_login_that_the_settings_name_is_made_with_the_runtime_roles_rights(name: str, settings: Any) -> None:
    config = connection.settings_dict
    address = f"postgres://{name}:p%40ss@{config['HOST']}:{config['PORT']}/{config['NAME']}"
    settings.RUNTIME_DATABASE_URL = address
    for _ in range(2):  # the second time finds it there
        with owner.as_owner():
            owner.prepare_runtime_role()
    with psycopg.connect(address) as session:
        assert session.execute("SELECT count(*) FROM tenants_tenant").fetchone() == (0,)
        with pytest.raises(psycopg.Error, match="permission denied"):
            session.execute("SET ROLE companyos")
    with logged_in(USER=name, PASSWORD="p@ss"):
        assert login.powers(connection) == []


def test_behind_a_pooler_live_needs_an_address_of_its_own(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.DATABASES["default"], "DISABLE_SERVER_SIDE_CURSORS", True)
    settings.LIVE_DATABASE_URL = ""
    assert [error.id for error in checks.live_has_a_session(None)] == ["companyos.E005"]
    settings.LIVE_DATABASE_URL = "postgres://runtime@db/companyos"
    assert checks.live_has_a_session(None) == []


def test_a_deployment_without_a_login_of_its_own_is_told_so(settings: Any) -> None:
    settings.RUNTIME_DATABASE_URL = ""
    assert [error.id for error in checks.login_is_separate(None)] == ["companyos.E004"]
