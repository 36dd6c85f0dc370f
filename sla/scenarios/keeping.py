"""Scenarios kept with their policies: writing them, how they stand, and the gate that an activation has to pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Max

from companyos.web.errors import Conflict, DomainError, NotFound
from sla import diary
from sla.calendars import CalendarError, CalendarSpec, zone
from sla.documents import CalendarDocument, DocumentError, PolicyDocument, Problem, read_calendar, read_policy
from sla.drafts.drafting import require_reach
from sla.models import Calendar, Draft, Policy
from sla.models import Scenario as Row
from sla.scenarios.documents import Scenario, read_scenario, sentence, write_scenario
from sla.scenarios.rehearsal import Failure, failures, play, said
from sla.versions import drafted_spec, policy_document
from tenants.access import Actor

__all__ = ["Failure", "Scenario", "delete", "failing", "failures", "get", "read_scenario", "save", "write_scenario"]
Rules = tuple[PolicyDocument, CalendarSpec]


@dataclass
class Standing:
    """A stored scenario and how it fares. `told` None: its document cannot be read any more."""

    row: Row
    told: Scenario | None
    failures: list[Failure] = field(default_factory=list)
    drafts: list[tuple[str, list[Failure]]] = field(default_factory=list)

    @property
    def line(self) -> str:
        return sentence(self.told) if self.told else "cannot be read"


# ── Verbs ────────────────────────────────────────────────────────────────────
@transaction.atomic
def save(document: Scenario, *, actor: Actor, now: datetime, row_id: int | None = None, seen: int | None = None) -> Row:
    """Keep a scenario, as a new row or (with `row_id` and the version `seen`) in place of what stood there.

    Raises DomainError for a policy that is not there or a name that is taken, Conflict when it changed since `seen`.
    """
    actor.require("policy.edit")
    told = {"document": write_scenario(document), "name": document.name, "author_id": actor.user_id, "updated_at": now}
    row = Row(version=0) if row_id is None else _locked(row_id, seen, actor)
    if row.pk is None or row.policy_key != document.policy:
        row.policy_key, row.tenant_id = document.policy, _tenant_of(document.policy)
        require_reach(actor, row.tenant_id)
        last = Row.objects.filter(policy_key=document.policy).aggregate(last=Max("position"))["last"]
        row.position = (last or 0) + 1
    for name, value in told.items():
        setattr(row, name, value)
    row.version += 1
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        text = f"The policy “{document.policy}” has a scenario “{document.name}” already: choose another name."
        raise DomainError("name_taken", text, "name") from error
    return row


@transaction.atomic
def delete(row_id: int, *, actor: Actor, seen: int | None) -> Row:
    """Forget a scenario; the audit trail keeps what it said. Raises Conflict when it changed since `seen`."""
    row = _locked(row_id, seen, actor)
    row.delete()
    return row


def get(row_id: int) -> Row:
    row = Row.objects.select_related("author").filter(pk=row_id).first()
    if row is None:
        raise NotFound("not_found", "There is no such scenario.")
    return row


def _locked(row_id: int, seen: int | None, actor: Actor) -> Row:
    actor.require("policy.edit")
    row = Row.objects.select_for_update().filter(pk=row_id).first()
    if row is None:
        raise NotFound("not_found", "There is no such scenario; somebody may have deleted it.")
    require_reach(actor, row.tenant_id)
    if row.version != seen:
        text = "Somebody saved this scenario since you opened it. Your text is kept below; theirs is shown beside it."
        raise Conflict("changed", text, version=row.version)
    return row


def _tenant_of(key: str) -> int | None:
    """Whose the policy or the drafted policy of that key is; raises DomainError when there is neither."""
    policy = Policy.objects.filter(key=key).order_by("-version").first()
    draft = Draft.objects.filter(kind=Draft.Kind.POLICY, key=key).first()
    if policy is None and draft is None:
        raise DomainError("no_policy", f"There is no policy “{key}”.", "policy")
    return policy.tenant_id if policy is not None else draft.tenant_id if draft is not None else None


# ── Reads ────────────────────────────────────────────────────────────────────
def rules_in_force(now: datetime) -> list[Rules]:
    """Each policy in force with its calendar's version; one whose calendar cannot be counted in is left out."""
    found: list[Rules] = []
    for policy in diary.policies_in_force(now):
        try:
            found.append((policy_document(policy), policy.calendar.spec()))
        except CalendarError:
            continue
    return found


def standings(now: datetime) -> list[Standing]:
    """Every scenario in reach against the policies in force and against each sound draft that concerns it."""
    rules, drafted = rules_in_force(now), drafts(now)
    found = [Standing(row, read(row)) for row in Row.objects.select_related("author", "tenant")]
    for standing in found:
        standing.failures = _failures_of(rules, [standing.row])
        standing.drafts = [
            (label, _failures_of(changed, [standing.row]))
            for label, changed in drafted
            if any(policy.key == standing.row.policy_key for policy, _ in changed)
        ]
    return found


def drafts(now: datetime) -> list[tuple[str, list[Rules]]]:
    """What would hold under each draft that is sound: its name, and the policies it concerns."""
    found: list[tuple[str, list[Rules]]] = []
    for draft in Draft.objects.filter(retires=False).order_by("kind", "key"):
        try:
            if draft.kind == Draft.Kind.CALENDAR:
                found.append(
                    (f"draft of calendar {draft.key}", rules_with_calendar(read_calendar(draft.document), now))
                )
            else:
                found.append((f"draft of policy {draft.key}", rules_with_policy(read_policy(draft.document))))
        except (DocumentError, CalendarError):
            continue
    return found


@dataclass(frozen=True)
class Tried:
    """What a scenario brings under one set of rules: `due` and `breached` in words, in the calendar's time."""

    under: str
    due: str
    breached: str
    failures: list[Failure]


def trials(told: Scenario, now: datetime) -> list[Tried]:
    """A scenario under the policy in force, and under each draft that concerns it."""
    sets = [("in force", rules_in_force(now)), *drafts(now)]
    return [_tried(label, told, *one) for label, rules in sets for one in rules if one[0].key == told.policy]


def _tried(label: str, told: Scenario, policy: PolicyDocument, spec: CalendarSpec) -> Tried:
    failed = failures([(policy, spec)], [told])
    try:
        outcome = play(told, policy, spec)
    except (ValueError, OverflowError):
        return Tried(label, "", "", failed)
    place = zone(spec.time_zone)
    return Tried(label, said(outcome.due_at, place), said(outcome.breached_at, place), failed)


def read(row: Row) -> Scenario | None:
    """The row's scenario, under the name and the policy that the row says; None when it cannot be read."""
    try:
        return replace(read_scenario(row.document), name=row.name, policy=row.policy_key)
    except DocumentError:
        return None


# ── The gate ─────────────────────────────────────────────────────────────────
def failing(kind: str, key: str, document: PolicyDocument | CalendarDocument, now: datetime) -> list[Failure]:
    """What forbids the activation of a draft: the scenarios that fail under it.

    Of a policy: its own, in the newest version of the calendar it names. Of a calendar: those of every policy in force
    that counts in it.
    """
    if isinstance(document, CalendarDocument):
        rules = rules_with_calendar(document, now)
        return _failures_of(rules, Row.objects.filter(policy_key__in=[policy.key for policy, _ in rules]))
    rows = Row.objects.filter(policy_key=key)
    return _failures_of(rules_with_policy(replace(document, key=key)), rows) if rows else []


def rules_with_policy(document: PolicyDocument) -> list[Rules]:
    calendar = Calendar.objects.filter(key=document.calendar).order_by("-version").first()
    try:
        return [(document, calendar.spec())] if calendar else []
    except CalendarError:
        return []


def rules_with_calendar(document: CalendarDocument, now: datetime) -> list[Rules]:
    """The policies in force that count in the calendar, each in the drafted one."""
    spec = drafted_spec(document, now)
    return [(policy, spec) for policy, _ in rules_in_force(now) if policy.calendar == document.key]


def _failures_of(rules: Sequence[Rules], rows: Iterable[Row]) -> list[Failure]:
    found: list[Failure] = []
    for row in rows:
        told = read(row)
        if told is None:
            text = "Open it, mend what is marked and save it, or delete it."
            found.append(Failure(row.name, row.policy_key, "an answer", "a scenario that cannot be read", text))
        else:
            found += failures(rules, [told])
    return found


def problems(row: Row) -> list[Problem]:
    """Why the row cannot be read."""
    try:
        read_scenario(row.document)
    except DocumentError as error:
        return error.problems
    return []
