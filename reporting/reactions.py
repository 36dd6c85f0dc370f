"""What reporting does when something happened. Database only; each is called exactly once per event."""

from __future__ import annotations

from datetime import datetime

from cases.models import Case, Survey
from companyos.events.models import Event
from reporting import feedback


def raise_feedback(event: Event, now: datetime) -> None:
    """case.closed → the lessons go to their backlogs."""
    case = Case.objects.select_related("tenant").get(pk=event.subject_id)
    if case.status == "closed" and not case.tenant.is_drill:
        feedback.raise_for(case, event.at)


def take_score(event: Event, now: datetime) -> None:
    """survey.answered → the backlog items of that cycle learn the score."""
    survey = Survey.objects.select_related("case").get(pk=event.payload["survey"])
    feedback.take_score(survey.case, survey.cycle, survey.score)
