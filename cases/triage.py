"""From signals to a proposed priority, with the reasons. Pure: text, error ids and health in, a proposal out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# (pattern, severity, what it tells). The worst that matches decides; each match is a reason.
_WORDS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), severity, reason)
    for pattern, severity, reason in (
        (
            r"\b(production|prod|everything|all users)\b.{0,40}\b(down|unreachable|offline)\b",
            "S1",
            "says that production is down",
        ),
        (r"\b(data loss|lost data|losing data|data is gone|corrupt(ed|ion))\b", "S1", "reports data loss"),
        (r"\b(outage|security breach|breached)\b", "S1", "reports an outage"),
        (
            r"\b(degraded|throttl\w+|very slow|timeouts?|timing out|delay(s|ed)?|lagging|behind)\b",
            "S2",
            "reports degraded service",
        ),
        (r"\b(error|fails?|failing|broken|cannot|can't|unable)\b", "S3", "reports something that fails"),
    )
)
_ERROR_CODES: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), severity, reason)
    for pattern, severity, reason in (
        (r"(^|-)(5\d\d)$", "S2", "is a server error"),
        (r"(^|-)429$", "S2", "is throttling"),
    )
)
_HEALTH = {"red": "S2", "degraded": "S3"}
PRIORITY_OF = {"S1": "P0", "S2": "P1", "S3": "P2", "S4": "P3"}


@dataclass(frozen=True)
class Health:
    """What telemetry says of an affected resource: its name, "ok" to "red", and the SLIs that miss their objective."""

    resource: str
    health: str
    failing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Proposal:
    """A severity and the priority it maps to, with a sentence per reason."""

    severity: str
    priority: str
    reasons: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        return {"severity": self.severity, "priority": self.priority, "reasons": list(self.reasons)}


def propose(text: str, error_ids: Iterable[str] = (), health: Iterable[Health] = ()) -> Proposal:
    """The worst severity that any signal shows; a question (S4) when nothing shows more."""
    found: list[tuple[str, str]] = []
    for pattern, severity, reason in _WORDS:
        if match := pattern.search(text):
            found.append((severity, f"The customer {reason} (“{match.group(0)}”)."))
    for error_id in error_ids:
        for pattern, severity, reason in _ERROR_CODES:
            if pattern.search(error_id):
                found.append((severity, f"Error {error_id} {reason}."))
    for state in health:
        if state.health in _HEALTH:
            failing = f": {', '.join(state.failing)} miss their objective" if state.failing else ""
            found.append((_HEALTH[state.health], f"{state.resource} is {state.health}{failing}."))
    if not found:
        return Proposal("S4", PRIORITY_OF["S4"], ("No signal of a fault: treated as a question.",))
    worst = min(severity for severity, _ in found)
    reasons = tuple(reason for _, reason in sorted(found))
    return Proposal(worst, PRIORITY_OF[worst], reasons)
