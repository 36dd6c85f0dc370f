"""The product as real processes over a scratch database, for tests that click, kill and flush.

    with Product(tmp_path, seed=True) as product:
        product.start("web", "live", "worker", "beat", "host")
        browser.goto(product.web_url)
        product.kill("worker")

The servers are the ones that the tests use anyway; `own_servers=True` starts a pair in `home`, which a test may then
flush or restart. Commands and environment are those of `make demo`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import psycopg

from companyos import local
from companyos.local import Servers, application, demo
from companyos.local.processes import end_all, marked, tail
from companyos.local.state import LOOPBACK, free_port, port_is_free
from tests import template

MARK = "COMPANYOS_TEST_PRODUCT"
NAMES = ("web", "live", "worker", "beat", "host")
START_SECONDS = 60.0
REDIS_DATABASES = 64
# The demo's last days are all there; of the ninety before them a few cases do.
SHORT_HISTORY = {"DEMO_OLD_CASES": "5"}
UNTHROTTLED = {"THROTTLE_API": "1000000/min", "THROTTLE_WIDGET": "1000000/min"}
# A proxy of the machine would answer for the product.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Product:
    """One installation. Entering makes and fills its database; leaving ends every process and drops the database.

    `seed=True` is the demo's data, otherwise the known cast (tests/minimal.py). `environment` overrides the demo's.
    """

    def __init__(
        self,
        home: Path,
        *,
        seed: bool = False,
        own_servers: bool = False,
        environment: dict[str, str] | None = None,
    ) -> None:
        self.home = home
        self.seed = seed
        self.port = _three_ports()
        self.web_url = f"http://{LOOPBACK}:{self.port}"
        self.live_url = f"http://{LOOPBACK}:{self.port + 1}/live/"
        self.host_url = f"http://{LOOPBACK}:{self.port + 2}"
        self.database_url = self.redis_url = self.runtime_url = ""
        self.environment: dict[str, str] = {}
        self._extra = environment or {}
        self._pair = local.embedded(home / ".local", "test") if own_servers else None
        self._database = f"product_{secrets.token_hex(4)}"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    # ── Life ─────────────────────────────────────────────────────────────────
    def __enter__(self) -> Product:
        self.home.mkdir(parents=True, exist_ok=True)
        try:
            self._begin()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(*self._running)
        end_all(marked(MARK, str(self.home)), seconds=2.0)
        if self._pair is not None:
            for server in self._pair:
                server.stop()
        elif self.database_url:
            with psycopg.connect(_server_url(), autocommit=True) as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{self._database}" WITH (FORCE)')

    def _begin(self) -> None:
        if self._pair is not None:
            (self.home / ".local" / "test").mkdir(parents=True, exist_ok=True)
            for server in self._pair:
                server.ensure()
            self.database_url, self.redis_url = (server.url() for server in self._pair)
            self.runtime_url = self._pair[0].runtime_url()
        else:
            with psycopg.connect(_server_url(), autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{self._database}" TEMPLATE {template.migrated()}')
            self.database_url = template.address(self._database)
            self.runtime_url = template.address(self._database, "RUNTIME_DATABASE_URL")
            # A numbered database of the shared server, so that nobody takes the other's messages.
            self.redis_url = (
                f"{os.environ['REDIS_URL'].rpartition('/')[0]}/{secrets.randbelow(REDIS_DATABASES - 1) + 1}"
            )
        self.environment = self._given()
        if self._pair is not None:
            self.manage("migrate", "--no-input", "--verbosity=0")
        if self.seed:
            self.manage("seed_demo")
        else:
            self._call(sys.executable, "-m", "tests.minimal", self.host_url)

    def _given(self) -> dict[str, str]:
        servers = Servers(self.database_url, self.redis_url, runtime_url=self.runtime_url)
        given = application.environment(servers, self.home, self.port)
        own = {
            MARK: str(self.home),
            "CACHE_PREFIX": self._database,
            "LOG_LEVEL": "INFO",
            "COMPANYOS_LOCAL_DIR": str(self.home),
            "STATIC_ROOT": str(self.home / "static"),
            "LIVE_PORT": str(self.port + 1),
            "DEMO_HOST_PORT": str(self.port + 2),
            "MEDIA_ROOT": str(self.home / "media"),
            "CSRF_TRUSTED_ORIGINS": self.web_url,
        }
        return given | own | UNTHROTTLED | SHORT_HISTORY | self._extra

    # ── Processes ────────────────────────────────────────────────────────────
    def start(self, *names: str, wait: bool = True) -> None:
        """Start the named processes (all of them without a name) and wait until each answers.

        A name may have a number: `worker-2` is one more worker.
        """
        wanted = names or NAMES
        for name in wanted:
            self._spawn(name)
        for name in wanted if wait else ():
            self._await(name)

    def stop(self, *names: str) -> None:
        """End them as a process manager would: asked, then by force."""
        for name in names:
            self._signal(name, signal.SIGTERM)
        for name in names:
            process = self._running.pop(name, None)
            if process is None:
                continue
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=5)

    def kill(self, *names: str) -> None:
        """SIGKILL, with all their children: nobody gets to tidy up."""
        for name in names:
            self._signal(name, signal.SIGKILL)
            if process := self._running.pop(name, None):
                process.wait(timeout=5)

    def log(self, name: str, lines: int = 40) -> str:
        return tail(self._log(name), lines)

    def _signal(self, name: str, sign: signal.Signals) -> None:
        if process := self._running.get(name):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sign)

    def _log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def _spawn(self, name: str) -> None:
        own = {"PORT": str(self.port + 2), "COMPANYOS_URL": f"{self.web_url}/"} if name == "host" else {}
        command = demo.commands(self.home, self.port)[_kind(name)]
        if _kind(name) == "beat":  # which remembers its ticks in a file of its own
            command[command.index("--schedule") + 1] += name
        with self._log(name).open("wb") as output:
            self._running[name] = subprocess.Popen(
                command,
                cwd=local.CHECKOUT,
                env=self.environment | own,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _await(self, name: str) -> None:
        probes: dict[str, Callable[[], bool]] = {
            "web": lambda: answers(f"{self.web_url}/healthz"),
            "live": lambda: answers(f"http://{LOOPBACK}:{self.port + 1}/healthz"),
            "host": lambda: answers(f"{self.host_url}/healthz"),
            "worker": lambda: "ready." in self.log(name, 400),
            "beat": lambda: "is starting." in self.log(name, 400),
        }
        process = self._running[name]
        try:
            until(lambda: process.poll() is not None or probes[_kind(name)](), START_SECONDS)
        except TimeoutError as error:
            raise RuntimeError(f"`{name}` does not answer; it says:\n{self.log(name)}") from error
        if process.poll() is not None:
            raise RuntimeError(f"`{name}` ended at once; it says:\n{self.log(name)}")

    def restart_database(self) -> None:
        """PostgreSQL ends at once, every connection cut and nothing tidied up, and recovers from its log."""
        assert self._pair is not None, "only a server of one's own may be restarted"
        process = self._pair[0].process()
        assert process is not None
        process.send_signal(signal.SIGQUIT)
        process.wait(timeout=20)
        self._pair[0].ensure()

    # ── Hands ────────────────────────────────────────────────────────────────
    def manage(self, *arguments: str) -> str:
        """What a management command prints; raises RuntimeError with its output when it fails."""
        return self._call(*application.manage(*arguments))

    def query(self, sql: str, *values: object) -> list[tuple]:
        """Rows as the database's owner sees them, past row-level security; committed."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            done = connection.execute(sql, values or None)
            return done.fetchall() if done.description else []

    def _call(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=local.CHECKOUT, env=self.environment, capture_output=True, text=True, check=False, timeout=240
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command[1:])} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
        return done.stdout


def _kind(name: str) -> str:
    return name.partition("-")[0]


def until(holds: Callable[[], bool], seconds: float = 20.0, every: float = 0.05) -> None:
    """Wait until it holds; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(every)


def answers(url: str) -> bool:
    try:
        return _direct.open(url, timeout=5).status == 200
    except (urllib.error.URLError, OSError):
        return False


def _server_url() -> str:
    return os.environ["DATABASE_URL"]


def _three_ports() -> int:
    """A free port with two free ones above it: web, live, host."""
    for _ in range(50):
        port = free_port()
        if port < 65533 and all(port_is_free(port + n) for n in (1, 2)):
            return port
    raise RuntimeError("no three free ports in a row")
