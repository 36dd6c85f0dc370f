"""The one door to the database's owner: schema changes. Everything else runs as the runtime role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import environ
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections
from django.db.utils import ProgrammingError

_GRANTS = """
    GRANT USAGE ON SCHEMA public TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role};
"""


@contextmanager
def as_owner(alias: str = "default") -> Iterator[None]:
    """Connections of `alias` log in as DATABASE_URL's role for the length of the block."""
    connection = connections[alias]
    runtime = connection.settings_dict
    owner = environ.Env.db_url_config(settings.OWNER_DATABASE_URL)
    login = {key: owner.get(key, "") for key in ("USER", "PASSWORD", "HOST", "PORT")}
    options = {key: value for key, value in runtime["OPTIONS"].items() if key != "options"}
    connection.close()
    connection.settings_dict = {**runtime, **login, "OPTIONS": options}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = runtime


def prepare_runtime_role(alias: str = "default") -> None:
    """Create the runtime role when it is not there, and let the owner take it (call inside as_owner)."""
    role = settings.RUNTIME_ROLE
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone():
            return
        try:
            cursor.execute(f"CREATE ROLE {role} NOLOGIN NOBYPASSRLS")
            cursor.execute(f"GRANT {role} TO current_user WITH INHERIT FALSE, SET TRUE")
        except ProgrammingError as error:
            raise CommandError(
                f"The role of DATABASE_URL may not create the role {role}. As a superuser run:\n"
                f"  CREATE ROLE {role} NOLOGIN NOBYPASSRLS; GRANT {role} TO <the role of DATABASE_URL>;\n({error})"
            ) from error


def grant_to_runtime_role(alias: str = "default") -> None:
    """Rows, not schema: the runtime role reads and writes every table and owns none."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_GRANTS.format(role=settings.RUNTIME_ROLE))
