"""The forecast on a page: a case's risk, and shares as people read them."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone

from cases.forecast.chip import Chip, chip
from cases.models import Case
from cases.models.case import OPEN

register = template.Library()


@register.simple_tag
def risk_of(case: Case) -> Chip | None:
    """The chip of an open case; None where there is no forecast."""
    if case.status not in OPEN:
        return None
    return chip(case.breach_risk, case.breach_risk_at, case.breach_risk_why, timezone.now())


@register.filter
def percent(share: float) -> str:
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


@register.filter
def when(told: str) -> datetime:
    """An instant that JSON kept."""
    return datetime.fromisoformat(told)
