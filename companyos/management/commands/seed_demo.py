"""`manage.py seed_demo`: the demo's data, once. On loopback with DEBUG only, because its passwords are public."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from companyos.demo.seed import planting

LOOPBACK = {"", "127.0.0.1", "localhost", "::1", "[::1]"}
DEFAULT_HOST_PORT = "8002"


class Command(BaseCommand):
    help = "Fills an empty database with the demo's tenants, people and ninety days of cases."

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_elsewhere()
        port = int(os.environ.get("DEMO_HOST_PORT", DEFAULT_HOST_PORT))
        if planting.is_planted():
            planting.point_at(port)
            self.stdout.write(f"There is data already; the demo's tenants use the product on port {port}.")
            return
        planting.plant(timezone.now(), port, self.stdout.write)


def refuse_elsewhere() -> None:
    """The passwords are printed in the open, so nobody else may be able to reach what they open."""
    database = str(settings.DATABASES["default"].get("HOST") or "")
    if not settings.DEBUG:
        raise CommandError("The demo's passwords are public: seed_demo runs with DEBUG=1 only.")
    if database not in LOOPBACK and not database.startswith("/"):
        raise CommandError(f"The demo's passwords are public: seed_demo refuses the database on {database}.")
    if open_to := [host for host in settings.ALLOWED_HOSTS if host not in LOOPBACK | {"testserver"}]:
        raise CommandError(
            f"The demo's passwords are public: seed_demo refuses while ALLOWED_HOSTS serves {', '.join(open_to)}."
        )
