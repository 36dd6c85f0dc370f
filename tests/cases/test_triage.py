"""From signals to a proposed priority: pure, worst signal first, always with reasons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases import triage
from cases.triage import Health


@pytest.mark.parametrize(
    ("text", "errors", "health", "priority"),
    [
        ("How do I invite a colleague?", [], [], "P3"),
        ("The chart is broken", [], [], "P2"),
        ("Events are delayed", [], [], "P1"),
        ("Production is down", [], [], "P0"),
        ("We see data loss", [], [], "P0"),
        ("A question", ["INGEST-503"], [], "P1"),
        ("A question", ["INGEST-429"], [], "P1"),
        ("A question", ["INGEST-4290"], [], "P3"),
        ("A question", [], [Health("Ingest", "red", ("Accepted events",))], "P1"),
        ("A question", [], [Health("Ingest", "degraded")], "P2"),
        ("A question", [], [Health("Ingest", "ok"), Health("API", "unknown")], "P3"),
        ("Production is down", ["INGEST-429"], [Health("Ingest", "degraded")], "P0"),
    ],
)
def test_the_worst_signal_decides(text: str, errors: list[str], health: list[Health], priority: str) -> None:
    assert triage.propose(text, errors, health).priority == priority


def test_each_signal_is_a_reason() -> None:
    reasons = triage.propose("Events are delayed", ["X-429"], [Health("Ingest", "red", ("Accepted events",))]).reasons
    assert len(reasons) == 3
    assert any("“delayed”" in reason for reason in reasons)
    assert "Ingest is red: Accepted events miss their objective." in reasons


states = st.builds(Health, st.text(max_size=10), st.sampled_from(["ok", "degraded", "red", "unknown"]))


@given(st.text(max_size=300), st.lists(st.text(max_size=40), max_size=5), st.lists(states, max_size=4))
def test_it_always_answers_and_more_signals_never_make_it_milder(
    text: str, errors: list[str], health: list[Health]
) -> None:
    few, many = triage.propose(text), triage.propose(text, errors, health)
    assert many.severity <= few.severity
    assert many.priority == triage.PRIORITY_OF[many.severity]
    assert many.reasons
