"""Retention: what a confirmed policy takes, what it never touches, and that nothing passes by it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import Error, connection, transaction

from cases import intake, lifecycle
from cases.models import Attachment, Case, CaseStatistic, Evidence, Message, Note
from companyos.events.models import Event
from companyos.web.errors import Conflict, DomainError, Forbidden, NotAllowedNow
from escalations.models import Notice
from reporting import overview
from reporting.models import FeedbackItem
from sla import verify
from sla.models import ClockEntry
from tenants.models import FileRemoval, RetentionPolicy, RetentionRun, Snapshot
from tenants.retention import files, holds, policies, runs
from tests.cast import Cast
from tests.privacy.conftest import stored
from tests.privacy.life import HOUR, NOW, ago, carried_out, lived, put_in_force


def left(*cases: Case) -> list[bool]:
    return [Case.objects.filter(pk=case.pk).exists() for case in cases]


# ── Policies ─────────────────────────────────────────────────────────────────
def test_a_policy_takes_effect_only_after_its_preview_was_confirmed(cast: Cast) -> None:
    manager, old = cast.actor(cast.manager), lived(cast, 400)
    policy = policies.set_days(cast.acme, "cases", 365, actor=manager, now=NOW)
    with pytest.raises(NotAllowedNow, match="Preview"):
        policies.activate(policy, actor=manager, now=NOW)
    assert not runs.plan_one(NOW)
    policy = policies.preview(policy, actor=manager, now=NOW)
    assert policy.preview["total"] == 1 and old.reference in policy.preview["examples"][0]
    with pytest.raises(NotAllowedNow, match="older than a day"):
        policies.activate(policy, actor=manager, now=NOW + 30 * HOUR)
    assert left(old) == [True]
    policies.activate(policy, actor=manager, now=NOW)
    assert runs.plan_one(NOW) and not runs.plan_one(NOW)
    while runs.step(NOW):
        pass
    assert left(old) == [False]


def test_a_changed_period_stops_the_policy_until_it_is_confirmed_again(cast: Cast) -> None:
    put_in_force(cast, "cases", 365, cast.acme)
    old, manager = lived(cast, 400), cast.actor(cast.manager)
    policies.set_days(cast.acme, "cases", 30, actor=manager, now=NOW)
    with pytest.raises(NotAllowedNow, match="No policy"):
        carried_out(cast, cast.acme)
    assert left(old) == [True]


def test_a_tenants_own_draft_keeps_the_default_away(cast: Cast) -> None:
    put_in_force(cast, "cases", 365)
    policies.set_days(cast.acme, "cases", 3650, actor=cast.actor(cast.manager), now=NOW)
    of_acme, of_birch = lived(cast, 400), lived(cast, 400, cast.cleo)
    while runs.plan_one(NOW) or runs.step(NOW):
        pass
    assert left(of_acme, of_birch) == [True, False]


@pytest.mark.parametrize(("data_class", "days"), [("audit", 364), ("cases", 29), ("messages", 0), ("cases", 40_000)])
def test_a_period_has_a_sensible_least_and_most(cast: Cast, data_class: str, days: int) -> None:
    with pytest.raises(DomainError, match=r"at least|At most") as refused:
        policies.set_days(cast.acme, data_class, days, actor=cast.actor(cast.manager), now=NOW)
    assert refused.value.field == "days"


def test_who_may_edit_and_two_who_edit_at_once(cast: Cast) -> None:
    for person in (cast.agent, cast.lead, cast.auditor):
        with pytest.raises(Forbidden):
            policies.set_days(cast.acme, "cases", 365, actor=cast.actor(person), now=NOW)
    manager = cast.actor(cast.manager)
    policy = policies.set_days(cast.acme, "cases", 365, actor=manager, now=NOW)
    seen = policy.version
    policies.preview(policy, actor=manager, now=NOW)
    with pytest.raises(Conflict):
        policies.activate(policy, actor=manager, now=NOW, seen=seen)
    with pytest.raises(DomainError, match="no data class"):
        policies.set_days(cast.acme, "dreams", 365, actor=manager, now=NOW)


# ── Runs ─────────────────────────────────────────────────────────────────────
def test_a_whole_case_goes_and_leaves_figures_behind(cast: Cast, media: Path) -> None:
    old, young = lived(cast, 400), lived(cast, 100)
    open_case = cast.open_case(now=ago(900))
    before = overview.read(NOW)
    put_in_force(cast, "cases", 365)
    run = carried_out(cast, cast.acme)
    assert (run.state, run.counts["cases"]["found"], run.counts["cases"]["done"]) == ("done", 1, 1)
    assert left(old, young, open_case) == [False, True, True]
    of_old = {"case_id": old.pk}
    assert not any(model.objects.filter(**of_old).exists() for model in (Message, Note, Attachment, Evidence, Notice))
    assert not Event.objects.filter(subject_kind="case", subject_id=old.pk).exists()
    assert not ClockEntry.objects.filter(clock__clock_set_id=old.clock_set_id).exists()
    kept = CaseStatistic.objects.get()
    assert (kept.tenant, kept.priority, kept.closed_as, kept.score) == (cast.acme, "P1", "confirmed", 4)
    assert kept.opened_on == old.opened_at.date() and kept.resolution_seconds == 2 * 3600
    assert kept.promises["first_response"] == {"ended": 1, "kept": 0}
    assert verify.verify().differences == []
    assert overview.read(NOW) == before
    assert Event.objects.filter(name="retention.ran", payload__counts__cases=1).exists()


def test_later_cases_no_longer_quote_what_is_gone(cast: Cast) -> None:
    gone, kept = (lived(cast, days, subject=f"Payroll of {name}") for days, name in ((400, "Miller"), (100, "Moss")))
    later = intake.enrich(cast.open_case(subject="Payroll again", now=ago(9)), ago(9))
    told = Event.objects.get(name="case.enriched", subject_kind="case", subject_id=later.pk)
    for past in (later.enrichment["past_cases"], told.payload["past_cases"]):
        assert {one["reference"] for one in past} == {gone.reference, kept.reference}
    put_in_force(cast, "cases", 365)
    carried_out(cast, cast.acme)
    later.refresh_from_db()
    told.refresh_from_db()
    for past in (later.enrichment["past_cases"], told.payload["past_cases"]):
        assert [one["subject"] for one in past] == ["Payroll of Moss"]


def test_the_files_go_from_the_storage_after_the_rows(cast: Cast, media: Path) -> None:
    lived(cast, 400)
    kept = lived(cast, 10)
    put_in_force(cast, "attachments", 365)
    assert len(stored(media)) == 4
    run = carried_out(cast, cast.acme)
    assert run.counts["attachments"]["done"] == 2 and len(stored(media)) == 4, "after the commit, not before"
    while files.remove_one(NOW + HOUR):
        pass
    assert len(stored(media)) == 2
    assert Attachment.objects.get().case == kept and Evidence.objects.get().case == kept


def test_a_file_that_will_not_go_is_tried_again_until_it_has(cast: Cast, media: Path, settings) -> None:
    folder = media / "stubborn"
    folder.mkdir()
    (folder / "inside").write_text("x")
    files.doom(cast.acme.pk, "stubborn", NOW)  # a folder that is not empty refuses to go
    files.doom(cast.acme.pk, "never-was", NOW)
    while files.remove_one(NOW):
        pass
    waiting = FileRemoval.objects.get()
    assert waiting.attempts == 1 and waiting.last_error and waiting.next_attempt_at > NOW
    (folder / "inside").unlink()
    assert files.remove_one(NOW + HOUR)
    assert not FileRemoval.objects.exists() and not default_storage.exists("stubborn")


def test_messages_lose_their_words_and_the_case_stays(cast: Cast) -> None:
    old, young = lived(cast, 400), lived(cast, 100)
    put_in_force(cast, "messages", 365)
    carried_out(cast, cast.acme)
    assert set(old.messages.values_list("body", flat=True)) == {"[removed]"}
    assert "[removed]" not in set(young.messages.values_list("body", flat=True))
    assert set(Note.objects.filter(case=old).values_list("body", flat=True)) == {"[removed]"}
    assert old.resolutions.get().summary == "The quota was raised."
    assert verify.verify().differences == []


def test_a_dry_run_counts_exactly_what_the_real_one_takes(cast: Cast) -> None:
    for days in (50, 200, 400, 800):
        lived(cast, days)
    for data_class, days in (("attachments", 100), ("messages", 300), ("cases", 700)):
        put_in_force(cast, data_class, days)
    counted = carried_out(cast, cast.acme, dry=True)
    assert Case.objects.count() == 4 and counted.done == 0 and counted.state == "done"
    real = carried_out(cast, cast.acme)
    found = {key: one["found"] for key, one in counted.counts.items()}
    assert found == {key: one["done"] for key, one in real.counts.items()}
    assert found == {"attachments": 6, "messages": 8, "cases": 1}
    again = carried_out(cast, cast.acme)
    assert again.done == 0


def test_a_run_that_is_killed_goes_on_where_it_was(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [lived(cast, 400 + n) for n in range(3)]
    put_in_force(cast, "cases", 365)
    monkeypatch.setattr("cases.retention.BATCH", 1)
    run = runs.start(cast.acme, dry=False, actor=cast.actor(cast.manager), now=NOW)
    runs.step(NOW)  # counts
    runs.step(NOW)  # the first batch
    assert sum(left(*cases)) == 2
    sid = transaction.savepoint()
    runs.step(NOW)
    transaction.savepoint_rollback(sid)  # as if the worker had died before its commit
    run.refresh_from_db()
    assert (sum(left(*cases)), run.counts["cases"]["done"], run.state) == (2, 1, "running")
    while runs.step(NOW):
        pass
    run.refresh_from_db()
    assert (sum(left(*cases)), run.counts["cases"]["done"], run.state) == (0, 3, "done")
    assert CaseStatistic.objects.count() == 3


def test_a_batch_that_fails_is_told_and_tried_again_and_given_up_at_last(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = lived(cast, 400)
    put_in_force(cast, "cases", 365)
    monkeypatch.setattr("cases.retention.CASES.__class__.take", _fails)
    run = runs.start(cast.acme, dry=False, actor=cast.actor(cast.manager), now=NOW)
    for hours in range(7):
        runs.step(NOW + hours * HOUR)
    run.refresh_from_db()
    assert (run.state, run.attempts, run.error) == ("failed", 5, "the disk is full")
    assert left(old) == [True] and not runs.step(NOW + 99 * HOUR)


def _fails(*args: object) -> int:
    raise OSError("the disk is full")


# ── Holds ────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("on", ["tenant", "requester", "case"])
def test_what_is_on_hold_stays_until_the_hold_is_released(cast: Cast, on: str) -> None:
    held, lead = lived(cast, 400), cast.actor(cast.manager)
    free = lived(cast, 400, cast.ann if on != "tenant" else cast.cleo)
    words = {"tenant": {}, "requester": {"requester": cast.ada}, "case": {"reference": held.reference}}[on]
    hold = holds.place(cast.acme, reason="Court file 12", actor=lead, now=NOW, **words)
    put_in_force(cast, "cases", 365)
    run = carried_out(cast, cast.acme)
    carried_out(cast, cast.birch)
    assert left(held, free) == [True, False] and run.counts["cases"]["held"] == 1
    holds.release(hold.pk, reason="Settled", actor=lead, now=NOW)
    carried_out(cast, cast.acme)
    assert left(held) == [False]


def test_a_hold_says_why_is_placed_once_and_names_what_there_is(cast: Cast) -> None:
    manager = cast.actor(cast.manager)
    with pytest.raises(DomainError, match="Say why"):
        holds.place(cast.acme, reason=" ", actor=manager, now=NOW)
    with pytest.raises(DomainError, match="no case BIRCH-1"):
        holds.place(cast.acme, reason="x", reference="birch-1", actor=manager, now=NOW)
    with pytest.raises(DomainError, match="nobody of"):
        holds.place(cast.acme, reason="x", requester=cast.cleo, actor=manager, now=NOW)
    holds.place(cast.acme, reason="x", actor=manager, now=NOW)
    with pytest.raises(NotAllowedNow, match="already"):
        holds.place(cast.acme, reason="y", actor=manager, now=NOW)
    with pytest.raises(Forbidden):
        holds.place(cast.birch, reason="x", actor=cast.actor(cast.lead), now=NOW)


# ── What the database refuses ────────────────────────────────────────────────
def refused(sql: str, *values: object, match: str) -> None:
    with pytest.raises(Error, match=match), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)


def test_the_runtime_role_deletes_nothing_by_itself(cast: Cast) -> None:
    old = lived(cast, 400)
    put_in_force(cast, "cases", 365)
    for setting in ("on", "cases_message,events_event"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('companyos.rewriting', %s, true)", [setting])
        refused("DELETE FROM cases_message WHERE case_id = %s", old.pk, match="append-only")
        refused("UPDATE events_event SET reason = 'x' WHERE subject_id = %s", old.pk, match="append-only")


DEEDS = ("companyos_drop_cases", "companyos_drop_words", "companyos_drop_files")


def all_refuse(case: Case, at: datetime) -> None:
    for deed in DEEDS:
        refused(f"SELECT {deed}(%s, %s)", [case.pk], at, match="may not touch")


def test_the_functions_refuse_what_no_policy_allows(cast: Cast) -> None:
    old, young, foreign = lived(cast, 400), lived(cast, 100), lived(cast, 400, cast.cleo)
    all_refuse(old, NOW)  # no policy at all
    for data_class in ("cases", "messages", "attachments"):
        put_in_force(cast, data_class, 365)
    all_refuse(young, NOW)
    all_refuse(old, NOW + 1000 * HOUR)  # an instant to come makes nothing old
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('companyos.tenants', %s, true)", [str(cast.acme.pk)])
    all_refuse(foreign, NOW)  # out of scope
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('companyos.tenants', 'all', true)")
    holds.place(cast.acme, reason="x", reference=old.reference, actor=cast.actor(cast.manager), now=NOW)
    all_refuse(old, NOW)
    reopened = lifecycle.reopen(foreign, actor=cast.actor(cast.agent), reason="Again", seen=None, now=ago(399))
    all_refuse(reopened, NOW)


# ── The command ──────────────────────────────────────────────────────────────
def test_the_command_counts_first_and_then_takes(cast: Cast, capsys: pytest.CaptureFixture[str], media: Path) -> None:
    lived(cast, 400)
    put_in_force(cast, "cases", 365)
    call_command("retention", "--dry-run", "--tenant", "acme")
    assert "acme: Closed cases: 1 would go (365 days)" in capsys.readouterr().out
    assert Case.objects.count() == 1
    call_command("retention")
    assert "acme: Closed cases: 1 of 1 gone" in capsys.readouterr().out
    assert not Case.objects.exists() and stored(media) == []
    assert FeedbackItem.objects.filter(case__isnull=False).count() == 0
    assert not Snapshot.objects.exists()
    assert RetentionPolicy.objects.count() == 1 and RetentionRun.objects.filter(dry=False, state="done").count() == 2
