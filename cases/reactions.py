"""What cases do when something happened. Database only; each is called exactly once per event."""

from __future__ import annotations

from datetime import datetime

from cases import intake
from cases.models import Case
from companyos.events.models import Event


def enrich_case(event: Event, now: datetime) -> None:
    """case.opened → health, affected resources, past cases, a proposed priority."""
    case = Case.objects.select_related("tenant").get(pk=event.subject_id)
    intake.enrich(case, now)
