"""The shape of a plot, and the words that fill it."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields, replace

SLOTS: dict[str, tuple[str, ...]] = {
    "stream": ("orders", "clicks", "inventory", "returns", "payments", "sessions", "telemetry-eu", "audit-trail"),
    "dashboard": (
        "Revenue by hour",
        "Funnel",
        "Fulfilment",
        "Churn watch",
        "Latency wall",
        "Board pack",
        "Stock levels",
    ),
    "provider": ("Okta", "Entra ID", "Keycloak", "Google Workspace", "Ping"),
    "person": ("Hannah", "Jonas", "Priya", "Marek", "Sofia", "Tariq", "Lena", "our new analyst", "the finance team"),
    "browser": ("Chrome 139", "Firefox 141", "Safari 18.5", "Edge 139"),
    "count": ("3", "7", "12", "18", "26", "40"),
    "percent": ("4", "9", "14", "22", "31"),
    "minutes": ("8", "15", "20", "35", "50"),
    "hour": ("07:40", "09:05", "10:30", "13:15", "14:50", "16:20"),
    "quota": ("6,000", "6,500", "7,000", "7,500"),
    "team": ("data platform", "marketing", "operations", "finance", "growth"),
    "version": ("5.38", "5.39", "5.40", "5.41"),
}


@dataclass(frozen=True)
class Plot:
    """One problem from report to lesson. Every text may name the SLOTS in {braces}."""

    subject: str
    description: str
    priority: str
    code: str
    summary: str
    root_cause: str
    error_id: str = ""
    resource: str = ""
    macro: str = ""
    reply: str = ""
    ask: str = "Could you check whether it works for you now, and tell us here?"
    answer: str = "Yes, that works for us. Thank you."
    note: str = ""
    mitigation: str = ""
    preventive: str = ""
    tags: tuple[str, ...] = ()
    not_fixed: str = "It came back a few minutes ago, same symptoms as before."


def told(plot: Plot, rng: random.Random) -> Plot:
    """The plot with every slot filled, the same word for the same slot throughout."""
    words = {name: rng.choice(choices) for name, choices in SLOTS.items()}
    texts = {
        field.name: getattr(plot, field.name).format(**words)
        for field in fields(plot)
        if isinstance(getattr(plot, field.name), str) and field.name != "macro"
    }
    return replace(plot, **texts)
