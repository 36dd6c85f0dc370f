"""A database with all migrations done, which tests clone: migrating takes fifty times as long as copying the result.

It is made by whoever needs it first and kept on the test server under a digest of the sources, so that one of other
sources is never taken.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from companyos import local

PREFIX = "template_"
KEPT = 4  # those of other checkouts and of sources edited meanwhile, which runs under way may still clone
SOURCES = ("cases", "companyos", "escalations", "integrations", "reporting", "sla", "tenants", "requirements")
_LOCK = 0x74656D70


def migrated() -> str:
    """The name of the template. Raises RuntimeError with what `migrate` says when it fails."""
    digest = _digest()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])  # of this session, so until it ends
        for name in _names(connection):
            if name.endswith(digest):
                return name
        name = f"{PREFIX}{int(time.time())}_{digest}"
        # Named when it is whole: a run that is interrupted leaves none that is taken for finished.
        connection.execute(f"DROP DATABASE IF EXISTS {PREFIX}unfinished WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {PREFIX}unfinished")
        _migrate(f"{PREFIX}unfinished")
        connection.execute(f"ALTER DATABASE {PREFIX}unfinished RENAME TO {name}")
        for old in _names(connection)[:-KEPT]:
            connection.execute(f"DROP DATABASE IF EXISTS {old} WITH (FORCE)")
    return name


def address(database: str, variable: str = "DATABASE_URL") -> str:
    """That database's address at the test server; empty when the server has no such login."""
    server = os.environ.get(variable, "")
    return f"{server.rpartition('/')[0]}/{database}" if server else ""


def _digest() -> str:
    found = hashlib.sha256()
    for top in SOURCES:
        for path in sorted(Path(local.CHECKOUT, top).rglob("*")):
            if path.suffix in (".py", ".txt", ".sql"):
                found.update(str(path).encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:12]


def _names(connection: psycopg.Connection) -> list[str]:
    """Oldest first."""
    rows = connection.execute("SELECT datname FROM pg_database WHERE datname ~ %s", [rf"^{PREFIX}\d+_"])
    return sorted(row[0] for row in rows)


def _migrate(database: str) -> None:
    addresses = {name: address(database, name) for name in ("DATABASE_URL", "RUNTIME_DATABASE_URL")}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity=0"],
        cwd=local.CHECKOUT,
        env=os.environ | {name: url for name, url in addresses.items() if url},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    if done.returncode != 0:
        raise RuntimeError(f"migrate failed:\n{done.stdout}{done.stderr}")
