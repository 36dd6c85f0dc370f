"""Processes of an earlier run: is this number still that process, and ending it."""

import contextlib
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import psutil


def running(pid: int, word: str) -> psutil.Process | None:
    """The living process `pid` whose command line has `word` as one of its words; a zombie is not alive."""
    try:
        process = psutil.Process(pid)
        return process if _lives(process) and word in process.cmdline() else None
    except psutil.Error:
        return None


def stop_process(process: psutil.Process, seconds: float = 10.0) -> None:
    """SIGINT (PostgreSQL: disconnect everyone, then a clean end; Valkey: save, then end), then by force."""
    for sign, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
        if not _signalled([process], sign, patience):
            return


def _signalled(processes: list[psutil.Process], sign: signal.Signals, seconds: float) -> list[psutil.Process]:
    """Those that still live after at most so many seconds."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(sign)
    deadline = time.monotonic() + seconds
    while (alive := [process for process in processes if _lives(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def _lives(process: psutil.Process) -> bool:
    """psutil's own waits count a zombie as alive, and one whose parent never asks for it stays one."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def marked(name: str, value: str) -> list[psutil.Process]:
    """Living processes that were started with `name=value` in their environment, whoever their parent is now."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(name) == value and _lives(process):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def end_all(processes: Iterable[psutil.Process], seconds: float = 5.0) -> None:
    """Asks all of them at once, then insists."""
    _signalled(_signalled(list(processes), signal.SIGTERM, seconds), signal.SIGKILL, 3.0)


def tail(path: Path, lines: int = 12) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(nothing)"
