"""The form of a scenario: structured fields in, the document that `sla.scenarios.documents` reads out."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from sla.choice import METRICS, PRIORITIES
from sla.fields import DocumentError, Problem
from sla.forms.calendars import ZonesInput
from sla.scenarios.documents import WEEK_OF, Scenario, read_scenario, write_scenario

_PAUSE = re.compile(r"(.+?) (to|for) (.+)")
_CHANGE = re.compile(r"(.+) to (P\d)")
_ROWS = forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})
# Where a document's path is not the field's own name.
_FIELDS = {
    "expect.due": "due",
    "expect.breached_at": "breached_at",
    "expect.left.at": "left_at",
    "expect.left.is": "left_is",
    "expect": "due",
}


class ScenarioForm(forms.Form):
    """`cleaned_data["scenario"]` is the scenario; every fault of the document stands at its field, with its line."""

    name = forms.CharField(max_length=120, help_text="What it is about: Friday afternoon, paused over the weekend.")
    policy = forms.ChoiceField()
    priority = forms.ChoiceField(choices=[(one, one) for one in PRIORITIES], initial="P2")
    metric = forms.ChoiceField(
        choices=[(one, one.replace("_", " ").capitalize()) for one in METRICS], initial="resolution"
    )
    opened = forms.CharField(
        max_length=40, help_text="When the clock starts: Fri 16:30, or a date and time, 2026-01-16 16:30."
    )
    pauses = forms.CharField(
        required=False, widget=_ROWS, help_text="A line each: Fri 17:00 for 2 h, or Mon 10:00 to Mon 12:00."
    )
    priority_changes = forms.CharField(
        label="Priority changes", required=False, widget=_ROWS, help_text="A line each: Mon 11:00 to P1."
    )
    met = forms.CharField(label="Met at", max_length=40, required=False)
    due = forms.CharField(
        label="Due", max_length=40, required=False, help_text="Mon 16:30; a week later: Mon 16:30 +1w."
    )
    breached_at = forms.CharField(
        label="Breached at", max_length=40, required=False, help_text="An instant, or the word never."
    )
    left_is = forms.CharField(
        label="Left", max_length=40, required=False, help_text="How much: 7 h 30 min; over by an hour: -1 h."
    )
    left_at = forms.CharField(label="… at", max_length=40, required=False)
    zone = forms.CharField(
        label="Time zone", max_length=64, required=False, widget=ZonesInput, help_text="Empty: the calendar’s."
    )
    week_of = forms.DateField(
        label="Week of",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=f"Which week the weekdays mean. Empty: {WEEK_OF:%d %B %Y}, a week without holidays.",
    )
    needed: tuple[str, ...] = ()

    def __init__(self, *args: Any, policies: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["policy"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = policies

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        try:
            cleaned["scenario"] = read_scenario(self._document(cleaned))
        except DocumentError as error:
            for problem in error.problems:
                self.add_error(*_placed(problem))
        return cleaned

    def _document(self, given: dict[str, Any]) -> dict[str, Any]:
        data: dict[str, Any] = {name: given[name] for name in ("name", "policy", "priority", "metric", "opened")}
        data |= {name: given[name] for name in ("zone", "week_of", "met") if given[name]}
        data["pauses"] = [self._pause(number, line) for number, line in _lines(given["pauses"])]
        data["priority_changes"] = [self._change(number, line) for number, line in _lines(given["priority_changes"])]
        expect: dict[str, Any] = {name: given[name] for name in ("due", "breached_at") if given[name]}
        if given["left_is"] or given["left_at"]:
            expect["left"] = {"is": given["left_is"], "at": given["left_at"]}
        return data | {"expect": expect}

    def _pause(self, number: int, line: str) -> dict[str, str]:
        match = _PAUSE.fullmatch(line)
        if match is None:
            text = f"“{line}” cannot be read: write Fri 17:00 for 2 h, or Fri 17:00 to Mon 10:00."
            raise DocumentError([Problem(f"pauses.{number}", text)])
        return {"from": match[1], match[2]: match[3]}

    def _change(self, number: int, line: str) -> dict[str, str]:
        match = _CHANGE.fullmatch(line)
        if match is None:
            text = f"“{line}” cannot be read: write Mon 11:00 to P1."
            raise DocumentError([Problem(f"priority_changes.{number}", text)])
        return {"at": match[1], "to": match[2]}


def initial(scenario: Scenario) -> dict[str, Any]:
    """What the form shows of a scenario."""
    expect = scenario.expect
    told = {name: getattr(scenario, name) for name in ("name", "policy", "priority", "metric", "zone")}
    document = write_scenario(scenario)
    return told | {
        "week_of": scenario.week_of if scenario.week_of != WEEK_OF else None,
        "opened": scenario.opened.text,
        "pauses": "\n".join(
            f"{one['from']} to {one['to']}" if "to" in one else f"{one['from']} for {one['for']}"
            for one in document.get("pauses", ())
        ),
        "priority_changes": "\n".join(f"{one['at']} to {one['to']}" for one in document.get("priority_changes", ())),
        "met": document.get("met", ""),
        "due": document["expect"].get("due", ""),
        "breached_at": document["expect"].get("breached_at", ""),
        "left_is": document["expect"]["left"]["is"] if expect.left else "",
        "left_at": document["expect"]["left"]["at"] if expect.left else "",
    }


def _lines(text: str) -> list[tuple[int, str]]:
    return list(enumerate(filter(None, (" ".join(line.split()) for line in text.splitlines()))))


def _placed(problem: Problem) -> tuple[str, str]:
    """The field at fault, and the message with the line's number where the field has lines."""
    if problem.path in _FIELDS:
        return _FIELDS[problem.path], problem.message
    name, *rest = problem.path.split(".")
    if rest and rest[0].isdigit():
        return name, f"Line {int(rest[0]) + 1}: {problem.message}"
    return _FIELDS.get(name, name), problem.message
