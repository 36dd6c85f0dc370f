"""Making a draft a version: what it takes, and what a calendar's change brings to the policies that count in it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from companyos.web.errors import Conflict, DomainError, NotAllowedNow
from sla import scenarios, versions
from sla.documents import CalendarDocument, PolicyDocument
from sla.drafts import drafting
from sla.models import Calendar, Draft, Policy
from sla.scenarios.rehearsal import Failure
from tenants.access import Actor

MOST_REASON = 2000
FARTHEST = timedelta(days=3660)  # a version stands for ever, so a slip of the year would too


class ScenariosFail(DomainError):
    """Stored scenarios have another answer under the draft; `failures` name them."""

    def __init__(self, failures: list[Failure]) -> None:
        listed = " ".join(map(str, failures[:5]))
        super().__init__("scenarios_fail", f"{len(failures)} scenario checks fail under this draft. {listed}")
        self.failures = failures


@transaction.atomic
def activate(
    draft_id: int, *, active_from: datetime, reason: str, seen: int, actor: Actor, now: datetime
) -> list[Policy]:
    """Publish the draft from `active_from` (not before `now`) on, and drop it. Answers the policy versions made.

    Raises Unsound, ScenariosFail, NotAllowedNow without a fresh preview of just this content, Conflict when the draft
    no longer follows the newest version, and DomainError without a reason or for an instant that has passed or is more
    than ten years ahead.
    """
    draft, told = drafting.locked_for_activation(draft_id, seen=seen, actor=actor, now=now)
    words = reason.strip()
    if not words:
        raise DomainError("required", "Say why: the reason stands in the ledger of every clock that moves.", "reason")
    if len(words) > MOST_REASON:
        raise DomainError("too_long", f"The reason has {len(words)} characters; {MOST_REASON} are the most.", "reason")
    if active_from < now:
        raise DomainError("past", "A version holds from now or a later instant on, never from an earlier one.", "at")
    if active_from > now + FARTHEST:
        raise DomainError("too_far", "Choose an instant within the next ten years.", "at")
    if not draft.retires and (failures := scenarios.failing(draft.kind, draft.key, told.document, now)):
        raise ScenariosFail(failures)
    try:
        with transaction.atomic():
            made = _publish(draft, told, active_from, words, now)
    except IntegrityError as error:
        text = "Another version of this key was published a moment ago, or the key is taken. Look again."
        raise Conflict("published", text, "base_version") from error
    draft.delete()
    return made


def _publish(draft: Draft, told: drafting.Sound, active_from: datetime, reason: str, now: datetime) -> list[Policy]:
    document = told.document
    if isinstance(document, CalendarDocument):
        calendar = versions.publish_calendar(document, told.tenant, now)
        return follow(calendar, active_from, reason, now)
    _after_the_last(document, active_from)
    policy = versions.publish_policy(
        document,
        _calendar(document),
        told.tenant,
        active_from=active_from,
        reason=reason,
        now=now,
        retired=draft.retires,
    )
    return [policy]


def follow(calendar: Calendar, active_from: datetime, reason: str, now: datetime) -> list[Policy]:
    """A new version of each policy that counts in an earlier version of the calendar: same targets, new hours.

    Of each key the version that holds at `active_from` is followed then, and those to come at their own instants; so
    that no later version takes the old hours back.
    """
    keys = Policy.objects.filter(calendar__key=calendar.key).order_by("key").values_list("key", flat=True).distinct()
    made: list[Policy] = []
    for key in keys:
        for policy in holding_from(key, active_from):
            if policy.retired or policy.calendar.key != calendar.key:
                continue
            document = versions.policy_document(policy)
            made.append(
                versions.publish_policy(
                    document,
                    calendar,
                    policy.tenant,
                    active_from=max(active_from, policy.active_from),
                    reason=f"Calendar {calendar.name}, version {calendar.version}: {reason}",
                    now=now,
                )
            )
    return made


def holding_from(key: str, instant: datetime) -> list[Policy]:
    """The version that holds at the instant, if there is one, and those that will after it, in their order."""
    rows = Policy.objects.filter(key=key).select_related("calendar", "tenant").prefetch_related("targets")
    by_instant: dict[datetime, Policy] = {row.active_from: row for row in rows.order_by("active_from", "version")}
    begun = [policy for at, policy in by_instant.items() if at <= instant]
    return [*begun[-1:], *(policy for at, policy in by_instant.items() if at > instant)]


def _after_the_last(document: PolicyDocument, active_from: datetime) -> None:
    """A version to come would take back what is activated before it."""
    last = Policy.objects.filter(key=document.key, active_from__gt=active_from).order_by("-active_from").first()
    if last is not None:
        text = f"Version {last.version} comes into force later than that; choose its instant or one after it."
        raise NotAllowedNow("before_another", text, "at")


def _calendar(document: PolicyDocument) -> Calendar:
    return Calendar.objects.filter(key=document.calendar).order_by("-version")[0]
