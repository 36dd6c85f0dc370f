"""`manage.py verify_clocks`: recompute every clock from its ledger and say where a row differs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sla.verify import verify
from tenants import isolation
from tenants.access import SYSTEM


class Command(BaseCommand):
    help = "Recomputes every clock from its ledger; exits non-zero and names each difference when there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        with isolation.scope(SYSTEM):
            proof = verify()
        for line in proof.differences:
            self.stderr.write(line)
        summary = f"{proof.clocks} clocks, {proof.entries} entries, {len(proof.differences)} differences"
        if proof.differences:
            raise CommandError(summary)
        self.stdout.write(summary)
