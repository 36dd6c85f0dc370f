"""docs/security.md names tests and modules; each of them is there, and each requirement stands in it once."""

from __future__ import annotations

import re
from collections import Counter

from tests.architecture.source import ROOT

TEXT = (ROOT / "docs" / "security.md").read_text()
# How many requirements of levels 1 and 2 each chapter of the standard has.
CHAPTERS = {1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13,
            16: 16, 17: 7}  # fmt: skip
STATES = {"met", "partly", "not met", "operator", "n/a"}
ROW = re.compile(r"^\| v5\.0\.0-(\d+)\.(\d+)\.(\d+) \| (.+) \| (.+) \| (.+) \| (.*) \|$", re.MULTILINE)


def test_every_test_named_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)
    assert len(named) > 100
    gone = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or (name and f"def {name}(" not in (ROOT / path).read_text())
    ]
    assert gone == []


def test_every_module_and_page_named_is_there() -> None:
    named = set(re.findall(r"`((?:\w[\w-]*/)+[\w.-]+\.\w+)`", TEXT)) | {
        f"docs/{page}" for page in re.findall(r"\]\(([\w.]+)\)", TEXT)
    }
    assert len(named) > 40
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_requirement_stands_there_once_with_a_state() -> None:
    rows = ROW.findall(TEXT)
    assert Counter(int(chapter) for chapter, *_ in rows) == CHAPTERS
    assert len({row[:3] for row in rows}) == len(rows) == 253
    assert {row[4] for row in rows} == STATES
    for state in STATES:
        words = {"not met": "not", "operator": "by whoever runs it", "n/a": "about things"}.get(state, state)
        assert f"{sum(row[4] == state for row in rows)} {words}" in TEXT


def test_what_is_not_met_or_partly_says_why() -> None:
    assert [row[:3] for row in ROW.findall(TEXT) if row[4] in ("not met", "partly") and not row[5].strip()] == []
