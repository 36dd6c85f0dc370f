"""What escalations hold about cases that go, or whose requester is forgotten."""

from __future__ import annotations

from collections.abc import Collection

from escalations.models import Drill, Escalation, IncidentLink, Notice


def forget_cases(ids: Collection[int]) -> None:
    """Before the cases are deleted: their notices, links and escalations go; incidents, everybody's, stay, and what
    a drill found."""
    Drill.objects.filter(case_id__in=ids).update(case=None)
    Escalation.objects.filter(case_id__in=ids).delete()
    Notice.objects.filter(case_id__in=ids).delete()
    IncidentLink.objects.filter(case_id__in=ids).delete()


def erase_words(ids: Collection[int]) -> None:
    """Of cases whose requester is erased: what was told about them loses its words, the links themselves stay."""
    Notice.objects.filter(case_id__in=ids).update(text="[erased]")
    Escalation.objects.filter(case_id__in=ids).update(text="[erased]")
    IncidentLink.objects.filter(case_id__in=ids).update(reason="[erased]")
