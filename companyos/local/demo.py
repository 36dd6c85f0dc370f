"""`make demo`: the whole product as real processes on this machine, until Ctrl-C."""

import contextlib
import fcntl
import multiprocessing
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from pathlib import Path
from typing import IO

from honcho.manager import Manager
from honcho.printer import Message, Printer

from companyos.demo.signins import PASSWORD, SIGN_INS
from companyos.local import CHECKOUT, embedded, ensure, state_dir
from companyos.local.application import environment, manage
from companyos.local.processes import end_all, marked, tail
from companyos.local.state import LOOPBACK, LocalError, locked, port_is_free, read_json, try_lock, write_json

# Every process of the demo carries this with the state directory as its value, its grandchildren too.
MARK = "COMPANYOS_DEMO"
ANSWER_SECONDS = 90.0


def run(port: int, *, reset: bool = False, verbose: bool = False) -> int:
    """Blocks until Ctrl-C, or until one of the processes ends. The exit status for the shell."""
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.default_int_handler)
    home = state_dir()
    home.mkdir(parents=True, exist_ok=True)
    held = try_lock(home / "demo.lock")
    if held is None:
        address = read_json(home / "demo.json").get("address", "another port")
        raise LocalError(f"The demo of this checkout already runs: {address} (Ctrl-C there ends it).")
    with held:
        end_leftovers(home)
        check_ports(port)
        if reset:
            forget(home)
        with ensure("demo", home) as servers:
            given = environment(servers, home, port) | {MARK: str(home)}
            log = home / "demo.log"
            prepare(given, log)
            write_json(home / "demo.json", {"address": address_of(port), "launcher": os.getpid()})
            return serve(given, home, port, log, verbose=verbose)


def end_leftovers(home: Path) -> None:
    """What a killed launcher left running; the lock says that no living one owns it."""
    if left := marked(MARK, str(home)):
        print(f"An earlier run was killed: ending the {len(left)} processes that it left.", flush=True)
        end_all(left)


def check_ports(port: int) -> None:
    for number in range(port, port + 3):
        if not port_is_free(number):
            raise LocalError(
                f"Port {number} is in use. The demo takes {port} to {port + 2}; choose others with: "
                f"make demo PORT={port + 1000 if port < 60000 else 9000}"
            )


def forget(home: Path) -> None:
    """Removes the demo's data, not the tests'."""
    if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
        raise LocalError(
            "RESET=1 empties the embedded servers only; DATABASE_URL or REDIS_URL is set: empty those yourself."
        )
    servers = embedded(home, "demo")
    with locked(home / "lock"), (home / "users").open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LocalError("Another command uses the demo's servers: end it, then start over.") from error
        for server in servers:
            server.stop()
            shutil.rmtree(server.home, ignore_errors=True)
        shutil.rmtree(home / "media", ignore_errors=True)


def prepare(given: dict[str, str], log: Path) -> None:
    """Schema and demo data; both do nothing when there is nothing to do."""
    steps = {"Checking the schema": ["migrate", "--no-input", "--verbosity=0"], "Checking the demo data": ["seed_demo"]}
    for words, arguments in steps.items():
        print(f"{words} …", flush=True)
        with log.open("wb") as output:
            done = subprocess.run(
                manage(*arguments),
                cwd=CHECKOUT,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode != 0:
            raise LocalError(f"manage.py {arguments[0]} failed:\n{tail(log, 25)}")


def commands(home: Path, port: int) -> dict[str, list[str]]:
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "--app", "companyos.celery:app"]
    schedule = home / "celerybeat-schedule"
    return {
        "web": [
            *python, "gunicorn", "companyos.wsgi", "--bind", f"{LOOPBACK}:{port}", "--worker-class", "gthread",
            "--workers", "2", "--threads", "8", "--graceful-timeout", "2", "--no-control-socket",
        ],
        "live": [
            *python, "uvicorn", "companyos.asgi:application", "--host", LOOPBACK, "--port", str(port + 1),
            "--lifespan", "off", "--no-access-log", "--timeout-graceful-shutdown", "1",
        ],
        "worker": [
            *celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "INFO",
        ],
        "beat": [*celery, "beat", "--schedule", str(schedule), "--pidfile", "", "--loglevel", "INFO"],
        "host": [*python, "companyos.demo.host"],
    }  # fmt: skip


def serve(given: dict[str, str], home: Path, port: int, log: Path, *, verbose: bool) -> int:
    for part in home.glob("celerybeat-schedule*"):
        part.unlink()  # only remembers when a tick last went out, and a killed beat may tear it
    # honcho forks a watcher for each process; forked from here they would hold our locks after we are gone.
    multiprocessing.set_start_method("spawn", force=True)
    with log.open("w") as output:
        printer = Record(None if verbose else output)
        manager = Manager(printer)
        for name, command in commands(home, port).items():
            own = {"PORT": str(port + 2), "COMPANYOS_URL": address_of(port)} if name == "host" else {}
            manager.add_process(name, "exec " + shlex.join(command), env=given | own, cwd=str(CHECKOUT))
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        threading.Thread(target=announce, args=(port, log), daemon=True).start()
        try:
            # A signal before every process has started ends in an error inside honcho.
            with contextlib.suppress(KeyError):
                manager.loop()
        finally:
            for watcher in multiprocessing.active_children():
                watcher.kill()
            end_all(marked(MARK, str(home)), seconds=2.0)
    if manager.returncode in (130, 143, None):
        return 0
    print(
        f"The process `{printer.first_ended}` ended, so the rest was ended too. Its last lines ({log}):",
        file=sys.stderr,
    )
    print("\n".join(printer.lines.get(printer.first_ended, ["(none)"])), file=sys.stderr)
    return 1


class Record(Printer):
    """Writes what the processes say to `output` (None: this terminal), and knows which one ended first."""

    def __init__(self, output: IO[str] | None) -> None:
        super().__init__(output or sys.stdout)
        self.first_ended = ""
        self.lines: dict[str, deque[str]] = {}

    def write(self, message: Message) -> None:
        super().write(message)
        text = message.data.decode(errors="replace") if isinstance(message.data, bytes) else message.data
        if message.name == "system" and " stopped (rc=" in text:
            self.first_ended = self.first_ended or text.split(" ", 1)[0]
        self.lines.setdefault(message.name, deque(maxlen=20)).append(text.rstrip())


def announce(port: int, log: Path) -> None:
    """One line once the web process answers."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy would answer for itself
    deadline = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, OSError):
            if direct.open(f"{address_of(port)}healthz", timeout=5).status == 200:
                print(invitation(port), flush=True)
                return
        time.sleep(0.1)
    print(
        f"The web process does not answer at {address_of(port)}healthz; see {log}",
        file=sys.stderr,
        flush=True,
    )


def invitation(port: int) -> str:
    people = " / ".join(sign_in.email for sign_in in SIGN_INS)
    return (
        f"CompanyOS is at {address_of(port)} — sign in as {people}, password {PASSWORD} — "
        f"customer's page {address_of(port + 2)} — Ctrl-C ends it"
    )


def address_of(port: int) -> str:
    return f"http://{LOOPBACK}:{port}/"
