"""Amounts of time as people write them: `15 min`, `1 h 30 min`, `2 business days`. Pure; one spelling for each."""

import re
from datetime import timedelta
from decimal import Decimal

LONGEST = timedelta(days=3660)
MOST_BUSINESS_DAYS = Decimal("9999.99")
_SECONDS = (3600, 60, 1)
_DURATION = re.compile(r"(?:(\d{1,6}) ?h)? ?(?:(\d{1,8}) ?min)? ?(?:(\d{1,9}(?:\.\d{1,6})?) ?s)?")
_DAYS = re.compile(r"(\d{1,4}(?:\.\d{1,2})?) business days?")
HOW = "write it as 15 min, 4 h, 1 h 30 min or 2 business days"


class AmountError(ValueError):
    """An amount that cannot be read; the text says how to write it."""


class Unreadable(AmountError):
    """One whose words are no amount at all."""


def read_amount(text: str) -> tuple[timedelta | None, Decimal | None]:
    """A duration, or business days: one of the two. Raises AmountError, quoting the text."""
    words = " ".join(text.split())
    if days := _DAYS.fullmatch(words):
        amount = Decimal(days[1])
        if not amount:
            raise AmountError("A target is longer than nothing.")
        return None, amount.normalize()
    match = _DURATION.fullmatch(words)
    if not words or match is None:
        raise Unreadable(f"“{text}” cannot be read as an amount of time: {HOW}.")
    parts = zip(match.groups("0"), _SECONDS, strict=True)
    micros = sum(int(Decimal(part) * 1_000_000) * unit for part, unit in parts)
    if not micros:
        raise AmountError("A target is longer than nothing.")
    if micros > LONGEST // timedelta(microseconds=1):
        raise AmountError(f"“{text}” is longer than ten years, the most that can be promised.")
    return timedelta(microseconds=micros), None


def write_amount(amount: timedelta | None, business_days: Decimal | None) -> str:
    """As `read_amount` reads it. Raises ValueError unless there is exactly one of the two."""
    if (amount is None) == (business_days is None):
        raise ValueError("Write either a duration or business days.")
    return write_duration(amount) if amount is not None else _write_days(Decimal(business_days or 0))


def write_duration(amount: timedelta) -> str:
    """Hours, minutes and seconds, each where it is not nothing: 5400 s is `1 h 30 min`."""
    micros = amount // timedelta(microseconds=1)
    minutes, rest = divmod(micros, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    seconds = _plain(Decimal(rest) / 1_000_000)
    parts = ((str(hours), "h"), (str(minutes), "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number != "0") or "0 s"


def _write_days(days: Decimal) -> str:
    return f"{_plain(days)} business day" + ("" if days == 1 else "s")


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
