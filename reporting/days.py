"""Days as people type them into a report's filters."""

from __future__ import annotations

from datetime import date

from companyos.web.errors import DomainError


def read_day(words: str, field: str, message: str = "Write a day as 2026-11-20.") -> date:
    """Raises DomainError for what is no day, and for one so far off that its neighbours have no instant."""
    try:
        day = date.fromisoformat(words.strip())
    except ValueError:
        day = date.min
    if not 1970 < day.year < 9000:
        raise DomainError("period", message, field)
    return day
