"""Scenarios: a policy's promises as examples that are played by the clocks' own fold, and keep bad versions out."""

from sla.scenarios.documents import Scenario, read_scenario
from sla.scenarios.keeping import delete, drafts, failing, get, problems, read, save, standings, trials

__all__ = [
    "Scenario",
    "delete",
    "drafts",
    "failing",
    "get",
    "problems",
    "read",
    "read_scenario",
    "save",
    "standings",
    "trials",
]
