"""Policies, calendars and scenarios as one YAML file: written out, and read back as drafts that somebody activates.

An import makes no version: it compares each document with what is there and writes drafts of those that differ. What
the newest version says already leaves a draft under way alone; what differs takes the draft's place, and single items
can be left out. Scenarios are taken over at once, because they promise nothing. With one fault nothing is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from companyos.web.errors import Conflict, DomainError
from sla import scenarios
from sla.calendars import CalendarError
from sla.documents import read_calendar, read_policy, write_calendar, write_policy
from sla.drafts import drafting
from sla.drafts.changes import Change, changes
from sla.drafts.drafting import CALENDAR, POLICY
from sla.drafts.yaml_text import YamlError, dump, load
from sla.fields import DocumentError, Problem
from sla.models import Calendar, Draft, Policy
from sla.models import Scenario as ScenarioRow
from sla.scenarios.documents import read_scenario, write_scenario
from tenants.access import Actor

SECTIONS = ("calendars", "policies", "scenarios")
MOST_ROWS = 1000
HEADING = "# Service levels. Importing this file makes drafts; nothing holds before somebody activates it.\n"
_READ: dict[str, Callable[[Any], Any]] = {
    "calendars": read_calendar,
    "policies": read_policy,
    "scenarios": read_scenario,
}


class Refused(DomainError):
    """A file that is not taken; `problems` name each fault with its path."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("unsound", "\n".join(map(str, problems)), "file")
        self.problems = problems


@dataclass(frozen=True)
class Entry:
    """What the import does about one document. `outcome`: "new", "changed" or "same"; `note`: what else to know.

    `replaces` names the draft under way whose place it takes, as it stood when it was compared.
    """

    kind: str
    key: str
    document: dict[str, Any]
    outcome: str
    changes: list[Change] = field(default_factory=list)
    note: str = ""
    replaces: str = ""

    @property
    def item(self) -> str:
        """What a person chooses: the document, and the draft that they saw it would replace."""
        return f"{self.replaces}:{self.name}"

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.key}"


# ── Out ──────────────────────────────────────────────────────────────────────
def export() -> str:
    """Everything in the present scope: the newest version of each key that is not retired, and every scenario."""
    policies = Policy.objects.exclude(tenant__is_drill=True).order_by("key", "-version").distinct("key")
    calendars = Calendar.objects.exclude(tenant__is_drill=True).order_by("key", "-version").distinct("key")
    kept = [scenario for row in ScenarioRow.objects.all() if (scenario := scenarios.read(row)) is not None]
    held = [
        policy
        for policy in policies.select_related("tenant", "calendar").prefetch_related("targets")
        if not policy.retired
    ]
    return HEADING + dump(
        {
            "calendars": [drafting.written(calendar) for calendar in calendars.select_related("tenant")],
            "policies": [drafting.written(policy) for policy in held],
            "scenarios": [write_scenario(scenario) for scenario in kept],
        }
    )


# ── In ───────────────────────────────────────────────────────────────────────
def plan(text: str, *, actor: Actor) -> list[Entry]:
    """What an import of the text would do. Raises Refused with every fault, Forbidden for what is out of reach."""
    actor.require("policy.edit")
    found = _read(text)
    entries = [_compared(CALENDAR, write_calendar(one), actor) for one in found["calendars"]]
    entries += [_compared(POLICY, write_policy(one), actor) for one in found["policies"]]
    keys = {entry.key for entry in entries if entry.kind == POLICY}
    return entries + [_scenario(one, keys, actor) for one in found["scenarios"]]


@transaction.atomic
def take(text: str, *, actor: Actor, now: datetime, items: Collection[str] | None = None) -> list[Entry]:
    """Do what `plan` says: write a draft for each document that differs, and keep each scenario. Answers what it took.

    `items`: those chosen by their Entry.item, None for all. Raises Conflict when a chosen one would by now replace
    another draft, or a draft that was saved since; DomainError for a scenario whose new policy is left out.
    """
    entries = plan(text, actor=actor)
    if items is not None:
        entries = _chosen(entries, items)
    for entry in entries:
        if entry.outcome == "same":
            continue
        if entry.kind == "scenario":
            _keep(entry, actor, now)
        else:
            draft = drafting.begin(entry.kind, entry.key, actor=actor, now=now, document=entry.document)
            if draft.document != entry.document:
                drafting.save(draft.pk, entry.document, seen=draft.edits, actor=actor, now=now)
    return entries


def _chosen(entries: list[Entry], items: Collection[str]) -> list[Entry]:
    seen = {name: replaces for replaces, _, name in (item.partition(":") for item in items)}
    chosen = [entry for entry in entries if entry.name in seen]
    for entry in chosen:
        if entry.outcome != "same" and entry.replaces != seen[entry.name]:
            text = f"The draft of {entry.kind} “{entry.key}” changed since you looked. Look again, then choose."
            raise Conflict("stale", text, "item")
    return chosen


def _read(text: str) -> dict[str, list[Any]]:
    try:
        data = load(text)
    except YamlError as error:
        raise Refused([Problem("", str(error))]) from error
    if not isinstance(data, dict) or not data:
        raise Refused([Problem("", f"The file has one or more of the parts {', '.join(SECTIONS)}.")])
    problems = [
        Problem(str(name)[:60], f"There is no such part; the parts are {', '.join(SECTIONS)}.")
        for name in data
        if name not in SECTIONS
    ]
    found = {section: _section(section, data.get(section), problems) for section in SECTIONS}
    if problems:
        raise Refused(problems)
    return found


def _section(section: str, rows: Any, problems: list[Problem]) -> list[Any]:
    if rows is None:
        return []
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        problems.append(Problem(section, f"Write a list of at most {MOST_ROWS} here."))
        return []
    found: list[Any] = []
    seen: set[Any] = set()
    for number, row in enumerate(rows):
        try:
            document = _READ[section](row)
        except (DocumentError, CalendarError) as error:
            told = error.problems if isinstance(error, DocumentError) else [Problem("", str(error))]
            place = f"{section}.{_named(row, number)}"
            problems += [replace(one, path=".".join(filter(None, (place, one.path)))) for one in told]
            continue
        name = (document.policy, document.name) if section == "scenarios" else document.key
        if name in seen:
            problems.append(
                Problem(f"{section}.{_named(row, number)}", f"{_words(name)} is there twice; keep one of them.")
            )
        seen.add(name)
        found.append(document)
    return found


def _named(row: Any, number: int) -> str:
    """A row as its writer finds it: by its key or name, else by its place counted from 1."""
    name = (row.get("key") or row.get("name")) if isinstance(row, dict) else None
    return name[:60] if isinstance(name, str) else str(number + 1)


def _words(name: Any) -> str:
    return f"“{name}”" if isinstance(name, str) else f"“{name[1]}” of {name[0]}"


def _compared(kind: str, document: dict[str, Any], actor: Actor) -> Entry:
    key = str(document["key"])
    draft = Draft.objects.filter(kind=kind, key=key).select_related("author").first()
    newest = drafting.newest(kind, key)
    tenant = newest.tenant if newest else drafting.tenant_named(document)
    drafting.require_reach(actor, tenant.pk if tenant else None)
    if draft is not None and draft.document == document and not draft.retires:
        return Entry(kind, key, document, "same", note="The draft under way says the same.")
    before = drafting.written(newest) if newest else {}
    who = draft.author.get_full_name() if draft and draft.author else "somebody"
    if before == document:
        return Entry(kind, key, document, "same", note=f"The draft that {who} has under way stays." if draft else "")
    note = f"It takes the place of the draft that {who} has under way." if draft else ""
    replaces = f"{draft.pk}.{draft.edits}" if draft else ""
    if newest is not None and isinstance(newest, Policy) and newest.retired:
        note = " ".join(filter(None, (note, "The policy is retired; activating the draft brings it back.")))
    return Entry(kind, key, document, "changed" if newest else "new", changes(before, document), note, replaces)


def _scenario(scenario: scenarios.Scenario, keys: set[str], actor: Actor) -> Entry:
    document, name = write_scenario(scenario), f"{scenario.policy}: {scenario.name}"
    row = ScenarioRow.objects.filter(policy_key=scenario.policy, name=scenario.name).first()
    newest = drafting.newest(POLICY, scenario.policy)
    if newest is not None:
        drafting.require_reach(actor, newest.tenant_id)
    elif scenario.policy not in keys and not Draft.objects.filter(kind=POLICY, key=scenario.policy).exists():
        raise Refused([Problem("scenarios", f"“{scenario.name}” is of the policy “{scenario.policy}”, not there.")])
    if row is not None and row.document == document:
        return Entry("scenario", name, document, "same")
    return Entry("scenario", name, document, "changed" if row else "new")


def _keep(entry: Entry, actor: Actor, now: datetime) -> None:
    scenario = read_scenario(entry.document)
    policy = scenario.policy
    if drafting.newest(POLICY, policy) is None and not Draft.objects.filter(kind=POLICY, key=policy).exists():
        text = f"The scenario “{scenario.name}” is of the policy “{policy}”: take both, or leave both out."
        raise DomainError("left_out", text, "item")
    row = ScenarioRow.objects.filter(policy_key=scenario.policy, name=scenario.name).first()
    about = {"row_id": row.pk, "seen": row.version} if row else {}
    scenarios.save(scenario, actor=actor, now=now, **about)
