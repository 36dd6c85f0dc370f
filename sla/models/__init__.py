"""What service levels keep: policies and calendars in versions, clocks with their ledgers, and long work."""

from sla.models.clock import Clock, ClockAlert, ClockEntry, ClockSet
from sla.models.draft import Draft
from sla.models.job import Job
from sla.models.policy import Calendar, Policy, Target
from sla.models.replay import ReplayDifference
from sla.models.rollout import Rollout
from sla.models.scenario import Scenario
from sla.models.words import default_shares, validate_shares  # named here by a migration

__all__ = [
    "Calendar",
    "Clock",
    "ClockAlert",
    "ClockEntry",
    "ClockSet",
    "Draft",
    "Job",
    "Policy",
    "ReplayDifference",
    "Rollout",
    "Scenario",
    "Target",
    "default_shares",
    "validate_shares",
]
