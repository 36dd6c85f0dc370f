"""`flush`, as the owner of the database: the runtime role may not truncate."""

from typing import Any

from django.core.management.commands import flush

from companyos import owner


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        with owner.as_owner(options["database"]):
            super().handle(**options)
