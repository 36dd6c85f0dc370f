"""The connection pooler that tests of isolation put before PostgreSQL."""

import os
import shutil

from companyos.local.packages import install

# Debian keeps it where the PATH of people does not look.
ELSEWHERE = ("/usr/sbin/pgbouncer", "/usr/local/sbin/pgbouncer")


def find() -> str | None:
    """Its path, PGBOUNCER_PATH first."""
    named = os.environ.get("PGBOUNCER_PATH")
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, ("pgbouncer", *ELSEWHERE))), None)


def obtain() -> str | None:
    """Installs it for root where there is apt-get. None, with a line that says so, where that is not possible."""
    if (found := find()) is not None:
        return found
    install("pgbouncer", "the tests of isolation behind a pooler")
    if (found := find()) is None:
        print("PgBouncer is missing: install the package `pgbouncer` to test behind it. Those tests are skipped.")
    return found
