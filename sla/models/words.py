"""Words and checks that the models of service levels share."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from sla import ledger
from sla.choice import DEFAULT_SHARES, check_shares

BASES = (ledger.ELAPSED, ledger.BUSINESS)
STATES = (ledger.RUNNING, ledger.PAUSED, ledger.MET, ledger.CANCELLED)
KINDS = ("started", "paused", "resumed", "retargeted", "met", "breached", "cancelled")


def choices(words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(word, word.replace("_", " ").capitalize()) for word in words]


def default_shares() -> list[int]:
    return list(DEFAULT_SHARES)


def validate_shares(shares: list[int]) -> None:
    try:
        check_shares(shares)
    except ValueError as error:
        raise ValidationError(str(error), code="shares") from error
