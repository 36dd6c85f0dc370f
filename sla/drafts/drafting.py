"""Drafts of policies and calendars: begun, edited, looked at in a preview, and activated as versions.

Nothing here touches a version that stands. Whoever edits what is shared reaches every tenant, because every tenant's
promises hang on it; what belongs to one tenant takes somebody who reaches that one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from companyos.web.errors import Conflict, DomainError, Forbidden, NotAllowedNow, NotFound
from sla import jobs, ledger
from sla.calendars import CalendarError
from sla.documents import (
    KEY,
    KEY_WORDS,
    CalendarDocument,
    DocumentError,
    PolicyDocument,
    Problem,
    digest,
    read_calendar,
    read_policy,
    write_calendar,
    write_policy,
)
from sla.drafts import preview
from sla.models import Calendar, Draft, Job, Policy
from sla.versions import calendar_document, policy_document
from tenants.access import Actor
from tenants.models import Tenant

POLICY, CALENDAR = Draft.Kind.POLICY, Draft.Kind.CALENDAR
PREVIEW_HOLDS = timedelta(hours=24)
MOST_KEY = 60
MOST_WEEKS = 50 * 52
MOST_TOLD = 5
Version = Policy | Calendar


class Unsound(DomainError):
    """The draft's document cannot become a version; `problems` name each fault."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("unsound", " ".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Sound:
    """A draft's document as read, and whose it is (None: shared)."""

    document: PolicyDocument | CalendarDocument
    tenant: Tenant | None


# ── Reads ────────────────────────────────────────────────────────────────────
def get(draft_id: int) -> Draft:
    draft = Draft.objects.select_related("author", "tenant", "preview").filter(pk=draft_id).first()
    if draft is None:
        raise NotFound("not_found", "There is no such draft; it was activated or discarded.")
    return draft


def newest(kind: str, key: str) -> Version | None:
    """The last version of the key, in force or not."""
    if kind == CALENDAR:
        return Calendar.objects.filter(key=key).select_related("tenant").order_by("-version").first()
    found = Policy.objects.filter(key=key).select_related("tenant", "calendar__tenant").prefetch_related("targets")
    return found.order_by("-version").first()


def written(version: Version) -> dict[str, Any]:
    """A version as the dict that a draft holds."""
    if isinstance(version, Calendar):
        return write_calendar(calendar_document(version))
    return write_policy(policy_document(version))


def sound(kind: str, key: str, data: Any) -> Sound:
    """The document, if it can become the key's next version. Raises Unsound, naming every fault."""
    try:
        document = read_calendar(data) if kind == CALENDAR else read_policy(data)
    except DocumentError as error:
        raise Unsound(error.problems) from error
    problems: list[Problem] = []
    if document.key != key:
        problems.append(Problem("key", f"The key stays {key}: another key is another {kind}."))
    tenant = Tenant.objects.filter(slug=document.tenant).first() if document.tenant else None
    if document.tenant and tenant is None:
        problems.append(Problem("tenant", f"There is no tenant “{document.tenant}” in your reach."))
    before = newest(kind, key)
    if before is not None and _scope(before) != (document.tenant, *_more(document)):
        message = f"Whom a {kind} is for stays as it is; retire this one and begin another."
        problems.append(Problem("tenant", message))
    if isinstance(document, PolicyDocument):
        problems += _calendar_problems(document)
    elif before is not None:
        problems += _too_little_open(document)
    if problems:
        raise Unsound(problems)
    return Sound(document, tenant)


def content_hash(draft: Draft) -> str:
    """Names what a preview was of: the document, what it follows and whether it ends the policy."""
    return digest({"document": draft.document, "base": draft.base_version, "retires": draft.retires})


def is_previewed(draft: Draft, now: datetime) -> bool:
    """Whether a finished preview of exactly this content is at hand and not older than a day."""
    job = draft.preview
    if job is None or job.state != Job.State.DONE or job.ended_at is None:
        return False
    return draft.preview_hash == content_hash(draft) and job.ended_at > now - PREVIEW_HOLDS


def may_edit(actor: Actor, tenant_id: int | None) -> bool:
    in_reach = actor.tenant_ids is None or (tenant_id is not None and tenant_id in actor.tenant_ids)
    return actor.can("policy.edit") and in_reach


def require_reach(actor: Actor, tenant_id: int | None) -> None:
    actor.require("policy.edit")
    if may_edit(actor, tenant_id):
        return
    if tenant_id is None:
        text = "This is shared by every tenant, so it takes somebody who reaches all of them."
    else:
        text = "This belongs to a tenant that you do not reach."
    raise Forbidden("out_of_reach", text)


# ── Verbs ────────────────────────────────────────────────────────────────────
@transaction.atomic
def begin(
    kind: str, key: str, *, actor: Actor, now: datetime, document: dict[str, Any] | None = None, retires: bool = False
) -> Draft:
    """The draft of the key: the one under way, or a new one from its newest version, or of a new key.

    Of a new key `document` is what it begins with. Raises DomainError for a new key without one.
    """
    under_way = Draft.objects.select_for_update().filter(kind=kind, key=key).first()
    if under_way is not None:
        require_reach(actor, under_way.tenant_id)
        return under_way
    base = newest(kind, key)
    if base is None and document is None:
        raise NotFound("not_found", f"There is no {kind} “{key}”.")
    if base is None and (not re.fullmatch(KEY, key) or len(key) > MOST_KEY):
        raise DomainError("bad_key", f"A new {kind} needs a key: {KEY_WORDS}.", "key")
    tenant = base.tenant if base is not None else tenant_named(document)
    require_reach(actor, tenant.pk if tenant else None)
    draft = Draft(kind=kind, key=key, tenant=tenant, retires=retires, created_at=now, updated_at=now)
    draft.document = document if document is not None else written(base) if base else {}
    draft.base_version = base.version if base else 0
    draft.author_id = actor.user_id
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("taken", f"The key “{key}” is taken; choose another.", "key") from error
    return draft


@transaction.atomic
def save(draft_id: int, document: dict[str, Any], *, seen: int, actor: Actor, now: datetime) -> Draft:
    """Put `document` in place of what was there, sound or not; a draft that retired its policy now changes it.

    Raises Conflict when it changed since `seen`.
    """
    draft = _locked(draft_id, seen, actor)
    before = newest(draft.kind, draft.key)
    if before is None:
        tenant = tenant_named(document)
        require_reach(actor, tenant.pk if tenant else None)
        draft.tenant = tenant
    draft.document, draft.edits, draft.updated_at = document, draft.edits + 1, now
    draft.author_id, draft.retires = actor.user_id, False
    draft.save()
    return draft


@transaction.atomic
def rebase(draft_id: int, *, seen: int, actor: Actor, now: datetime) -> Draft:
    """Say that the draft was looked at beside the newest version and is meant to follow that one."""
    draft = _locked(draft_id, seen, actor)
    base = newest(draft.kind, draft.key)
    draft.base_version, draft.edits, draft.updated_at = base.version if base else 0, draft.edits + 1, now
    draft.save()
    return draft


@transaction.atomic
def discard(draft_id: int, *, seen: int, actor: Actor) -> Draft:
    """Drop the proposal; the audit trail keeps what it said."""
    draft = _locked(draft_id, seen, actor)
    draft.delete()
    return draft


@transaction.atomic
def ask_preview(draft_id: int, *, seen: int, actor: Actor, now: datetime) -> Draft:
    """Queue a preview of exactly this content; one that is under way or still fresh is not asked for again."""
    draft = _locked(draft_id, seen, actor)
    told = sound(draft.kind, draft.key, draft.document)
    same = draft.preview_hash == content_hash(draft)
    if same and draft.preview and (draft.preview.state in Job.OPEN or is_previewed(draft, now)):
        return draft
    params = {
        "kind": draft.kind,
        "key": draft.key,
        "document": draft.document,
        "retires": draft.retires,
        "tenant": told.tenant.pk if told.tenant else None,
    }
    title = f"Preview of {draft.kind} {draft.key}"
    draft.preview = jobs.ask(preview.KIND, title, params, actor=actor, now=now)
    draft.preview_hash = content_hash(draft)
    draft.save(update_fields=["preview", "preview_hash"])
    return draft


def _locked(draft_id: int, seen: int | None, actor: Actor) -> Draft:
    """The row, held. Raises Conflict when somebody saved it since `seen`."""
    draft = Draft.objects.select_for_update(of=("self",)).select_related("tenant", "preview").filter(pk=draft_id)
    found = draft.first()
    if found is None:
        raise NotFound("not_found", "There is no such draft; it was activated or discarded.")
    require_reach(actor, found.tenant_id)
    if seen != found.edits:
        text = "Somebody saved this draft since you opened it; nothing of yours was saved. Look again, then repeat."
        raise Conflict("stale", text, "seen", version=found.edits)
    return found


def locked_for_activation(draft_id: int, *, seen: int, actor: Actor, now: datetime) -> tuple[Draft, Sound]:
    """A draft that may become a version: sound, following the newest one, and previewed just so."""
    draft = _locked(draft_id, seen, actor)
    told = sound(draft.kind, draft.key, draft.document)
    require_reach(actor, told.tenant.pk if told.tenant else None)
    base = newest(draft.kind, draft.key)
    version = base.version if base else 0
    if version != draft.base_version:
        text = f"Version {version} was published since this draft was begun. Compare, and take it over."
        raise Conflict("rebase", text, "base_version", version=draft.base_version)
    if not is_previewed(draft, now):
        raise NotAllowedNow("not_previewed", "Preview the draft as it stands first: nobody has seen yet what it moves.")
    return draft, told


def tenant_named(document: dict[str, Any] | None) -> Tenant | None:
    slug = (document or {}).get("tenant")
    if not slug:
        return None
    tenant = Tenant.objects.filter(slug=str(slug).replace("\x00", "")).first()
    if tenant is None:
        raise DomainError("no_tenant", "There is no such tenant in your reach; choose one from the list.", "tenant")
    return tenant


def _scope(version: Version) -> tuple[str, ...]:
    slug = version.tenant.slug if version.tenant else ""
    return (slug,) if isinstance(version, Calendar) else (slug, version.segment, version.tier)


def _more(document: PolicyDocument | CalendarDocument) -> tuple[str, ...]:
    return (document.segment, document.tier) if isinstance(document, PolicyDocument) else ()


def _calendar_problems(document: PolicyDocument) -> list[Problem]:
    calendar = newest(CALENDAR, document.calendar)
    if calendar is None:
        return [Problem("calendar", f"There is no calendar “{document.calendar}”; activate it first, or name another.")]
    if calendar.tenant is not None and calendar.tenant.slug != document.tenant:
        return [Problem("calendar", f"The calendar {calendar.name} belongs to {calendar.tenant}; choose a shared one.")]
    assert isinstance(calendar, Calendar)
    return _endless(document, calendar_document(calendar))


def _too_little_open(document: CalendarDocument) -> list[Problem]:
    """What the policies that count in the calendar promise has to end in its new hours, too."""
    newest_of_each = Policy.objects.order_by("key", "-version").distinct("key").values("pk")
    counting = Policy.objects.filter(pk__in=newest_of_each, retired=False, calendar__key=document.key)
    found = [
        replace(problem, path="week", message=f"{policy.name}: {problem.message}")
        for policy in counting.select_related("tenant", "calendar").prefetch_related("targets")
        for problem in _endless(policy_document(policy), document)
    ]
    return found[:MOST_TOLD]


def _endless(document: PolicyDocument, calendar: CalendarDocument) -> list[Problem]:
    """The targets in business time that would take decades, because next to nothing is open."""
    try:
        spec = calendar.spec()
    except CalendarError:  # told of elsewhere
        return []
    weekly = timedelta(minutes=sum(closes - opens for _, opens, closes in spec.weekly))
    problems = []
    for number, row in enumerate(document.targets):
        target = document.target(row.metric, row.priority, spec)
        if target is not None and target.basis == ledger.BUSINESS and target.amount > weekly * MOST_WEEKS:
            told = f"{row.words} for {row.priority} would take more than 50 years: too little is open in {spec.name}."
            problems.append(Problem(f"targets.{number}.amount", told))
    return problems
