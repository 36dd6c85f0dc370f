"""Tests run on the real servers, as the runtime role: row-level security is on, as in production."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import template


def log_in(settings: dict) -> None:
    """In place, because the name of the test database is kept in the same dictionary."""
    from django.db import connection  # noqa: PLC0415

    connection.close()
    connection.settings_dict.update(settings)


@pytest.fixture(scope="session")
def application_login() -> dict:
    """What the settings say, before anybody changed them."""
    from django.db import connection  # noqa: PLC0415

    from companyos.login import AS_OWNER  # noqa: PLC0415

    kept = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}
    return kept | {AS_OWNER: False}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(application_login: dict, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The test database is made by the owner: the runtime role may not create one (nor exist yet)."""
    from django.db import connection  # noqa: PLC0415

    from companyos import owner  # noqa: PLC0415

    connection.settings_dict["TEST"]["TEMPLATE"] = template.migrated()

    log_in(owner.login(application_login["OPTIONS"]))


@pytest.fixture(scope="session")
def django_db_setup(
    application_login: dict, django_db_setup: None, django_db_blocker: pytest.FixtureRequest
) -> Iterator[None]:
    """Once it is made, every test logs in as the application does; the owner drops it."""
    from companyos import owner  # noqa: PLC0415

    log_in(application_login)
    yield
    log_in(owner.login(application_login["OPTIONS"]))


@pytest.fixture
def cast(db: None) -> Iterator[object]:
    """The known cast, within the system's scope: tests that look through somebody's eyes open their own."""
    from auditlog.context import disable_auditlog  # noqa: PLC0415

    from tenants import isolation  # noqa: PLC0415
    from tenants.access import SYSTEM  # noqa: PLC0415
    from tests.cast import assemble  # noqa: PLC0415

    with isolation.scope(SYSTEM):
        with disable_auditlog():  # nobody asks who made the cast, and it is made anew for most tests
            assembled = assemble()
        yield assembled
