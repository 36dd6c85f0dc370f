"""`manage.py retention`: carry out the retention policies now, or with --dry-run only count."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from companyos.web.errors import DomainError
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import RetentionRun, Tenant
from tenants.retention import files, runs
from tenants.retention.classes import classes


class Command(BaseCommand):
    help = "Runs the policies in force for every tenant, or one; --dry-run counts with all policies, drafts too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only; nothing is taken away")
        parser.add_argument("--tenant", default="", help="the slug of one tenant; without it all of them")

    def handle(self, *args: Any, **options: Any) -> None:
        with isolation.scope(SYSTEM):
            tenants = list(Tenant.objects.order_by("slug"))
        if options["tenant"]:
            tenants = [tenant for tenant in tenants if tenant.slug == options["tenant"]]
            if not tenants:
                raise CommandError(f"There is no tenant {options['tenant']}.")
        failed = [tenant.slug for tenant in tenants if not self._run(tenant, dry=options["dry_run"])]
        while files.remove_one(timezone.now()):
            pass
        if failed:
            raise CommandError(f"Failed for {', '.join(failed)}; the runs say why, and are tried again.")

    def _run(self, tenant: Tenant, *, dry: bool) -> bool:
        try:
            with isolation.scope(SYSTEM):
                run = runs.start(tenant, dry=dry, actor=SYSTEM, now=timezone.now())
        except DomainError as error:
            self.stdout.write(f"{tenant.slug}: {error.message}")
            return True
        while run.is_pending and not run.error and runs.step(timezone.now()):
            with isolation.scope(SYSTEM):
                run = RetentionRun.objects.get(pk=run.pk)
        if not run.counts:
            self.stdout.write(f"{tenant.slug}: no policy {'is set' if dry else 'in force'}: everything is kept")
        for key, one in run.counts.items():
            took = f"{one['found']} would go" if dry else f"{one['done']} of {one['found']} gone"
            held = f", {one['held']} on hold" if one["held"] else ""
            self.stdout.write(f"{tenant.slug}: {classes()[key].title}: {took}{held} ({one['days']} days)")
        return run.state == RetentionRun.DONE
