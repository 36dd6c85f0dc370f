"""The matcher: conditions that hold, in any combination; and what several rules add up to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from escalations import rules
from escalations.rules import Moment
from integrations import quiet
from sla.choice import METRICS, PRIORITIES


@dataclass(frozen=True)
class Rule:
    enabled: bool = True
    tenant_id: int | None = None
    policy_key: str = ""
    metric: str = ""
    share: int | None = None
    priorities: tuple[str, ...] = ()
    segment: str = ""
    tier: str = ""
    owner: bool = False
    lead: bool = False
    watchers: bool = False
    in_console: bool = False
    by_email: bool = False
    channel_id: int | None = None
    reassign: str = ""
    raise_priority: bool = False
    escalate: bool = False
    name: str = field(default="", compare=False)


few = settings(max_examples=60, deadline=None)
moments = st.builds(
    Moment,
    tenant_id=st.integers(1, 3),
    policy_key=st.sampled_from(["standard", "premium"]),
    metric=st.sampled_from(METRICS),
    share=st.sampled_from([50, 75, 90, 100]),
    priority=st.sampled_from(PRIORITIES),
    segment=st.sampled_from(["", "retail"]),
    tier=st.sampled_from(["standard", "premium"]),
)
deeds = {name: st.booleans() for name in ("owner", "lead", "watchers", "in_console", "by_email", "escalate")}
rows = st.builds(
    Rule,
    enabled=st.booleans(),
    tenant_id=st.sampled_from([None, 1, 2]),
    policy_key=st.sampled_from(["", "standard"]),
    metric=st.sampled_from(["", "resolution"]),
    share=st.sampled_from([None, 50, 100]),
    priorities=st.sampled_from([(), ("P0",), ("P0", "P1")]),
    segment=st.sampled_from(["", "retail"]),
    tier=st.sampled_from(["", "premium"]),
    channel_id=st.sampled_from([None, 1, 2]),
    reassign=st.sampled_from(["", "lead"]),
    raise_priority=st.booleans(),
    **deeds,
)


@few
@given(rows, moments)
def test_a_rule_fits_when_each_condition_is_empty_or_holds(rule: Rule, moment: Moment) -> None:
    pairs = [
        (rule.tenant_id, moment.tenant_id),
        (rule.policy_key, moment.policy_key),
        (rule.metric, moment.metric),
        (rule.segment, moment.segment),
        (rule.tier, moment.tier),
    ]
    expected = all(not asked or asked == found for asked, found in pairs)
    expected &= not rule.priorities or moment.priority in rule.priorities
    expected &= moment.share < 100 if rule.share is None else moment.share == rule.share
    assert rules.fits(rule, moment) == (expected and rule.enabled)


@few
@given(rows, moments)
def test_a_condition_more_never_makes_a_rule_fit(rule: Rule, moment: Moment) -> None:
    for wider in ({"tenant_id": None}, {"policy_key": ""}, {"metric": ""}, {"priorities": ()}, {"segment": ""}):
        if rules.fits(rule, moment):
            assert rules.fits(replace(rule, **wider), moment)


@few
@given(st.lists(rows, max_size=6), moments)
def test_a_plan_is_what_its_rules_ask_for(found: list[Rule], moment: Moment) -> None:
    plan = rules.plan(found, moment)
    assert list(plan.rules) == [rule for rule in found if rules.fits(rule, moment)]
    assert sorted(plan.channels) == sorted({rule.channel_id for rule in plan.rules} - {None})
    assert (plan.raises is not None) == any(rule.raise_priority for rule in plan.rules)
    assert plan.reassigns in (None, *plan.rules) and plan.raises in (None, *plan.rules)
    assert list(plan.escalates) == [rule for rule in plan.rules if rule.escalate]


def test_raising_stops_at_the_top() -> None:
    assert [rules.raised(priority) for priority in PRIORITIES] == ["P0", "P0", "P1", "P2"]


# ── Quiet hours ──────────────────────────────────────────────────────────────
@few
@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31)),
    st.times(),
    st.times(),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
)
def test_quiet_hours_end_at_their_end_by_the_zones_wall(at: datetime, starts: time, ends: time, zone: str) -> None:
    now = at.replace(tzinfo=UTC)
    over = quiet.ends_at(now, starts, ends, zone)
    if over is None:
        return
    assert over >= now and (over - now).total_seconds() <= 25 * 3600
    wall = over.astimezone(ZoneInfo(zone)).time()
    skipped = wall.replace(tzinfo=None) != ends and wall.minute == ends.minute
    assert wall == ends or skipped or over == now


def test_quiet_hours_past_midnight() -> None:
    at = datetime(2026, 3, 10, 21, 30, tzinfo=UTC)  # 22:30 in Berlin
    night = (time(22), time(7), "Europe/Berlin")
    assert quiet.ends_at(at, *night) == datetime(2026, 3, 11, 6, 0, tzinfo=UTC)
    assert quiet.ends_at(datetime(2026, 3, 11, 5, 59, tzinfo=UTC), *night) == datetime(2026, 3, 11, 6, 0, tzinfo=UTC)
    assert quiet.ends_at(datetime(2026, 3, 11, 6, 0, tzinfo=UTC), *night) is None
    assert quiet.ends_at(at, None, None, "UTC") is None
