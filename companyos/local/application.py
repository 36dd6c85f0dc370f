"""What the application's own processes are given: their environment, and the secrets that are made once."""

import os
import secrets
import sys
from pathlib import Path

from companyos.local import CHECKOUT, Servers
from companyos.local.state import LOOPBACK, read_json, write_json

DEFAULT_PORT = 8000
_KEPT = ("SECRET_KEY", "FIELD_KEYS", "AUDIT_KEYS")


def environment(servers: Servers, home: Path, port: int) -> dict[str, str]:
    """A development environment on loopback. What the caller's own environment sets is kept."""
    origins = ",".join(f"http://{host}:{port}" for host in (LOOPBACK, "localhost"))
    made = {
        "DEBUG": "1",
        **_secrets(home),
        "LIVE_PORT": str(port + 1),
        "DEMO_HOST_PORT": str(port + 2),
        "MEDIA_ROOT": str(home / "media"),
        "CSRF_TRUSTED_ORIGINS": origins,
        "CONSOLE_URL": f"http://{LOOPBACK}:{port}",
        "LOG_FORMAT": "console",
        "DJANGO_SETTINGS_MODULE": "companyos.settings",
        "PYTHONUNBUFFERED": "1",
    }
    return made | dict(os.environ) | servers.environment


def manage(*arguments: str) -> list[str]:
    return [sys.executable, str(CHECKOUT / "manage.py"), *arguments]


def _secrets(home: Path) -> dict[str, str]:
    """Made at the first start and kept: sessions and encrypted fields outlive a restart."""
    path = home / "secrets.json"
    kept = read_json(path)
    wanted = {name: kept.get(name) or secrets.token_urlsafe(48) for name in _KEPT}
    if wanted != kept:
        write_json(path, wanted)
    return wanted
