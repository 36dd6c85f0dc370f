"""Tests run on the real servers, as the runtime role: row-level security is on, as in production."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The test database is made by the owner: the runtime role may not create one (nor exist yet)."""
    from django.db import connection  # noqa: PLC0415

    connection.settings_dict["OPTIONS"].pop("options", None)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Once it is made, every test connects as the runtime role."""
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    connection.close()
    connection.settings_dict["OPTIONS"]["options"] = f"-c role={settings.RUNTIME_ROLE}"
    yield
    connection.close()
    connection.settings_dict["OPTIONS"].pop("options", None)


@pytest.fixture
def cast(db: None) -> Iterator[object]:
    """The known cast, within the system's scope: tests that look through somebody's eyes open their own."""
    from tenants import isolation  # noqa: PLC0415
    from tenants.access import SYSTEM  # noqa: PLC0415
    from tests.cast import assemble  # noqa: PLC0415

    with isolation.scope(SYSTEM):
        yield assemble()
