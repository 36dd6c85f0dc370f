"""`manage.py verify_audit`: prove the audit log, or name what in it was changed, lost, added or cut."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tenants import isolation, proof
from tenants.access import SYSTEM

AT_ONCE = 50  # seals


class Command(BaseCommand):
    help = "Proves the audit log against its seals; exits non-zero and names each broken row or seal when there is one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", help="An ISO date or instant: begin with the first seal from then on.")
        parser.add_argument("--head", help="The hexadecimal head of a seal noted elsewhere: it must be in the chain.")

    def handle(self, *args: Any, **options: Any) -> None:
        number, head = _since(options["since"]), _head(options["head"])
        counted, broken, last = [0, 0], 0, ""
        with isolation.scope(SYSTEM):
            number = proof.number_before(number) if number else 0
            while (stretch := proof.walk(number, AT_ONCE)).seals or stretch.findings:
                broken += self._tell(stretch.findings)
                counted[0] += stretch.seals
                counted[1] += stretch.rows
                number, last = stretch.number, stretch.head.hex()
                if not stretch.seals:
                    break
            waiting, findings = proof.unsealed(number)
            broken += self._tell(findings)
            if head is not None and not proof.knows_head(head):
                broken += 1
                self.stderr.write(f"the chain was cut: no seal has the head {head.hex()}")
        summary = f"{counted[1]} rows in {counted[0]} seals, {waiting} rows not sealed yet, head {last or 'none'}"
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
