"""PgBouncer in transaction mode before the tests' PostgreSQL.

with PgBouncer([login], pool_size=1) as pooler:
    psycopg.connect(pooler.url(login))
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from companyos.local import CHECKOUT, account, pgbouncer
from companyos.local.postgres import spawn
from companyos.local.processes import tail
from companyos.local.state import LOOPBACK, LocalError, free_port

START_SECONDS = 10.0


class PgBouncer:
    """`with PgBouncer(logins, pool_size=1) as pooler`: transaction mode before the server of the given addresses.

    `logins` are database addresses whose users may come through it; `pooler.url(one)` is the same through the pooler.
    """

    def __init__(self, logins: list[str], *, pool_size: int, ignored: str = "") -> None:
        self.logins, self.pool_size, self.ignored = logins, pool_size, ignored
        self.port = free_port()
        self._account = account.for_checkout(CHECKOUT)
        self._home = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, address: str) -> str:
        parts = urlsplit(address)
        return f"postgres://{parts.username}:{parts.password}@{LOOPBACK}:{self.port}{parts.path}"

    def __enter__(self) -> PgBouncer:
        program = pgbouncer.find()
        if program is None:
            raise LocalError("PgBouncer is not installed.")
        self._account.private_dir(self._home)
        self._process = spawn([program, str(self._configured())], self._home / "log", self._account)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = tail(self._home / "log")
                self.__exit__()
                raise LocalError(f"PgBouncer does not start; it says:\n{said}")
            time.sleep(0.02)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
        shutil.rmtree(self._home, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(self.logins[0]), connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True

    def _configured(self) -> Path:
        server = urlsplit(self.logins[0])
        users, config = self._home / "users", self._home / "pgbouncer.ini"
        names = {(parts.username, parts.password) for parts in map(urlsplit, self.logins)}
        options = {
            "listen_addr": LOOPBACK,
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": users,
            "pool_mode": "transaction",
            "default_pool_size": self.pool_size,
            "max_client_conn": 100,
            "ignore_startup_parameters": self.ignored,
        }
        for path in (users, config):
            path.touch(0o600)
            self._account.give(path)
        users.write_text("".join(f'"{name}" "{password}"\n' for name, password in sorted(names)))
        lines = "".join(f"{name} = {value}\n" for name, value in options.items())
        config.write_text(f"[databases]\n* = host={server.hostname} port={server.port}\n[pgbouncer]\n{lines}")
        return config
