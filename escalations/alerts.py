"""Following the alert rules when a clock passed a share of its target: telling, reassigning, raising, escalating.

E-mail and channels are not sent here: the event `case.alerted` names them, and the outbox of integrations sends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Q

from cases import properties
from cases.models import Case
from cases.watching import watchers_of
from companyos.events.models import Event
from companyos.web.errors import DomainError
from escalations import notices, rules
from escalations.escalate import About, open_escalation
from escalations.models import AlertPreference, AlertRule, Channel, Drill
from escalations.rules import Moment, Plan
from sla import ledger
from sla.models import Clock
from tenants.access import Actor, system_named
from tenants.models import Tenant, User
from tenants.reach import people_of

ALERTS = system_named("SLA alerts")


@dataclass
class Followed:
    """What became of an alert: who was told how, in ids for the outbox and in names for people, and what was done."""

    told: list[User] = field(default_factory=list)
    email: list[User] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    did: list[str] = field(default_factory=list)

    def payload(self) -> dict[str, object]:
        return {
            "told": [str(user) for user in self.told],
            "email": [user.pk for user in self.email],
            "emailed": [str(user) for user in self.email],
            "channels": [channel.pk for channel in self.channels],
            "sent_to": [channel.name for channel in self.channels],
            "rules": self.rules,
            "did": self.did,
        }


def still_runs(clock_id: int) -> bool:
    """Whether an alert about the clock would tell anything: a clock that is paused, met or cancelled alerts nobody."""
    return Clock.objects.filter(pk=clock_id, state=ledger.RUNNING).exists()


def plan_for(tenant: Tenant | int, moment: Moment) -> Plan[AlertRule]:  # type: ignore[type-var]
    """The rules in force for the tenant (or its id) that fit the moment, added up."""
    found = AlertRule.objects.filter(Q(tenant=None) | Q(tenant=tenant), enabled=True)
    in_order = found.select_related("channel", "reassign_to").order_by("position", "pk")
    return rules.plan(in_order, moment)  # type: ignore[type-var]


def moment_of(case: Case, clock: Clock, share: int) -> Moment:
    """A drill's clock has targets of its own; the rules are those of the policy that it tests."""
    tested = Drill.objects.filter(case=case).first() if case.tenant.is_drill else None
    return Moment(
        tenant_id=tested.tenant_id if tested and tested.tenant_id else case.tenant_id,
        policy_key=tested.policy_key if tested else clock.policy.key,
        metric=tested.metric if tested else clock.metric,
        share=share,
        priority=clock.priority,
        segment=case.tenant.segment,
        tier=case.tenant.support_tier,
    )


def recipients(case: Case, asked: Sequence[AlertRule]) -> list[User]:
    """Whom the rules tell: of owner, lead, watchers and the people named those who reach the case's tenant."""
    if not asked:
        return []
    told, reach = rules.roles(asked), people_of(case.tenant).filter(is_service=False)  # type: ignore[arg-type]
    ids = set(AlertRule.people.through.objects.filter(alertrule__in=asked).values_list("user_id", flat=True))
    if rules.OWNER in told and case.owner_id:
        ids.add(case.owner_id)
    if rules.LEAD in told:
        ids |= {lead.pk for lead in notices.leads_of(case)}
    if rules.WATCHERS in told:
        ids |= set(watchers_of(case).values_list("pk", flat=True))
    return list(reach.filter(pk__in=ids).select_related("alert_preference").order_by("pk"))


def follow(case: Case, clock: Clock, event: Event, text: str, kind: str, now: datetime) -> Followed:
    """Do what the rules say for this event: tell people, note who is to be written to, and change the case."""
    share = event.payload["share"]
    moment = moment_of(case, clock, share)
    plan = plan_for(moment.tenant_id, moment)
    done = Followed(rules=[rule.name for rule in plan.rules])
    done.told = notices.tell(recipients(case, plan.console), case=case, event=event, kind=kind, text=text)
    done.email = [user for user in recipients(case, plan.email) if wants_email(user)]
    done.channels = list(Channel.objects.filter(pk__in=plan.channels, enabled=True).order_by("pk"))
    if plan.raises:
        done.did += _tried(partial(_raise, case, plan.raises, text, now))
    if plan.reassigns:
        done.did += _tried(partial(_reassign, case, plan.reassigns, now))
    about = About(clock.metric, clock.cycle, clock.round, share)
    for rule in plan.escalates:
        open_escalation(case, text=text, actor=ALERTS, now=now, about=about, rule=rule, cause=event)
        done.did.append("called an escalation")
    return done


def wants_email(user: User) -> bool:
    """Whether the person can and wants to be written to; who never said so does."""
    preference = getattr(user, "alert_preference", None)
    return bool(user.email) and user.is_active and (preference is None or preference.by_email)


def set_by_email(user: User, wanted: bool) -> None:
    """One's own choice whether alerts come by e-mail, too."""
    AlertPreference.objects.update_or_create(user=user, defaults={"by_email": wanted})


def _tried(deed: Callable[[], str]) -> list[str]:
    """What was done, in words; a refusal is told too, and stops nothing else."""
    try:
        with transaction.atomic():
            words = deed()
    except DomainError as error:
        words = f"could not do more: {error.message}"
    return [words] if words else []


def _raise(case: Case, rule: AlertRule, text: str, now: datetime) -> str:
    current = Case.objects.get(pk=case.pk)
    priority = rules.raised(current.priority)
    if priority == current.priority:
        return ""
    reason = f"{text.partition(': ')[2]} (rule “{rule.name}”)"
    properties.prioritise(current, actor=_named(rule), priority=priority, reason=reason, seen=None, now=now)
    return f"raised {current.priority} to {priority}"


def _reassign(case: Case, rule: AlertRule, now: datetime) -> str:
    current = Case.objects.select_related("tenant__escalation_lead", "owner").get(pk=case.pk)
    to = rule.reassign_to if rule.reassign == AlertRule.Reassign.PERSON else _lead(current)
    if to is None or to.pk == current.owner_id:
        return "" if to else "could not give it to the lead: there is none"
    properties.assign(current, actor=_named(rule), owner=to, seen=None, now=now)
    return f"gave it to {to}"


def _lead(case: Case) -> User | None:
    """The tenant's own, or else the first lead who reaches the tenant."""
    leads = [lead.pk for lead in notices.leads_of(case)]
    return people_of(case.tenant).filter(pk__in=leads).order_by("pk").first()


def _named(rule: AlertRule) -> Actor:
    return system_named(f"Rule “{rule.name}”")
