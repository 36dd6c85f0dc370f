"""Whose account the servers run under, and where that account can reach its files.

PostgreSQL refuses to run as root. Started by root, the servers run as the owner of the checkout, or as `nobody` when
root owns it. Such an account may be unable to enter the checkout (a clone below /root with mode 0700): the data and
a copy of the servers' programs then go to a directory of their own below /var/lib.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from companyos.local.state import LocalError

FALLBACK = Path("/var/lib/companyos-local")
ORIGIN = "made-for"  # names the directory below which the data would be, were it within reach


@dataclass(frozen=True)
class Account:
    """`user` and `group` are None when the servers run as the caller."""

    user: int | None = None
    group: int | None = None

    @property
    def spawn(self) -> dict:
        """Arguments for subprocess. `cwd`: a directory that every account can enter."""
        options: dict = {"cwd": "/"}
        if self.user is not None:
            options |= {"user": self.user, "group": self.group, "extra_groups": []}
        return options

    def give(self, path: Path) -> None:
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)

    def private_dir(self, path: Path) -> Path:
        """A directory that only this account (and root) can look into."""
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        self.give(path)
        return path

    def can_run(self, *command: str) -> bool:
        try:
            return subprocess.run(command, capture_output=True, check=False, **self.spawn).returncode == 0
        except OSError:
            return False


def for_checkout(directory: Path) -> Account:
    """The caller's own account, except for root."""
    if os.geteuid() != 0:
        return Account()
    try:
        owner = pwd.getpwuid(directory.stat().st_uid)
    except KeyError:
        owner = pwd.getpwuid(0)
    if owner.pw_uid == 0:
        try:
            owner = pwd.getpwnam("nobody")
        except KeyError as error:
            raise LocalError(
                "PostgreSQL does not run as root, and there is no account `nobody` to run it as: "
                "start this as another user, or set DATABASE_URL."
            ) from error
    return Account(owner.pw_uid, owner.pw_gid)


def place_for(account: Account, home: Path) -> Path:
    """`home`, or a directory elsewhere that the account can enter; always the same one for the same `home`."""
    home.mkdir(parents=True, exist_ok=True)
    if account.user is None or account.can_run("/bin/sh", "-c", 'test -x "$0"', str(home)):
        return home
    elsewhere = FALLBACK / hashlib.sha256(str(home).encode()).hexdigest()[:12]
    try:
        elsewhere.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalError(
            f"the account that PostgreSQL runs as can enter neither {home} nor {FALLBACK}: "
            "move the checkout, or set DATABASE_URL and REDIS_URL."
        ) from error
    FALLBACK.chmod(0o755)
    elsewhere.chmod(0o755)
    (elsewhere / ORIGIN).write_text(str(home))
    _forget_removed_checkouts()
    return elsewhere


def _forget_removed_checkouts() -> None:
    """Whoever deletes a checkout can't know of its data here; it goes at the next start of any other."""
    for note in FALLBACK.glob(f"*/{ORIGIN}"):
        if not Path(note.read_text()).exists() and not list(note.parent.glob("**/postmaster.pid")):
            shutil.rmtree(note.parent, ignore_errors=True)


def reachable_program(account: Account, program: Path, site: Path, parts: tuple[str, ...], copies: Path) -> Path:
    """`program`, or its copy below `copies` when the account cannot run it where it is.

    `parts` are the directories of `site` (where packages are installed) that it needs, beside each other as they are
    there; the copy is made anew when one of them changed.
    """
    if account.can_run(str(program), "--version"):
        return program
    found = [part for part in parts if (site / part).exists()]
    facts = "".join(f"{site / part} {(site / part).stat().st_mtime_ns};" for part in found)
    kind = parts[0].split("/")[0]
    copy = copies / f"{kind}-{hashlib.sha256(facts.encode()).hexdigest()[:12]}"
    if not copy.exists():
        for old in copies.glob(f"{kind}-*"):
            shutil.rmtree(old)
        half = copies / f"{kind}-half"
        for part in found:
            shutil.copytree(site / part, half / part, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
        for path in [copies, half, *half.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        half.rename(copy)
    moved = copy / program.relative_to(site)
    if not account.can_run(str(moved), "--version"):
        raise LocalError(f"{program.name} does not run on this machine as the account chosen for it ({moved}).")
    return moved
