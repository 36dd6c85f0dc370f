"""The one door to the database's owner: schema changes. Everything else runs as the runtime role."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import environ
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connections
from django.db.utils import ProgrammingError
from psycopg import sql

from companyos.login import AS_OWNER

_GRANTS = """
    GRANT USAGE ON SCHEMA public TO {role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role};
"""


def login(options: dict[str, Any]) -> dict[str, Any]:
    """The part of a connection's settings that says who logs in where: DATABASE_URL's role."""
    owner = environ.Env.db_url_config(settings.OWNER_DATABASE_URL)
    who = {key: owner.get(key, "") for key in ("USER", "PASSWORD", "HOST", "PORT")}
    return {**who, "OPTIONS": {key: value for key, value in options.items() if key != "options"}, AS_OWNER: True}


@contextmanager
def as_owner(alias: str = "default") -> Iterator[None]:
    """Connections of `alias` log in as DATABASE_URL's role for the length of the block."""
    connection = connections[alias]
    runtime = connection.settings_dict
    connection.close()
    connection.settings_dict = {**runtime, **login(runtime["OPTIONS"])}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = runtime


def prepare_runtime_role(alias: str = "default") -> None:
    """Create the runtime role, and the login of RUNTIME_DATABASE_URL, when they are not there (inside as_owner)."""
    role = settings.RUNTIME_ROLE
    with connections[alias].cursor() as cursor:
        try:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if not cursor.fetchone():
                cursor.execute(f"CREATE ROLE {role} NOLOGIN NOBYPASSRLS")
                cursor.execute(f"GRANT {role} TO current_user WITH INHERIT FALSE, SET TRUE")
            _prepare_login(cursor, role)
        except ProgrammingError as error:
            raise CommandError(
                f"The role of DATABASE_URL may not create the runtime role and its login. As a superuser run:\n"
                f"  CREATE ROLE {role} LOGIN NOBYPASSRLS PASSWORD '<that of RUNTIME_DATABASE_URL>';\n"
                f"  GRANT {role} TO <the role of DATABASE_URL> WITH INHERIT FALSE, SET TRUE;\n({error})"
            ) from error


def _prepare_login(cursor: Any, role: str) -> None:
    """The runtime role itself, or another login that has its rights. One that can log in already is left as it is."""
    if not settings.RUNTIME_DATABASE_URL:
        return
    wanted = environ.Env.db_url_config(settings.RUNTIME_DATABASE_URL)
    name, password = wanted.get("USER", ""), wanted.get("PASSWORD", "")
    cursor.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [name])
    found = cursor.fetchone()
    if not name or (found and found[0]):
        return
    session = cursor.connection.pgconn
    # Hashed here, so that no log of the server ever holds the password.
    verifier = session.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    deed = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}" if found else "CREATE ROLE {} LOGIN NOBYPASSRLS PASSWORD {}")
    cursor.execute(deed.format(sql.Identifier(name), sql.Literal(verifier)))
    if name != role:
        cursor.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(role), sql.Identifier(name)))


def grant_to_runtime_role(alias: str = "default") -> None:
    """Rows, not schema: the runtime role reads and writes every table and owns none."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_GRANTS.format(role=settings.RUNTIME_ROLE))
