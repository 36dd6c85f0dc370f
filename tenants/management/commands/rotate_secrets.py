"""Re-encrypts every secret at rest with the first of FIELD_KEYS. May be broken off and begun again at any time."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import secrets

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Re-encrypt all secrets with the first of FIELD_KEYS (and SECRET_KEY), so that older keys can be dropped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        renewed, lost = secrets.renewal(), 0
        for place in secrets.places():
            count, after = secrets.Count(), 0
            while (last := secrets.rotate(place, renewed, count, after=after, write=not dry_run)) is not None:
                after = last
            lost += count.unreadable
            done = "to re-encrypt" if dry_run else "re-encrypted"
            words = f"{place}: {count.seen} held, {count.renewed} {done}, {count.unreadable} that no key opens"
            self.stdout.write(words)
            log.info("secrets.rotated", place=str(place), held=count.seen, renewed=count.renewed, lost=count.unreadable)
        if lost:
            raise CommandError(
                f"{lost} are opened by none of the keys: add the key they were written with, or set them anew."
            )
        if not dry_run:
            self.stdout.write("Every secret is under the first key; the others can be dropped from FIELD_KEYS.")
