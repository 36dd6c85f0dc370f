"""`manage.py verify_audit`: prove the audit log, or name what in it was changed, lost, added or cut."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import isolation
from tenants.access import SYSTEM
from tenants.audit import proof

AT_ONCE = 50  # seals


class Command(BaseCommand):
    help = "Proves the audit log against its seals; exits non-zero and names each broken row or seal when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", help="An ISO date or instant: begin with the first seal from then on.")
        parser.add_argument("--head", help="The hexadecimal head of a seal noted elsewhere: it must be in the chain.")

    def handle(self, *args: Any, **options: Any) -> None:
        since, head = _since(options["since"]), _head(options["head"])
        seals = rows = broken = 0
        with isolation.scope(SYSTEM):
            stretch = proof.walk(proof.number_before(since) if since else 0, AT_ONCE)
            while True:
                broken += self._tell(stretch.findings)
                seals, rows = seals + stretch.seals, rows + stretch.rows
                if not stretch.seals:
                    break
                stretch = proof.walk(stretch.number, AT_ONCE)
            waiting, findings = proof.unsealed(stretch.number)
            broken += self._tell(findings)
            if head is not None and not proof.knows_head(head):
                broken += 1
                self.stderr.write(f"the chain was cut: no seal has the head {head.hex()}")
        last = stretch.head.hex() if stretch.number else "none"
        summary = f"{rows} rows in {seals} seals, {waiting} rows not sealed yet, head {last}"
        if broken:
            raise CommandError(f"The audit log is broken: {broken} findings; {summary}")
        self.stdout.write(f"The audit log is whole: {summary}")

    def _tell(self, findings: list[proof.Finding]) -> int:
        for finding in findings:
            self.stderr.write(str(finding))
        return len(findings)


def _since(words: str | None) -> datetime | None:
    if not words:
        return None
    try:
        found = datetime.fromisoformat(words)
    except ValueError as error:
        raise CommandError(f"--since takes an ISO date such as 2026-03-01, not {words}.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _head(words: str | None) -> bytes | None:
    try:
        return bytes.fromhex(words) if words else None
    except ValueError as error:
        raise CommandError("--head takes the hexadecimal digest of a seal, as the log tells it.") from error
