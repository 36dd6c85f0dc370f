"""`manage.py service_levels export|import FILE`: policies, calendars and scenarios as one YAML file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from companyos.web.errors import DomainError
from sla.drafts import exchange
from sla.drafts.yaml_text import MOST_BYTES
from tenants import isolation
from tenants.access import SYSTEM


class Command(BaseCommand):
    help = "Writes service levels to a YAML file, or reads one: what differs becomes drafts, never versions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("deed", choices=["export", "import"])
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="import: say what would change, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            with isolation.scope(SYSTEM):
                if options["deed"] == "export":
                    file.write_text(exchange.export(), encoding="utf-8")
                    return
                self._tell(self._taken(file, dry=options["dry_run"]))
        except (DomainError, OSError, UnicodeDecodeError) as error:
            raise CommandError(str(error)) from error

    def _taken(self, file: Path, *, dry: bool) -> list[exchange.Entry]:
        if file.stat().st_size > MOST_BYTES:
            raise CommandError(f"The file is too large; {MOST_BYTES:,} bytes are the most.")
        text = file.read_text(encoding="utf-8")
        return exchange.plan(text, actor=SYSTEM) if dry else exchange.take(text, actor=SYSTEM, now=timezone.now())

    def _tell(self, entries: list[exchange.Entry]) -> None:
        for entry in entries:
            self.stdout.write(f"{entry.outcome:8} {entry.kind} {entry.key} {entry.note}".rstrip())
            for change in entry.changes:
                self.stdout.write(f"           {change.what}: {change.before or '–'} → {change.after or '–'}")
