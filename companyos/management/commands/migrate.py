"""`migrate`, as the owner of the database, followed by the runtime role's grants."""

from typing import Any

from django.core.management.commands import migrate

from companyos import owner


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with owner.as_owner(options["database"]):
            owner.prepare_runtime_role(options["database"])
            super().handle(*args, **options)
            owner.grant_to_runtime_role(options["database"])
