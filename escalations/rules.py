"""Which alert rules fit a clock's share, and what they add up to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from sla.choice import PRIORITIES

BREACH = 100
OWNER, LEAD, WATCHERS = "owner", "lead", "watchers"


@dataclass(frozen=True)
class Moment:
    """A clock that passed a share of its target (100: breached it), of a case with this priority and tenant."""

    tenant_id: int
    policy_key: str
    metric: str
    share: int
    priority: str
    segment: str = ""
    tier: str = ""


class Rule(Protocol):
    """The conditions of a rule, each empty for any, and what it does; as `escalations.models.AlertRule` has them."""

    enabled: bool
    tenant_id: int | None
    policy_key: str
    metric: str
    share: int | None
    segment: str
    tier: str
    owner: bool
    lead: bool
    watchers: bool
    in_console: bool
    by_email: bool
    channel_id: int | None
    reassign: str
    raise_priority: bool
    escalate: bool

    @property
    def priorities(self) -> Collection[str]: ...


R = TypeVar("R", bound=Rule)


def fits(rule: Rule, moment: Moment) -> bool:
    """Whether all conditions hold. A rule without a share is for every warning, not for the breach."""
    share = moment.share < BREACH if rule.share is None else rule.share == moment.share
    return (
        rule.enabled
        and share
        and rule.tenant_id in (None, moment.tenant_id)
        and rule.policy_key in ("", moment.policy_key)
        and rule.metric in ("", moment.metric)
        and (not rule.priorities or moment.priority in rule.priorities)
        and rule.segment in ("", moment.segment)
        and rule.tier in ("", moment.tier)
    )


@dataclass(frozen=True)
class Plan(Generic[R]):
    """What the rules that fit ask for, together. Of several that reassign or raise the priority the first does it."""

    rules: tuple[R, ...] = ()
    console: tuple[R, ...] = ()
    email: tuple[R, ...] = ()
    channels: tuple[int, ...] = ()
    reassigns: R | None = None
    raises: R | None = None
    escalates: tuple[R, ...] = field(default=())


def plan(rules: Iterable[R], moment: Moment) -> Plan[R]:
    """In the rules' order. A channel that several name gets one message."""
    found = tuple(rule for rule in rules if fits(rule, moment))
    return Plan(
        rules=found,
        console=tuple(rule for rule in found if rule.in_console),
        email=tuple(rule for rule in found if rule.by_email),
        channels=tuple(dict.fromkeys(rule.channel_id for rule in found if rule.channel_id is not None)),
        reassigns=next((rule for rule in found if rule.reassign), None),
        raises=next((rule for rule in found if rule.raise_priority), None),
        escalates=tuple(rule for rule in found if rule.escalate),
    )


def roles(rules: Sequence[Rule]) -> frozenset[str]:
    """Which of owner, lead and watchers the rules tell."""
    return frozenset(
        name
        for rule in rules
        for name, told in ((OWNER, rule.owner), (LEAD, rule.lead), (WATCHERS, rule.watchers))
        if told
    )


def raised(priority: str) -> str:
    """One step more urgent; the most urgent stays."""
    return PRIORITIES[max(0, PRIORITIES.index(priority) - 1)]
