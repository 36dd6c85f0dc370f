"""Small files under `.local/`: remembered ports and secrets, and the locks that keep concurrent starters apart."""

import errno
import fcntl
import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

LOOPBACK = "127.0.0.1"


class LocalError(Exception):
    """Something the person at the keyboard can mend; its text is all they need to read."""


def read_json(path: Path) -> dict:
    """The file's content; {} when it is missing or was cut off by a crash."""
    try:
        content = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def write_private(path: Path, text: str) -> None:
    """Replaces the file in one step, readable by its owner alone: a reader sees the old text or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)


def write_json(path: Path, content: dict) -> None:
    write_private(path, json.dumps(content, indent=2) + "\n")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Waits until no other process holds the lock. The kernel frees it when its holder dies, however it dies."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def try_lock(path: Path) -> IO[str] | None:
    """The open file that holds the lock until it is closed, or None when another process has it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return None
    return file


def share_lock(path: Path) -> IO[str]:
    file = path.open("a")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are only waiting to be forgotten is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_port(preferred: int | None = None) -> int:
    """`preferred` when nobody listens there, else one that the system picks."""
    if preferred is not None and port_is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]
