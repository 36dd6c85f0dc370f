"""The last days, placed by hand, so that every state and every kind of urgency is on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

AGENT, AGENT2, LEAD = "agent@demo.example", "agent2@demo.example", "lead@demo.example"


@dataclass(frozen=True)
class Recent:
    """A case that stands at `ends`. `plot` counts the topic's plots; `hours` is how long ago it was opened."""

    ends: str
    topic: str
    plot: int
    tenant: str
    hours: float
    owner: str = ""
    accept: float = 0.12
    respond: float = 0.3
    resolve: float = 0.4
    requester: int = 0
    diagnosed: bool = False

    @property
    def ago(self) -> timedelta:
        return timedelta(hours=self.hours)


RECENT = (
    # Nobody has taken these yet; two of them are close to their first response.
    Recent("new", "ingestion", 0, "acme", 0.86, requester=1),
    Recent("new", "authentication", 2, "birch", 3.6),
    Recent("new", "interface", 4, "cedar", 0.72),
    Recent("new", "billing", 0, "birch", 0.55, requester=1),
    Recent("new", "interface", 6, "acme", 0.4),
    Recent("new", "authentication", 1, "cedar", 0.21),
    Recent("new", "ingestion", 2, "birch", 0.08, requester=1),
    # Taken, not begun.
    Recent("triage", "ingestion", 0, "acme", 1.3, AGENT, accept=0.4),
    Recent("triage", "interface", 0, "birch", 1.9, AGENT2, accept=0.2),
    Recent("triage", "billing", 4, "acme", 2.4, LEAD, accept=0.3, requester=1),
    Recent("triage", "authentication", 3, "cedar", 20, AGENT),
    Recent("triage", "billing", 1, "cedar", 25, AGENT2),
    # Under way: at ease, close to due, and three that are late.
    Recent("in_progress", "ingestion", 3, "birch", 1.1, LEAD, accept=0.2, respond=0.5, diagnosed=True),
    Recent("in_progress", "ingestion", 0, "acme", 5.5, AGENT, diagnosed=True, requester=1),
    Recent("in_progress", "ingestion", 0, "acme", 4.2, AGENT2),
    Recent("in_progress", "authentication", 0, "birch", 5.8, AGENT2, accept=0.25),
    Recent("in_progress", "authentication", 0, "cedar", 7.1, AGENT),
    Recent("in_progress", "billing", 2, "acme", 2.2, LEAD),
    Recent("in_progress", "ingestion", 0, "acme", 9.5, AGENT),
    Recent("in_progress", "billing", 2, "cedar", 12, AGENT2),
    Recent("in_progress", "interface", 4, "birch", 70, AGENT),
    Recent("in_progress", "ingestion", 1, "acme", 6, AGENT, diagnosed=True),
    Recent("in_progress", "ingestion", 4, "birch", 5, AGENT2),
    Recent("in_progress", "authentication", 5, "acme", 8, AGENT),
    Recent("in_progress", "interface", 1, "cedar", 30, AGENT2),
    Recent("in_progress", "interface", 2, "acme", 7, LEAD, requester=1),
    Recent("in_progress", "interface", 5, "birch", 44, AGENT2, requester=1),
    Recent("in_progress", "ingestion", 6, "acme", 28, AGENT),
    Recent("in_progress", "billing", 6, "cedar", 50, AGENT),
    # The customer's turn; their clocks stand still.
    Recent("waiting", "ingestion", 0, "acme", 15, AGENT, diagnosed=True),
    Recent("waiting", "authentication", 0, "birch", 22, AGENT2),
    Recent("waiting", "billing", 2, "birch", 30, LEAD, requester=1),
    Recent("waiting", "interface", 1, "acme", 75, AGENT),
    Recent("waiting", "billing", 4, "cedar", 49, AGENT2),
    Recent("waiting", "ingestion", 4, "acme", 54, AGENT, requester=1),
    Recent("waiting", "authentication", 1, "acme", 97, AGENT2),
    Recent("waiting", "interface", 4, "birch", 26, AGENT),
    Recent("waiting", "ingestion", 2, "cedar", 120, AGENT2),
    # Solved, to be confirmed by the customer.
    Recent("resolved", "ingestion", 0, "acme", 18, AGENT, diagnosed=True),
    Recent("resolved", "authentication", 0, "acme", 40, AGENT2, requester=1),
    Recent("resolved", "billing", 2, "birch", 52, LEAD),
    Recent("resolved", "ingestion", 3, "acme", 66, LEAD, diagnosed=True),
    Recent("resolved", "interface", 0, "birch", 100, AGENT),
    Recent("resolved", "interface", 2, "cedar", 110, AGENT2),
    Recent("resolved", "authentication", 4, "cedar", 98, AGENT, resolve=0.3),
    Recent("resolved", "billing", 5, "acme", 96, AGENT2, resolve=0.3),
    # Closed once, back again.
    Recent("reopened", "ingestion", 0, "birch", 160, AGENT),
    Recent("reopened", "interface", 0, "acme", 170, AGENT2),
    Recent("reopened", "authentication", 0, "cedar", 190, AGENT),
)
