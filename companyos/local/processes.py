"""Processes of an earlier run: is this number still that process, and ending it."""

import contextlib
import signal
from collections.abc import Iterable
from pathlib import Path

import psutil


def running(pid: int, word: str) -> psutil.Process | None:
    """The living process `pid` whose command line has `word` as one of its words; a zombie is not alive."""
    try:
        process = psutil.Process(pid)
        alive = process.status() != psutil.STATUS_ZOMBIE and word in process.cmdline()
    except psutil.Error:
        return None
    return process if alive else None


def stop_process(process: psutil.Process, seconds: float = 10.0) -> None:
    """SIGINT (PostgreSQL: disconnect everyone, then a clean end; Valkey: save, then end), then by force."""
    for sign, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 3.0)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(sign)
        try:
            process.wait(patience)
        except psutil.TimeoutExpired:
            continue
        except psutil.NoSuchProcess:
            pass
        return


def marked(name: str, value: str) -> list[psutil.Process]:
    """Living processes that were started with `name=value` in their environment, whoever their parent is now."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(name) == value and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def end_all(processes: Iterable[psutil.Process], seconds: float = 5.0) -> None:
    """Asks all of them at once, then insists."""
    rest = list(processes)
    for sign, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 3.0)):
        for process in rest:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(sign)
        _, rest = psutil.wait_procs(rest, timeout=patience)


def tail(path: Path, lines: int = 12) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(nothing)"
