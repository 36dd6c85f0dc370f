"""What a replay tries instead of what was promised: a policy in place of those that it would win over, or other hours.

An alternative is a version that stands, or a draft as it was when the replay was asked for. It answers for each line of
a ledger what it would have promised there; where it does not apply, the promise of the day stays.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.functional import cached_property

from companyos.web.errors import DomainError
from sla import documents, ledger, versions
from sla.calendars import CalendarError, CalendarSpec
from sla.choice import most_specific
from sla.documents import DocumentError, PolicyDocument
from sla.models import Calendar, Draft, Policy
from sla.policies import calendar_spec
from sla.public_holidays import expand
from sla.replays.replay import Line, TargetFor
from tenants.models import Tenant

POLICY, CALENDAR, DRAFT = "policy", "calendar", "draft"
SOURCES = (POLICY, CALENDAR, DRAFT)
GONE = "What this replay was to try is not there any more; choose again."


@dataclass
class Candidate:
    """A policy version as the choice among policies sees it."""

    key: str
    tenant_id: int | None
    segment: str
    tier: str
    active_from: datetime | None = None
    retired: bool = False


@dataclass
class OtherPolicy:
    """A policy's document, counted in `spec`, for the tenants that it would win: it replaces what its key said on the
    day, and comes before others of its rank. `everybody`: for every tenant, whatever else holds for them."""

    document: PolicyDocument
    tenant_id: int | None
    spec: CalendarSpec
    everybody: bool = False
    _targets: dict[tuple[str, str], ledger.Target | None] = field(default_factory=dict)
    _wins: dict[tuple[int, int], bool] = field(default_factory=dict)

    def target_for(self, tenant: Tenant, metric: str) -> TargetFor:
        def target(line: Line) -> ledger.Target | None:
            return self._target(metric, line.priority) if self.wins(tenant, line.at) else line.target

        return target

    def _target(self, metric: str, priority: str) -> ledger.Target | None:
        key = (metric, priority)
        if key not in self._targets:
            self._targets[key] = self.document.target(metric, priority, self.spec)
        return self._targets[key]

    def wins(self, tenant: Tenant, at: datetime) -> bool:
        if self.everybody:
            return True
        epoch = bisect_right(self._epochs, at)
        key = (tenant.pk, epoch)
        if key not in self._wins:
            own = Candidate(self.document.key, self.tenant_id, self.document.segment, self.document.tier)
            others = [one for one in self._in_force(epoch) if one.key != own.key]
            chosen, _ = most_specific(
                [own, *others], tenant_id=tenant.pk, segment=tenant.segment, tier=tenant.support_tier
            )
            self._wins[key] = chosen is own
        return self._wins[key]

    @cached_property
    def _history(self) -> list[Candidate]:
        names = ("key", "tenant_id", "segment", "tier", "active_from", "retired")
        rows = Policy.objects.order_by("active_from", "version").values_list(*names)
        return [Candidate(*row) for row in rows]

    @cached_property
    def _epochs(self) -> list[datetime]:
        return [one.active_from for one in self._history if one.active_from is not None]

    def _in_force(self, epoch: int) -> list[Candidate]:
        """Of each key the latest version after so many of them; those in force since later come first."""
        latest = {one.key: one for one in self._history[:epoch]}
        standing = [one for one in self._history[:epoch] if latest[one.key] is one and not one.retired]
        return standing[::-1]


@dataclass
class OtherCalendar:
    """Other hours for what was promised in business time of the calendar `key` (`everybody`: of any calendar)."""

    key: str
    spec: CalendarSpec
    everybody: bool = False
    _targets: dict[tuple[int, str, str], ledger.Target | None] = field(default_factory=dict)
    _keys: dict[int, str] = field(default_factory=dict)
    _policies: dict[int, PolicyDocument] = field(default_factory=dict)

    def target_for(self, tenant: Tenant, metric: str) -> TargetFor:
        def target(line: Line) -> ledger.Target | None:
            if line.target is None or line.calendar_id is None or not self._counts(line.calendar_id):
                return line.target
            key = (line.policy_id, metric, line.priority)
            if key not in self._targets:
                self._targets[key] = self._policy(line.policy_id).target(metric, line.priority, self.spec)
            return self._targets[key]

        return target

    def _counts(self, calendar_id: int) -> bool:
        if calendar_id not in self._keys:
            self._keys[calendar_id] = Calendar.objects.values_list("key", flat=True).get(pk=calendar_id)
        return self.everybody or self._keys[calendar_id] == self.key

    def _policy(self, policy_id: int) -> PolicyDocument:
        if policy_id not in self._policies:
            self._policies[policy_id] = versions.policy_document(Policy.objects.get(pk=policy_id))
        return self._policies[policy_id]


def snapshot(source: str, pk: int, now: datetime) -> tuple[str, dict[str, Any]]:
    """What is tried, in words and as plain data: a version by its id, a draft as it reads now, its holidays included.

    Raises DomainError("alternative") for what is not there, or does not read as a policy or calendar.
    """
    if source == POLICY:
        policy = _row(Policy, pk)
        return str(policy), {"source": source, "id": policy.pk}
    if source == CALENDAR:
        calendar = _row(Calendar, pk)
        return str(calendar), {"source": source, "id": calendar.pk}
    if source == DRAFT:
        return _draft(_row(Draft, pk), now)
    raise DomainError("alternative", "Choose what to try: a policy, a calendar or a draft.", "alternative")


def alternative(data: dict[str, Any], *, everybody: bool) -> OtherPolicy | OtherCalendar:
    """What `snapshot` wrote down, ready to answer."""
    if data["source"] == POLICY:
        policy = _row(Policy, data["id"])
        document = versions.policy_document(policy)
        return OtherPolicy(document, policy.tenant_id, calendar_spec(policy.calendar_id), everybody)
    if data["source"] == CALENDAR:
        calendar = _row(Calendar, data["id"])
        return OtherCalendar(calendar.key, calendar_spec(calendar.pk), everybody)
    if data["kind"] == Draft.Kind.POLICY:
        document = documents.read_policy(data["document"])
        return OtherPolicy(document, data["tenant"], calendar_spec(data["calendar"]), everybody)
    holidays = frozenset(date.fromisoformat(day) for day in data["holidays"])
    draft = documents.read_calendar(data["document"])
    return OtherCalendar(draft.key, draft.spec(0, holidays), everybody)


def _draft(draft: Draft, now: datetime) -> tuple[str, dict[str, Any]]:
    words = f"Draft of {draft.document.get('name') or draft.key}"
    data: dict[str, Any] = {"source": DRAFT, "id": draft.pk, "kind": draft.kind, "document": draft.document}
    try:
        if draft.kind == Draft.Kind.CALENDAR:
            calendar = documents.read_calendar(draft.document)
            calendar.spec()
            years = range(now.year - versions.YEARS_BACK, now.year + versions.YEARS_AHEAD + 1)
            found = expand(calendar.country, calendar.subdivision, years) if calendar.country else {}
            return words, data | {"holidays": sorted(day.isoformat() for day in found)}
        policy = documents.read_policy(draft.document)
    except (DocumentError, CalendarError) as error:
        raise DomainError("alternative", f"{words} is not sound yet: {error}", "alternative") from error
    standing = Calendar.objects.filter(key=policy.calendar).order_by("-version").first()
    if standing is None:
        message = f"{words} counts in the calendar “{policy.calendar}”, of which no version stands yet."
        raise DomainError("alternative", message, "alternative")
    return words, data | {"tenant": _tenant_id(policy.tenant), "calendar": standing.pk}


def _tenant_id(slug: str) -> int | None:
    if not slug:
        return None
    found = Tenant.objects.filter(slug=slug).values_list("pk", flat=True).first()
    if found is None:
        raise DomainError("alternative", f"There is no tenant “{slug}” in your reach.", "alternative")
    return found


def _row(model: type[Any], pk: int) -> Any:
    row = model.objects.filter(pk=pk).first()
    if row is None:
        raise DomainError("alternative", GONE, "alternative")
    return row


def offered() -> dict[str, list[Any]]:
    """What can be tried, by its source; of each key the newest version first. The drill's own are no choice."""
    policies = Policy.objects.filter(retired=False).exclude(tenant__is_drill=True).select_related("tenant")
    return {
        DRAFT: list(Draft.objects.filter(retires=False).order_by("kind", "key")),
        POLICY: list(policies.order_by("key", "-version")),
        CALENDAR: list(Calendar.objects.exclude(tenant__is_drill=True).order_by("key", "-version")),
    }
