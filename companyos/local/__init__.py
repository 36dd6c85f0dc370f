"""PostgreSQL and Valkey for the demo and the tests, from PyPI packages, with all state below `.local/`.

`ensure()` starts what is down and re-uses what runs. Every user of the servers holds a shared lock while it needs
them, and whoever lets go last stops them. So a demo, a command beside it and several test runs share one pair of
servers, and a user that was killed (the kernel drops its lock) keeps nothing running for ever.

DATABASE_URL or REDIS_URL in the environment: that server is used and none is started in its place.
"""

import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from companyos.local import account
from companyos.local.postgres import Postgres
from companyos.local.state import LocalError, locked, share_lock
from companyos.local.valkey import Valkey

__all__ = ["LocalError", "Profile", "Servers", "ensure", "state_dir"]

CHECKOUT = Path(__file__).resolve().parent.parent.parent
Profile = Literal["demo", "test"]


def state_dir() -> Path:
    """`.local/` of this checkout, or COMPANYOS_LOCAL_DIR."""
    return Path(os.environ.get("COMPANYOS_LOCAL_DIR") or CHECKOUT / ".local").resolve()


@dataclass
class Servers:
    """`database_url` is the owner's: a superuser over a database of its own, and free to create others.

    `runtime_url` is the application's login to the same database; '' with servers of somebody else, who may have set
    RUNTIME_DATABASE_URL.
    """

    database_url: str
    redis_url: str
    embedded: tuple[Postgres | Valkey, ...] = ()
    home: Path | None = None
    runtime_url: str = ""
    _used: IO[str] | None = field(default=None, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        runtime = {"RUNTIME_DATABASE_URL": self.runtime_url} if self.runtime_url else {}
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url} | runtime

    def stop(self) -> bool:
        """Lets go of the servers, and stops them when nobody else uses them. True: nothing embedded runs now."""
        if self._used is None or self.home is None:
            return True
        with locked(self.home / "lock"):
            try:
                fcntl.flock(self._used, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            else:
                for server in self.embedded:
                    server.stop()
                return True
            finally:
                self._used.close()
                self._used = None

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def ensure(profile: Profile = "test", directory: Path | None = None) -> Servers:
    """Both servers, answering. "demo" keeps its data through a power cut; "test" is in a hurry and keeps apart.

    `directory` instead of `state_dir()`, for the tests of this module.
    """
    database_url, redis_url = os.environ.get("DATABASE_URL", ""), os.environ.get("REDIS_URL", "")
    if database_url and redis_url:
        return Servers(database_url, redis_url)
    root = (directory or state_dir()).resolve()
    home = root if profile == "demo" else root / "test"
    home.mkdir(parents=True, exist_ok=True)
    postgres, valkey = embedded(root, profile)
    with locked(home / "lock"):
        if not database_url:
            postgres.ensure()
        if not redis_url:
            valkey.ensure()
        used = share_lock(home / "users")
    wanted = tuple(server for server, url in ((postgres, database_url), (valkey, redis_url)) if not url)
    runtime_url = "" if database_url else postgres.runtime_url()
    return Servers(
        database_url or postgres.url(), redis_url or valkey.url(), wanted, home, runtime_url=runtime_url, _used=used
    )


def embedded(root: Path, profile: Profile) -> tuple[Postgres, Valkey]:
    """The pair whose state is below `root`, running or not."""
    runs_as = account.for_checkout(root.parent)
    place = account.place_for(runs_as, root)
    home = place if profile == "demo" else place / "test"
    durable, copies = profile == "demo", place / "programs"
    return Postgres(home / "postgres", runs_as, durable, copies), Valkey(home / "valkey", runs_as, durable, copies)
