"""Reading a plain dict field by field, and saying everything that is wrong with it at once. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

_NONE = object()


@dataclass(frozen=True)
class Problem:
    """What is wrong and how to mend it; `path` leads to it: `targets.3.amount`, counted from 0."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class DocumentError(ValueError):
    """A document that cannot be taken: `problems` names each fault."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = list(problems)


class Fields:
    """The fields of one dict. A fault is noted and a harmless value answered in its place, until `done` raises."""

    def __init__(self, data: Any, names: Sequence[str], path: str = "", problems: list[Problem] | None = None) -> None:
        self.path, self.problems = path, [] if problems is None else problems
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        self._faulty: set[str] = set()
        if not isinstance(data, dict):
            self.problem("", f"Write fields here ({', '.join(names)}), not {_kind(data)}.")
        for name in self.data:
            if name not in names:
                self.problem(str(name)[:60], f"There is no such field; the fields are {', '.join(names)}.")

    def problem(self, name: str, message: str) -> None:
        self._faulty.add(name)
        self.problems.append(Problem(".".join(filter(None, (self.path, name))), message))

    def done(self) -> None:
        """Raise DocumentError if anything was wrong."""
        if self.problems:
            raise DocumentError(self.problems)

    def given(self, name: str) -> bool:
        return self.data.get(name) is not None

    @contextmanager
    def at(self, name: str) -> Iterator[None]:
        """A ValueError inside is a problem of the field; of a field found faulty before, it is not said again."""
        try:
            yield
        except ValueError as error:
            if name not in self._faulty:
                self.problem(name, str(error))

    def text(
        self, name: str, *, most: int, default: Any = _NONE, pattern: str = "", words: str = "", strip: bool = True
    ) -> str:
        value = self.data.get(name)
        if value is None or value == "":
            if default is _NONE:
                self.problem(name, f"It is missing: write {words}." if words else "It is missing.")
            return "" if default is _NONE else default
        if not isinstance(value, str):
            self.problem(name, f"Write text here, not {_kind(value)}; in YAML, put it in quotes.")
        elif len(value) > most:
            self.problem(name, f"It has {len(value)} characters; {most} are the most.")
        elif "\x00" in value:
            self.problem(name, "It has null characters; remove them.")
        elif pattern and not re.fullmatch(pattern, value.strip()):
            self.problem(name, f"“{value[:60]}” is not {words}.")
        else:
            return value.strip() if strip else value
        return "" if default is _NONE else default

    def choice(self, name: str, among: Sequence[str], default: Any = _NONE) -> str:
        """One of the words; "" stands for a missing or an unknown one."""
        value = self.data.get(name)
        if value is None or value == "":
            if default is _NONE:
                self.problem(name, f"It is missing: write one of {', '.join(among)}.")
            return "" if default is _NONE else default
        if value not in among:
            said = f"“{value[:60]}”" if isinstance(value, str) else _kind(value)
            self.problem(name, f"There is no {said} here: write one of {', '.join(among)}.")
            return ""
        return str(value)

    def day(self, name: str) -> date:
        value = self.data.get(name)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            self.problem(name, "Write a date as 2026-12-24.")
            return date.min

    def numbers(self, name: str, *, most: int, default: tuple[int, ...]) -> tuple[int, ...]:
        value = self.data.get(name)
        if value is None:
            return default
        if not isinstance(value, list) or any(type(one) is not int for one in value):
            self.problem(name, "Write a list of whole numbers, such as [50, 75, 90].")
        elif len(value) > most:
            self.problem(name, f"It has {len(value)} numbers; {most} are the most.")
        else:
            return tuple(value)
        return default

    def rows(self, name: str, names: Sequence[str], *, most: int) -> list[Fields]:
        """The dicts of a list, each with its own path; a fault in one is a fault of the whole."""
        value = self.data.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem(name, f"Write a list here, not {_kind(value)}.")
            return []
        if len(value) > most:
            self.problem(name, f"It has {len(value)} rows; {most} are the most.")
            return []
        path = ".".join(filter(None, (self.path, name)))
        found = [Fields(row, names, f"{path}.{number}", self.problems) for number, row in enumerate(value)]
        return [fields for fields, row in zip(found, value, strict=True) if isinstance(row, dict)]


def _kind(value: Any) -> str:
    words = ((bool, "a yes or no"), (int, "a number"), (float, "a number"), (str, "a text"), (list, "a list"))
    return next((word for kind, word in words if isinstance(value, kind)), "nothing" if value is None else "this")
