"""Incidents, alert rules and what they call, and the notices that reach people."""

from escalations.models.alert import AlertPreference, AlertRule, Channel, Escalation
from escalations.models.drill import Drill
from escalations.models.incident import CorrectiveAction, Incident, IncidentLink, IncidentUpdate
from escalations.models.notice import Notice

__all__ = [
    "AlertPreference",
    "AlertRule",
    "Channel",
    "CorrectiveAction",
    "Drill",
    "Escalation",
    "Incident",
    "IncidentLink",
    "IncidentUpdate",
    "Notice",
]
