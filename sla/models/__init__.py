"""What service levels keep: policies and calendars in versions, clocks with their ledgers, and long work."""

from sla.models.clock import Clock, ClockAlert, ClockEntry, ClockSet
from sla.models.job import Job
from sla.models.policy import Calendar, Policy, Target
from sla.models.words import default_shares, validate_shares  # named here by a migration

__all__ = [
    "Calendar",
    "Clock",
    "ClockAlert",
    "ClockEntry",
    "ClockSet",
    "Job",
    "Policy",
    "Target",
    "default_shares",
    "validate_shares",
]
