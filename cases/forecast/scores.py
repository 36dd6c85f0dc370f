"""The chances written beside cases, without what works them out."""

from __future__ import annotations

from cases.models import Case


def forget(case: Case, metric: str) -> None:
    """A promise that is broken has no chance left; the next scoring tells that of the next one at stake.

    Nobody's edit becomes stale by it.
    """
    told = Case.objects.filter(pk=case.pk, breach_risk__isnull=False, breach_risk_why__startswith=f"{metric}:")
    told.update(breach_risk=None, breach_risk_at=None, breach_risk_why="")
