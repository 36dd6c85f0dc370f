"""Drills: a marked test case on the real path, from its clock to an acknowledgement, at targets of seconds.

Nothing here does the work of the path: sweep, rules, outbox and escalation are those of every case. A drill opens its
case, reads what became of it, acknowledges the escalation in the name of who asked, and closes the case.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from cases import intake, lifecycle, properties
from cases.lifecycle import Fix
from cases.models import Case
from cases.models.case import Channel, ClosedAs, Status
from companyos.web.errors import Conflict, DomainError, NotFound
from escalations import drill_hops, escalate
from escalations.models import Drill, Escalation
from sla import diary, versions
from sla.choice import METRICS
from sla.models import Calendar, Policy, Target
from tenants import actors, isolation
from tenants.access import SYSTEM, Actor, system_named
from tenants.models import Membership, Requester, Tenant, User

LIMIT = timedelta(seconds=90)
TARGET, SHARES = timedelta(seconds=6), (50, 75, 90)
KEY = "drill"
DRILLS = system_named("Drill")
MARK = "DRILL"


# ── Starting one ─────────────────────────────────────────────────────────────
def testable(now: datetime) -> list[Policy]:
    """The policies in force within the scope, the one that is tested unless another is named first."""
    found = [one for one in diary.policies_in_force(now) if one.tenant is None or not one.tenant.is_drill]
    ranks = {"": 0, "standard": 1}
    return sorted(
        found, key=lambda one: (one.tenant_id is not None, one.segment != "", ranks.get(one.tier, 2), one.key)
    )


def start(
    actor: Actor, now: datetime, *, policy_key: str = "", metric: str = drill_hops.METRIC, priority: str = "P0"
) -> Drill:
    """Open the test case. People and channels really hear of it. Raises Conflict while another drill runs.

    Tested are the alert rules of that policy, metric and priority; the clock is always that of a first response.
    """
    actor.require("drill.run")
    if actor.user_id is None:
        raise DomainError("people_only", "A drill is asked for by a person, who then acknowledges its escalation.")
    properties.check_priority(priority)
    if metric not in METRICS:
        raise DomainError("unknown_metric", f"The metric is one of {', '.join(METRICS)}.", "metric")
    policies = testable(now)  # within the asker's own scope
    policy = next((one for one in policies if policy_key in ("", one.key)), None)
    if policy is None:
        raise DomainError("unknown_policy", "Choose a policy that is in force.", "policy")
    with isolation.scope(SYSTEM):
        tenant = _tenant(policy, actor)  # locked, so that two starts come one after the other
        running = Drill.objects.filter(state=Drill.State.RUNNING).first()
        if running is not None:
            raise Conflict("already_running", f"{running.case_reference} is still running; wait for its end.")
        case = _open(tenant, User.objects.get(pk=actor.user_id), priority, now)
        drill = Drill(
            tenant_id=policy.tenant_id,
            policy_key=policy.key,
            metric=metric,
            priority=priority,
            asked_by_id=actor.user_id,
            case=case,
            case_reference=case.reference,
            started_at=now,
            deadline_at=now + LIMIT,
        )
        drill.hops = [hop.as_dict() for hop in drill_hops.read(drill)]
        drill.save(force_insert=True)
    return drill


def _tenant(policy: Policy, actor: Actor) -> Tenant:
    """The drills' own tenant, made at the first drill; placed so that the tested policy's rules and people fit it."""
    tenant = Tenant.objects.select_for_update().filter(is_drill=True).first() or _new_tenant()
    place = policy.tenant
    reach = Membership.objects.filter(user=actor.user_id).first()
    if place is not None:
        tenant.region, tenant.segment, tenant.support_tier = place.region, place.segment, place.support_tier
    else:
        own = Tenant._meta
        tenant.region = reach.regions[0] if reach and reach.regions else own.get_field("region").default
        segment = reach.segments[0] if reach and reach.segments else own.get_field("segment").default
        tenant.segment = policy.segment or segment
        tenant.support_tier = policy.tier or own.get_field("support_tier").default
    tenant.escalation_lead = place.escalation_lead if place else None
    tenant.save(update_fields=["region", "segment", "support_tier", "escalation_lead"])
    return tenant


def _new_tenant() -> Tenant:
    taken = Tenant.objects.values_list("prefix", "slug")
    used = {word.lower() for pair in taken for word in pair}
    name = next(name for number in range(1, 1000) if (name := f"drill{number if number > 1 else ''}") not in used)
    return Tenant.objects.create(name="Drill", slug=name, prefix=name.upper(), is_drill=True, auto_close_days=1)


def _promise(tenant: Tenant, now: datetime) -> None:
    """The drills' own policy: a first response within seconds, for every priority."""
    if Policy.objects.filter(tenant=tenant).exists():
        return
    calendar = Calendar(tenant=tenant, key=tenant.slug, name="Drill", weekly=[[day, 0, 1440] for day in range(7)])
    versions.publish(calendar, now)
    policy = Policy(
        tenant=tenant, key=tenant.slug, name="Drill", calendar=calendar, active_from=now, shares=list(SHARES),
        reason="Targets of seconds, for tests of the escalation paths.",
    )  # fmt: skip
    versions.publish(policy, now)
    Target.objects.bulk_create(
        Target(policy=policy, tenant=tenant, priority=priority, metric=drill_hops.METRIC, amount=TARGET)
        for priority in ("P0", "P1", "P2", "P3")
    )


def _open(tenant: Tenant, asked_by: User, priority: str, now: datetime) -> Case:
    _promise(tenant, now)
    requester, _ = Requester.objects.get_or_create(
        tenant=tenant, external_id=KEY, defaults={"name": "Drill", "email": "drill@drill.invalid"}
    )
    told = intake.Report(
        subject=f"{MARK}: a test of the escalation paths",
        description=f"{asked_by} tests the escalation paths. This is no customer's case; it closes by itself.",
    )
    case = intake.open_case(told, requester=requester, actor=DRILLS, now=now, channel=Channel.CONSOLE)
    case = intake.enrich(case, now)  # before the priority is set: a proposal would take its place
    if case.priority != priority:
        why = "The drill tests this priority"
        case = properties.prioritise(case, actor=DRILLS, priority=priority, reason=why, seen=None, now=now)
    owner = actors.of_user(asked_by)
    if owner is not None and owner.can("case.reply") and (owner.tenant_ids is None or tenant.pk in owner.tenant_ids):
        case = properties.assign(case, actor=DRILLS, owner=asked_by, seen=None, now=now)
    return case


# ── Going on, and ending ─────────────────────────────────────────────────────
def advance(now: datetime) -> bool:
    """See what became of the running drill, and do its own part; False when none runs. Idempotent."""
    with isolation.scope(SYSTEM):
        drill = (
            Drill.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("case__tenant", "asked_by")
            .filter(state=Drill.State.RUNNING)
            .first()
        )
        if drill is None:
            return False
        if drill.case is None:  # erased meanwhile; the next drill waits for this one's end
            _end(drill, Drill.State.FAILED, "Its case was removed while it ran.", now)
            drill.save(update_fields=["state", "missing", "ended_at"])
            return True
        _acknowledge(drill, now)
        hops = drill_hops.read(drill)
        drill.hops = [hop.as_dict() for hop in hops]
        missing = [hop for hop in hops if hop.result not in drill_hops.GOOD]
        if not missing:
            _end(drill, Drill.State.PASSED, "", now)
        elif now >= drill.deadline_at or all(hop.result != drill_hops.AWAITED for hop in missing):
            _end(drill, Drill.State.FAILED, "; ".join(f"{hop.title}: {hop.detail}" for hop in missing), now)
        drill.save(update_fields=["hops", "state", "missing", "ended_at"])
    return True


def _acknowledge(drill: Drill, now: datetime) -> None:
    """In the name of who asked, and marked as the drill's own deed; a person who was faster keeps it."""
    name = f"Drill, for {drill.asked_by}"
    actor = Actor(kind="system", name=name, role=SYSTEM.role, user_id=drill.asked_by_id)
    for escalation in Escalation.objects.filter(case=drill.case, state=Escalation.State.OPEN).order_by("pk"):
        escalate.acknowledge(escalation, actor=actor, now=now)


def _end(drill: Drill, state: str, missing: str, now: datetime) -> None:
    drill.state, drill.missing, drill.ended_at = state, missing[:500], now
    case = drill.case
    if case is None:
        return
    about: dict[str, Any] = {"actor": DRILLS, "seen": None, "now": now}
    why = f"The drill is over: {Drill.State(state).label.lower()}"
    if case.status in (Status.NEW, Status.TRIAGE):
        lifecycle.dismiss(case, kind=ClosedAs.SPAM, reason=why, **about)
        return
    if case.status in (Status.IN_PROGRESS, Status.WAITING):
        case = lifecycle.resolve(case, Fix(why, "no_fault", evidence_links=["https://drill.invalid/"]), **about)
    if case.status == Status.RESOLVED:
        lifecycle.close(case, reason=why, **about)


# ── Reading ──────────────────────────────────────────────────────────────────
def get_drill(drill_id: int) -> Drill:
    """Within the asker's scope. Raises NotFound."""
    drill = Drill.objects.select_related("asked_by", "tenant").filter(pk=drill_id).first()
    if drill is None:
        raise NotFound("not_found", f"There is no drill {drill_id}.")
    return drill


def last() -> Drill | None:
    """The last one that has ended: since when, and whether, the escalation paths are tested."""
    ended = Drill.objects.exclude(state=Drill.State.RUNNING).select_related("asked_by")
    return ended.order_by("-started_at", "-pk").first()
