"""`flush`, as the owner of the database: the runtime role may not truncate."""

from typing import Any

from django.core.management.commands import flush

from companyos import owner


class Command(flush.Command):
    def handle(self, **options: Any) -> None:
        # The audit library's own table, which ours replaces, still points at tables that are emptied.
        options["allow_cascade"] = True
        with owner.as_owner(options["database"]):
            super().handle(**options)
