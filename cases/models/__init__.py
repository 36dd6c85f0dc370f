"""The record: the case, its conversation, what helps to solve it, and what came of it."""

from cases.models.case import Case, CaseNumber, CaseResource, Resolution, ResolutionEvidence, Transition
from cases.models.conversation import Attachment, Draft, Evidence, Message, Note
from cases.models.forecast import Forecast
from cases.models.knowledge import DiagnosticRun, Macro, Runbook
from cases.models.statistic import CaseStatistic
from cases.models.survey import Survey
from cases.models.watcher import Watcher

__all__ = [
    "Attachment",
    "Case",
    "CaseNumber",
    "CaseResource",
    "CaseStatistic",
    "DiagnosticRun",
    "Draft",
    "Evidence",
    "Forecast",
    "Macro",
    "Message",
    "Note",
    "Resolution",
    "ResolutionEvidence",
    "Runbook",
    "Survey",
    "Transition",
    "Watcher",
]
