"""`make demo` as its user meets it: it starts, says where, ends on Ctrl-C, and recovers from being killed."""

import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from companyos import local
from companyos.demo.signins import PASSWORD, SIGN_INS
from companyos.local import demo
from companyos.local.processes import end_all, marked
from companyos.local.state import LOOPBACK, port_is_free

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
FIRST_START, NEXT_START, END = 180.0, 120.0, 60.0
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Launcher:
    """One call of the demo in a session of its own, as a terminal gives it."""

    def __init__(self, home: Path, port: int, *more: str) -> None:
        others = ("DATABASE_URL", "RUNTIME_DATABASE_URL", "REDIS_URL")
        given = {name: text for name, text in os.environ.items() if name not in others}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "companyos.local", "demo", "--port", str(port), *more],
            cwd=local.CHECKOUT,
            env=given | {"COMPANYOS_LOCAL_DIR": str(home), "DEMO_OLD_CASES": "5"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # What a shell starts in the background, this run of the tests perhaps, ignores the interrupt: a terminal's
            # foreground does not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.said = ""

    def wait_for(self, words: str, seconds: float) -> str:
        """All it has said, once the words are among it."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        while words not in self.said:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            read = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert read, f"it never said {words!r}, but: {self.said}"
            self.said += read.decode()
        return self.said

    def press_ctrl_c(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(END)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    home = tmp_path / ".local"
    yield home
    end_all(marked("COMPANYOS_LOCAL_DIR", str(home)), seconds=1.0)
    for server in local.embedded(home, "demo"):
        server.stop()


@pytest.fixture
def port() -> int:
    return next(port for port in range(21000, 32000, 10) if all(map(port_is_free, range(port, port + 3))))


def answers(port: int, path: str = "healthz") -> bool:
    try:
        return _direct.open(f"http://{LOOPBACK}:{port}/{path}", timeout=5).status == 200
    except (urllib.error.URLError, OSError):
        return False


def everything_has_ended(home: Path) -> bool:
    return not marked(demo.MARK, str(home)) and not any(server.process() for server in local.embedded(home, "demo"))


def count(home: Path, table: str) -> int:
    with local.ensure("demo", home) as servers, psycopg.connect(servers.database_url) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_the_demo_starts_ends_and_recovers(home: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "RUNTIME_DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    first = Launcher(home, port)
    said = first.wait_for("Ctrl-C ends it", FIRST_START)
    invitation = said.splitlines()[-1]
    assert f"http://{LOOPBACK}:{port}/" in invitation and PASSWORD in invitation
    assert all(sign_in.email in invitation for sign_in in SIGN_INS)
    assert answers(port)
    running = " ".join(word for process in marked(demo.MARK, str(home)) for word in process.cmdline())
    for part in ("gunicorn", "uvicorn", " worker ", " beat ", "companyos.demo.host"):
        assert part in running

    second = Launcher(home, port)
    assert f"already runs: http://{LOOPBACK}:{port}/" in second.wait_for("already runs", 30)
    assert second.process.wait(END) == 1

    assert first.press_ctrl_c() == 0
    assert everything_has_ended(home)
    assert not answers(port)
    events = count(home, "events_event")
    assert events > 0

    killed = Launcher(home, port)
    killed.wait_for("Ctrl-C ends it", NEXT_START)
    killed.process.kill()
    killed.process.wait(END)
    assert marked(demo.MARK, str(home))

    again = Launcher(home, port)
    assert "An earlier run was killed" in again.wait_for("Ctrl-C ends it", NEXT_START)
    worker = next(process for process in marked(demo.MARK, str(home)) if "worker" in process.cmdline())
    while (parent := worker.parent()) and "worker" in parent.cmdline() and parent.pid != again.process.pid:
        worker = parent
    worker.send_signal(signal.SIGKILL)
    again.wait_for("`worker` ended, so the rest was ended too", 30)
    assert again.process.wait(END) == 1
    assert everything_has_ended(home)
    assert count(home, "events_event") >= events


def test_an_interrupt_while_it_prepares_ends_it_too(home: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "RUNTIME_DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    launcher = Launcher(home, port)
    launcher.wait_for("Checking the schema", 60)
    assert launcher.press_ctrl_c() == 130
    assert "Traceback" not in launcher.said
    assert everything_has_ended(home)
    assert not psutil.pid_exists(launcher.process.pid)
