"""The form of a calendar's draft: lines of text in, the document that `sla.documents` reads out."""

from __future__ import annotations

import zoneinfo
from functools import lru_cache
from typing import Any

import holidays
from django import forms
from holidays import registry

from sla.documents import Problem
from sla.hours import DAYS

_LINES = {"rows": 5, "spellcheck": "false"}


class ZonesInput(forms.TextInput):
    """A text field with the IANA zones to choose from while typing; the page has the list once."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"list": "zones", "autocomplete": "off", "spellcheck": "false", **(attrs or {})})


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """The zones that people mean: UTC and those named after a place."""
    return ["UTC", *sorted(n for n in zoneinfo.available_timezones() if "/" in n and not n.startswith("Etc/"))]


@lru_cache(maxsize=1)
def countries() -> list[tuple[str, str]]:
    """The countries whose public holidays are known: (ISO code, name and code)."""
    known = holidays.list_supported_countries(include_aliases=False)
    names = {codes[1]: name.replace("_", " ").title() for name, codes in registry.COUNTRIES.items()}
    return sorted(((code, f"{names.get(code, code)} ({code})") for code in known), key=lambda one: one[1])


@lru_cache(maxsize=1)
def subdivisions() -> list[str]:
    """Every known subdivision with its country before it: DE-BY."""
    known = holidays.list_supported_countries(include_aliases=False)
    return sorted(f"{country}-{part}" for country, parts in known.items() for part in parts)


class CalendarDraftForm(forms.Form):
    """Every field is text, so that nothing that was typed is lost; what is wrong the document's reader says."""

    name = forms.CharField(required=False, max_length=200)
    time_zone = forms.CharField(
        label="Time zone", required=False, widget=ZonesInput, help_text="Of the IANA list, such as Europe/Berlin."
    )
    week = forms.CharField(
        label="Opening hours",
        required=False,
        widget=forms.Textarea(attrs={**_LINES, "rows": 7}),
        help_text="A line for each day or range: Mon-Fri 09:00-12:30 13:30-17:00. Past midnight: Fri 22:00-06:00.",
    )
    country = forms.ChoiceField(
        required=False, help_text="Its public holidays are closed. They are taken up when the version is made."
    )
    subdivision = forms.CharField(
        label="State or region",
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"list": "subdivisions", "autocomplete": "off"}),
        help_text="With its own holidays: DE-BY, or BY.",
    )
    closed_days = forms.CharField(
        label="Own closed days",
        required=False,
        widget=forms.Textarea(attrs=_LINES),
        help_text="A line each: 2026-12-24 Christmas Eve.",
    )
    openings = forms.CharField(
        label="One-off openings",
        required=False,
        widget=forms.Textarea(attrs=_LINES),
        help_text="A line each: 2026-12-27 10:00-14:00. They hold on holidays too.",
    )
    day_length = forms.CharField(
        label="Working day", required=False, max_length=40, help_text="One business day is so much open time: 8 h."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.needed = ("name", "time_zone", "week", "day_length")
        field = self.fields["country"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "None: no public holidays"), *countries()]

    def document(self, key: str, tenant: str) -> dict[str, Any]:
        """What was typed as a draft's document, sound or not. Call it on a form that is valid."""
        given = self.cleaned_data
        data: dict[str, Any] = {"key": key, "name": given["name"], "time_zone": given["time_zone"].strip()}
        data |= {"tenant": tenant} if tenant else {}
        data |= {"week": given["week"].replace("\r\n", "\n"), "day_length": given["day_length"] or "8 h"}
        data |= {"country": given["country"]} if given["country"] else {}
        part = given["subdivision"].strip().removeprefix(f"{given['country']}-")
        data |= {"subdivision": part} if part else {}
        data["closed_days"] = [_day_and(line, "name") for line in _lines(given["closed_days"])]
        data["openings"] = [_day_and(line, "hours") for line in _lines(given["openings"])]
        return data

    def show_problems(self, problems: list[Problem]) -> None:
        """Each at its field, with the number of the line."""
        for problem in problems:
            name, *rest = problem.path.split(".")
            line = f"Line {int(rest[0]) + 1}: " if rest and rest[0].isdigit() else ""
            place = name if name in self.fields else None
            self.add_error(place, f"{line}{problem.message}" if place else str(problem))


def initial(document: dict[str, Any]) -> dict[str, Any]:
    """What the form shows of a draft's document, which may be unsound."""
    told = {name: document.get(name, "") for name in ("name", "time_zone", "country", "subdivision", "day_length")}
    return told | {
        "week": grouped(str(document.get("week", ""))),
        "closed_days": "\n".join(_line(one, "name") for one in _dicts(document.get("closed_days"))),
        "openings": "\n".join(_line(one, "hours") for one in _dicts(document.get("openings"))),
    }


def grouped(week: str) -> str:
    """Neighbouring days of the same hours on one line: Mon-Fri 09:00-17:00. Other lines stay as they are."""
    lines: list[tuple[str, str, str]] = []
    for line in week.splitlines():
        day, _, hours = line.strip().partition(" ")
        last = lines[-1] if lines else None
        follows = last is not None and last[1] in DAYS and day in DAYS and DAYS.index(day) == DAYS.index(last[1]) + 1
        if last is not None and follows and last[2] == hours:
            lines[-1] = (last[0], day, hours)
        else:
            lines.append((day, day, hours))
    return "\n".join(f"{first if first == last else f'{first}-{last}'} {hours}".strip() for first, last, hours in lines)


def _lines(text: str) -> list[str]:
    return list(filter(None, (" ".join(line.split()) for line in text.splitlines())))


def _day_and(line: str, name: str) -> dict[str, str]:
    day, _, rest = line.partition(" ")
    return {"date": day, name: rest} if rest else {"date": day}


def _line(one: dict[str, Any], name: str) -> str:
    return f"{one.get('date', '')} {one.get(name, '')}".strip()


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
