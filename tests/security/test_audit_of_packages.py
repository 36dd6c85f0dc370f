"""`make audit` is only content when every package was looked up."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

path = Path(__file__).parents[2] / "requirements" / "audit.py"
spec = importlib.util.spec_from_file_location("packages_audit", path)
audit = importlib.util.module_from_spec(spec)
spec.loader.exec_module(audit)
GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"]}]}
UNASKED = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("packages", "status", "words"),
    [
        ([GOOD], 0, "No known vulnerability in 1 packages."),
        ([GOOD, BAD], 1, "b 2: CVE-1, mended in 3"),
        ([GOOD, UNASKED], 2, "could not be asked about 1 of 2 packages"),
        ([BAD, UNASKED], 1, "CVE-1"),
    ],
)
def test_what_could_not_be_asked_is_no_good_news(packages, status: int, words: str, capsys) -> None:
    assert audit.report(packages) == status
    said = capsys.readouterr()
    assert words in said.out + said.err


def test_a_tool_that_fails_says_so_in_one_line(tmp_path, capsys) -> None:
    assert audit.main(str(tmp_path / "missing.txt")) == 2
    assert capsys.readouterr().err.count("\n") == 1
