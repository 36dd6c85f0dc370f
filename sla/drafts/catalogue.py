"""The policies as their pages read them: what is in force, what is to come, and who gets what and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from companyos.web.errors import NotFound
from sla.documents import PolicyDocument, write_policy
from sla.drafts.changes import Change, changes
from sla.models import Draft, Policy
from sla.policies import choose
from sla.versions import policy_document
from tenants.models import Tenant

RANKS = ("Tenants’ own", "Segments", "Support tiers", "Everybody else")


@dataclass
class Line:
    """One key: the version in force (None: not yet, or no longer), those to come, and the draft under way."""

    key: str
    newest: Policy
    held: Policy | None = None
    coming: list[Policy] = field(default_factory=list)
    draft: Draft | None = None

    @property
    def rank(self) -> str:
        policy = self.newest
        places = (policy.tenant_id is not None, bool(policy.segment), bool(policy.tier), True)
        return next(rank for rank, fits in zip(RANKS, places, strict=True) if fits)

    @property
    def shown(self) -> Policy:
        return self.held or (self.coming[0] if self.coming else self.newest)


@dataclass(frozen=True)
class Version:
    """A version with its targets as a document and what it changed. `holds` is "now", "ahead", "past" or "retired"."""

    policy: Policy
    document: PolicyDocument
    changes: list[Change]
    holds: str


def lines(now: datetime) -> dict[str, list[Line]]:
    """Every key in the present scope by rank, the most specific first; empty ranks are left out."""
    rows = Policy.objects.exclude(tenant__is_drill=True).select_related("tenant", "calendar", "rollout")
    found: dict[str, Line] = {}
    for policy in rows.order_by("key", "active_from", "version"):
        line = found.setdefault(policy.key, Line(policy.key, policy))
        line.newest = max(line.newest, policy, key=lambda one: one.version)
        if policy.active_from <= now:
            line.held = policy
        else:
            line.coming.append(policy)
    for line in found.values():
        if line.held is not None and line.held.retired:
            line.held = None
    for draft in Draft.objects.filter(kind=Draft.Kind.POLICY).select_related("author"):
        if draft.key in found:
            found[draft.key].draft = draft
    return {rank: some for rank in RANKS if (some := [line for line in found.values() if line.rank == rank])}


def new_drafts() -> list[Draft]:
    """Drafts of policies that have no version yet."""
    known = Policy.objects.order_by("key").values_list("key", flat=True).distinct()
    drafts = Draft.objects.filter(kind=Draft.Kind.POLICY).exclude(key__in=known).select_related("author", "tenant")
    return list(drafts.order_by("key"))


def who_gets_what(slug: str, now: datetime) -> tuple[Tenant, Version | None, str]:
    """The tenant of that slug, the policy that holds for it, and why. Raises NotFound for a tenant out of reach."""
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise NotFound("not_found", "There is no such tenant; choose one from the list.")
    choice = choose(tenant, now)
    held = Version(choice.policy, policy_document(choice.policy), [], "now") if choice.policy else None
    return tenant, held, choice.why


def history(key: str, now: datetime) -> list[Version]:
    """Every version of the key, the newest first. Raises NotFound when there is none in reach."""
    rows = Policy.objects.filter(key=key).select_related("tenant", "calendar", "rollout").prefetch_related("targets")
    policies = list(rows.order_by("-version"))
    if not policies:
        raise NotFound("not_found", f"There is no policy “{key}”.")
    documents = {policy.pk: policy_document(policy) for policy in policies}
    told: dict[int, list[Change]] = {}
    for policy, before in pairwise(policies):
        was, now_is = write_policy(documents[before.pk]), write_policy(documents[policy.pk])
        told[policy.pk] = changes(was, now_is)
        if policy.calendar_id != before.calendar_id and policy.calendar.key == before.calendar.key:
            versions = f"version {before.calendar.version}", f"version {policy.calendar.version}"
            told[policy.pk].append(Change(f"Calendar {policy.calendar.name}", *versions))
    order = sorted(policies, key=lambda one: (one.active_from, one.version))
    held = max((one for one in order if one.active_from <= now), key=order.index, default=None)
    return [Version(one, documents[one.pk], told.get(one.pk, []), _holds(one, held, now)) for one in policies]


def _holds(policy: Policy, held: Policy | None, now: datetime) -> str:
    if policy.active_from > now:
        return "ahead"
    if held is not None and policy.pk == held.pk:
        return "retired" if policy.retired else "now"
    return "past"
