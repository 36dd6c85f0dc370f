"""A draft becomes a version only sound, previewed just so, past its scenarios, and following the newest version."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from companyos.web.errors import Conflict, DomainError, Forbidden, NotAllowedNow, NotFound
from sla import clocks, jobs, scenarios, versions
from sla.calendars import CalendarError, business_due
from sla.documents import read_calendar
from sla.drafts import activation, drafting
from sla.drafts.activation import ScenariosFail
from sla.drafts.drafting import Unsound
from sla.models import Calendar, Clock, ClockEntry, Draft, Policy, Target
from tenants import isolation
from tenants.access import SYSTEM, Actor
from tenants.models import AuditEntry
from tests.sla.conftest import AGENT, HOUR, MONDAY, case, make_tenant, new_case, system  # noqa: F401

pytestmark = pytest.mark.usefixtures("system")
NOON = MONDAY + 3 * HOUR
DAY = 24 * HOUR
FAR = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-12 * HOUR))  # no instant of Python's once it is UTC


def edited(draft: Draft, *, metric="resolution", priority="P1", amount: str | None = "2 h", **more) -> Draft:
    """The draft saved with another amount for one target, or (None) without it."""
    document = {**draft.document, **more}
    targets = [t for t in document["targets"] if (t["metric"], t["priority"]) != (metric, priority)]
    if amount is not None:
        targets.append({"metric": metric, "priority": priority, "amount": amount})
    document["targets"] = targets
    return drafting.save(draft.pk, document, seen=draft.edits, actor=SYSTEM, now=NOON)


def previewed(draft: Draft, now=NOON) -> Draft:
    drafting.ask_preview(draft.pk, seen=draft.edits, actor=SYSTEM, now=now)
    while jobs.step(now):
        pass
    return drafting.get(draft.pk)


def activate(draft: Draft, *, at=NOON, now=NOON, reason="Agreed."):
    return activation.activate(draft.pk, active_from=at, reason=reason, seen=draft.edits, actor=SYSTEM, now=now)


def begin(key="standard", kind="policy", **more) -> Draft:
    return drafting.begin(kind, key, actor=SYSTEM, now=NOON, **more)


def test_a_draft_of_what_is_there_says_what_is_there_and_is_one_a_key():
    draft = begin()
    assert draft.base_version == 1
    assert {"priority": "P1", "metric": "resolution", "amount": "8 h", "basis": "elapsed"} in draft.document["targets"]
    assert begin().pk == draft.pk
    with pytest.raises(NotFound):
        begin("nowhere")


def test_a_promise_that_would_take_decades_is_refused_and_soon_given_up_on():
    week = {"key": "rare", "name": "Rare", "week": "Mon 09:00-09:01", "time_zone": "UTC"}
    calendar = read_calendar(week)
    versions.publish_calendar(calendar, None, NOON)
    with pytest.raises(CalendarError, match="not used up within 200 years"):
        business_due(calendar.spec(), NOON, timedelta(days=3660))
    assert business_due(calendar.spec(), NOON, timedelta(minutes=3)) == MONDAY.replace(hour=9, minute=1) + 21 * DAY
    draft = begin("rare", document={"key": "rare", "name": "Rare", "calendar": "rare", "targets": []})
    edited(draft, amount="9 business days")
    with pytest.raises(Unsound, match="9 business days for P1 would take more than 50 years"):
        drafting.ask_preview(draft.pk, seen=1, actor=SYSTEM, now=NOON)
    hours = begin("office-hours", "calendar")
    document = {**hours.document, "week": week["week"], "day_length": "24 h"}
    hours = drafting.save(hours.pk, document, seen=hours.edits, actor=SYSTEM, now=NOON)
    with pytest.raises(Unsound, match=r"week: .*too little is open"):
        drafting.ask_preview(hours.pk, seen=hours.edits, actor=SYSTEM, now=NOON)


def test_of_two_editors_the_second_is_told():
    draft = edited(begin())
    with pytest.raises(Conflict) as refused:
        drafting.save(draft.pk, {}, seen=0, actor=SYSTEM, now=NOON)
    assert "Somebody saved this draft since you opened it" in refused.value.message
    for verb in (drafting.ask_preview, drafting.rebase):
        with pytest.raises(Conflict):
            verb(draft.pk, seen=0, actor=SYSTEM, now=NOON)
    with pytest.raises(Conflict):
        drafting.discard(draft.pk, seen=0, actor=SYSTEM)
    drafting.discard(draft.pk, seen=draft.edits, actor=SYSTEM)
    assert not Draft.objects.exists()


def test_a_preview_counts_what_moves_and_what_breaches_and_writes_nothing(case):  # noqa: F811
    case.start(hours=0)  # resolution, 8 h: 2 h puts it in the past at noon
    case.start("first_response", hours=2.5)  # 1 h: stays
    late = new_case(case.tenant)
    late.start(hours=2.5)
    held = new_case(case.tenant)
    held.start(hours=2)
    held.do("pause", 2.5)
    new_case(make_tenant("PREM", "premium")).start(hours=0)
    before = list(Clock.objects.order_by("pk").values()), ClockEntry.objects.count()
    told = previewed(edited(begin())).preview.result
    assert told["cases"] == 3
    assert (told["clocks"], told["earlier"], told["same"], told["paused"], told["later"]) == (4, 2, 1, 1, 0)
    assert told["breaches"] == 1
    [line] = told["breaching"]
    assert (line["clock_set"], line["tenant"], line["metric"]) == (case.clock_set.pk, "Acme", "resolution")
    assert (line["was_due"], line["due"]) == ((MONDAY + 8 * HOUR).isoformat(), (MONDAY + 2 * HOUR).isoformat())
    assert told["most_earlier"] == 6 * 3600
    assert before == (list(Clock.objects.order_by("pk").values()), ClockEntry.objects.count())


def test_a_preview_says_what_would_be_cancelled(case):  # noqa: F811
    case.start(hours=0)
    told = previewed(edited(begin(), amount=None)).preview.result
    assert (told["cancelled"], told["earlier"], told["later"]) == (1, 0, 0)


def test_a_preview_goes_in_bounded_steps(case, monkeypatch):  # noqa: F811
    monkeypatch.setattr("sla.drafts.preview.SETS_A_STEP", 2)
    tenants = [case.tenant, make_tenant("SECOND", "standard")]
    for tenant in tenants:
        for _ in range(3):
            new_case(tenant).start(hours=1)
    draft = edited(begin())
    drafting.ask_preview(draft.pk, seen=draft.edits, actor=SYSTEM, now=NOON)
    assert jobs.step(NOON)
    seen = []
    while jobs.step(NOON):
        job = drafting.get(draft.pk).preview
        seen.append((job.done, job.state))
    assert [done for done, _ in seen] == [2, 4, 6, 6]
    assert (job.total, job.result["cases"], job.result["clocks"], job.state) == (6, 6, 6, "done")


def test_activation_publishes_the_next_version_and_drops_the_draft():
    draft = previewed(edited(begin(), name="Standard, better"))
    [policy] = activate(draft, at=NOON + HOUR)
    assert (policy.key, policy.version, policy.active_from, policy.reason) == (
        *("standard", 2, NOON + HOUR, "Agreed."),
    )
    assert (policy.name, policy.calendar.key) == ("Standard, better", "office-hours")
    assert policy.targets.get(metric="resolution", priority="P1").amount == 2 * HOUR
    assert policy.targets.count() == 14
    assert not Draft.objects.exists()
    with pytest.raises(NotFound):
        activate(draft)


def test_the_audit_keeps_each_target_of_a_version():
    activate(previewed(edited(begin())))
    made = Target.objects.filter(policy=Policy.objects.get(key="standard", version=2))
    kept = AuditEntry.objects.get_for_objects(made)
    assert made.count() == kept.filter(action=AuditEntry.Action.CREATE).count() > 0


def test_activation_wants_a_preview_of_just_this_content_and_not_of_yesterday():
    draft = edited(begin())
    with pytest.raises(NotAllowedNow, match="Preview the draft as it stands first"):
        activate(draft)
    draft = previewed(draft)
    again = edited(draft, amount="3 h")
    with pytest.raises(NotAllowedNow):
        activate(drafting.get(again.pk))
    later = NOON + timedelta(hours=25)
    draft = previewed(drafting.get(again.pk))
    with pytest.raises(NotAllowedNow):
        activate(draft, at=later, now=later)
    assert activate(previewed(draft, later), at=later, now=later)


@pytest.mark.parametrize(
    ("more", "field"), [({"reason": " "}, "reason"), ({"at": NOON - HOUR}, "at"), ({"at": FAR}, "at")]
)
def test_activation_wants_a_reason_and_no_instant_that_has_passed_or_is_beyond_all_plans(more, field):
    draft = previewed(edited(begin()))
    with pytest.raises(DomainError) as refused:
        activate(draft, **more)
    assert refused.value.field == field
    assert Policy.objects.filter(key="standard").count() == 1


def test_a_draft_that_no_longer_follows_the_newest_version_is_refused_until_it_is_compared():
    draft = previewed(edited(begin()))
    standard = Policy.objects.get(key="standard")
    document = versions.policy_document(standard)
    versions.publish_policy(document, standard.calendar, None, active_from=MONDAY, reason="Meanwhile.", now=MONDAY)
    with pytest.raises(Conflict, match="Version 2 was published since this draft was begun"):
        activate(draft)
    draft = previewed(drafting.rebase(draft.pk, seen=draft.edits, actor=SYSTEM, now=NOON))
    assert activate(draft)[0].version == 3


def test_nothing_is_activated_before_a_version_that_is_still_to_come():
    activate(previewed(edited(begin())), at=NOON + 24 * HOUR)
    draft = previewed(edited(begin(), amount="3 h"))
    with pytest.raises(NotAllowedNow, match="Version 2 comes into force later than that"):
        activate(draft, at=NOON)
    assert activate(draft, at=NOON + 24 * HOUR)[0].version == 3


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"key": "other"}, "key"),
        ({"tier": "premium"}, "tenant"),
        ({"tier": "", "tenant": "nobody"}, "tenant"),
        ({"calendar": "nowhere"}, "calendar"),
        ({"shares": [90, 50]}, "shares"),
    ],
)
def test_an_unsound_draft_is_kept_but_neither_previewed_nor_activated(more, path):
    draft = edited(begin(), **more)
    for verb in (lambda: previewed(draft), lambda: activate(draft)):
        with pytest.raises(Unsound) as refused:
            verb()
        assert path in {problem.path for problem in refused.value.problems}


def test_a_policy_counts_in_a_shared_calendar_or_one_of_its_own_tenant():
    acme, birch = make_tenant("ACME", "standard"), make_tenant("BIRCH", "standard")
    Calendar.objects.create(key="birch", name="Birch", tenant=birch, weekly=[[0, 540, 1020]])
    new = {"key": "own", "name": "Own", "tenant": "acme", "calendar": "birch", "targets": []}
    draft = begin("own", document=new)
    assert draft.tenant == acme
    with pytest.raises(Unsound, match="belongs to Birch"):
        previewed(draft)
    draft = drafting.save(draft.pk, new | {"calendar": "office-hours"}, seen=0, actor=SYSTEM, now=NOON)
    assert activate(previewed(draft))[0].tenant == acme


def test_a_failing_scenario_keeps_a_version_from_being_activated():
    told = {
        "name": "A working day",
        "policy": "standard",
        "priority": "P1",
        "metric": "resolution",
        "opened": "Mon 09:00",
        "expect": {"due": "Mon 17:00"},
    }
    scenarios.save(scenarios.read_scenario(told), actor=SYSTEM, now=NOON)
    draft = previewed(edited(begin()))
    with pytest.raises(ScenariosFail) as refused:
        activate(draft)
    assert [failure.scenario for failure in refused.value.failures] == ["A working day"]
    draft = previewed(edited(draft, amount="8 h"))
    assert activate(draft)


def test_who_edits_what_is_shared_reaches_every_tenant():
    acme, birch = make_tenant("ACME", "standard"), make_tenant("BIRCH", "standard")
    lead = Actor(kind="agent", name="Lea", role="lead", tenant_ids=frozenset({acme.pk}))
    with isolation.scope(lead):
        with pytest.raises(Forbidden, match="somebody who reaches all of them"):
            drafting.begin("policy", "standard", actor=lead, now=NOON)
        new = {"key": "own", "name": "Own", "tenant": "acme", "calendar": "office-hours", "targets": []}
        draft = drafting.begin("policy", "own", actor=lead, now=NOON, document=new)
        with pytest.raises(DomainError):  # nor does a draft wander off to a tenant out of reach, or to all
            drafting.save(draft.pk, new | {"tenant": birch.slug}, seen=0, actor=lead, now=NOON)
        with pytest.raises(Forbidden):
            drafting.save(draft.pk, new | {"tenant": ""}, seen=0, actor=lead, now=NOON)
        with pytest.raises(Forbidden):
            drafting.begin("policy", "own", actor=AGENT, now=NOON)


def test_retiring_goes_the_same_way_and_clocks_fall_to_what_then_holds():
    acme = make_tenant("ACME", "standard")
    own = {"key": "own", "name": "Own", "tenant": "acme", "calendar": "office-hours"}
    own["targets"] = [{"priority": "P1", "metric": "resolution", "amount": "1 h"}]
    activate(previewed(begin("own", document=own)))
    thing = new_case(acme)
    assert thing.start(hours=3).target == HOUR
    draft = previewed(begin("own", retires=True))
    assert (draft.preview.result["clocks"], draft.preview.result["later"]) == (1, 1)
    [policy] = activate(draft, reason="Too dear.")
    assert (policy.retired, policy.version) == (True, 2)


# ── Calendars ────────────────────────────────────────────────────────────────
def shorter(draft: Draft, week="Mon-Fri 09:00-13:00") -> Draft:
    return drafting.save(draft.pk, draft.document | {"week": week}, seen=draft.edits, actor=SYSTEM, now=NOON)


def test_zammad_534_a_calendars_change_reaches_every_policy_that_counts_in_it(case):  # noqa: F811
    case.start(hours=0, priority="P2")  # 2 business days of 8 h: Wednesday 09:00 UTC closing Tuesday 17:00
    draft = previewed(shorter(begin("office-hours", "calendar")))
    assert (draft.preview.result["clocks"], draft.preview.result["later"]) == (1, 1)
    made = activate(draft, at=NOON + HOUR, reason="Afternoons off.")
    assert [(policy.key, policy.version) for policy in made] == [("enterprise", 2), ("premium", 2), ("standard", 2)]
    calendar = Calendar.objects.get(key="office-hours", version=2)
    for policy in made:
        assert (policy.calendar, policy.active_from) == (calendar, NOON + HOUR)
        assert policy.reason == "Calendar Office hours, version 2: Afternoons off."
        first = Policy.objects.get(key=policy.key, version=1)
        assert versions.policy_document(policy) == versions.policy_document(first)
    assert Decimal(5) == made[2].targets.get(priority="P3", metric="resolution").business_days


def test_a_version_to_come_takes_no_old_hours_back():
    activate(previewed(edited(begin())), at=NOON + 48 * HOUR)
    activate(previewed(shorter(begin("office-hours", "calendar"))), at=NOON + HOUR)
    held = activation.holding_from("standard", NOON + HOUR)
    assert [(p.version, p.active_from - NOON, p.calendar.version) for p in held] == [
        (3, HOUR, 2),
        (4, 48 * HOUR, 2),
    ]
    assert held[1].targets.get(metric="resolution", priority="P1").amount == 2 * HOUR


def test_a_calendar_that_nobody_counts_in_makes_no_policy_versions():
    new = {"key": "nights", "name": "Nights", "time_zone": "Asia/Tokyo", "week": "Fri 22:00-06:00", "country": "JP"}
    assert activate(previewed(begin("nights", "calendar", document=new))) == []
    calendar = Calendar.objects.get(key="nights")
    assert calendar.spec().weekly == ((4, 1320, 1800),)
    assert calendar.holidays


def test_readings_are_untouched_by_drafts(case):  # noqa: F811
    case.start(hours=0)
    before = clocks.readings([case.clock_set.pk], NOON)
    previewed(edited(begin()))
    assert clocks.readings([case.clock_set.pk], NOON) == before
