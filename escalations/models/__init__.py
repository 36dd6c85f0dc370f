"""Incidents, their links to cases, and the notices that reach people."""

from escalations.models.incident import CorrectiveAction, Incident, IncidentLink, IncidentUpdate
from escalations.models.notice import Notice

__all__ = ["CorrectiveAction", "Incident", "IncidentLink", "IncidentUpdate", "Notice"]
