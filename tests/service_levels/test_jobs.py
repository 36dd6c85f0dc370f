"""Long work: a step counts before it is done, so that what kills its worker is given up; ended work is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from sla import jobs
from sla.models import Job
from tenants.access import SYSTEM
from tests.sla.conftest import HOUR, MONDAY, system  # noqa: F401

pytestmark = pytest.mark.usefixtures("system")
NOON = MONDAY + 3 * HOUR


@pytest.fixture
def does(monkeypatch: pytest.MonkeyPatch) -> Callable[[jobs.Step], Job]:
    """A queued job whose steps are that function."""

    def ask(step: jobs.Step) -> Job:
        monkeypatch.setitem(jobs._STEPS, "trial", step)
        return jobs.ask("trial", "A trial", {}, actor=SYSTEM, now=NOON)

    return ask


def dies(job: Job, now: datetime) -> bool:
    raise SystemExit("the worker was killed")


def test_work_that_kills_its_worker_rests_each_time_and_is_given_up(does) -> None:
    job, now = does(dies), NOON
    for time in range(1, jobs.MOST_FAILURES + 1):
        with pytest.raises(SystemExit):
            jobs.step(now)
        job.refresh_from_db()
        assert (job.state, job.failures) == ("queued", time)
        assert not jobs.step(now), "another worker leaves it alone for a while"
        now += jobs.LEASE
    assert jobs.step(now)
    job.refresh_from_db()
    assert (job.state, job.ended_at, job.error) == ("failed", now, "The worker ended 4 times in the middle of it.")
    assert not jobs.step(now + HOUR)


def test_a_step_that_is_done_forgets_the_deaths_before_it(does, monkeypatch) -> None:
    job = does(dies)
    with pytest.raises(SystemExit):
        jobs.step(NOON)
    monkeypatch.setitem(jobs._STEPS, "trial", lambda job, now: True)
    assert jobs.step(NOON + jobs.LEASE)
    job.refresh_from_db()
    assert (job.state, job.failures) == ("done", 0)


def test_a_job_that_was_cancelled_when_it_was_claimed_does_nothing(does, monkeypatch) -> None:
    job = does(dies)
    claim = jobs._claim

    def claimed_then_cancelled(now: datetime) -> int | None:
        found = claim(now)
        if found is not None:
            jobs.cancel(found, kind="trial", actor=SYSTEM, now=now)
        return found

    monkeypatch.setattr(jobs, "_claim", claimed_then_cancelled)
    assert jobs.step(NOON)
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_ended_jobs_are_kept_for_a_time_and_open_ones_for_ever(does) -> None:
    still, ended = does(dies), does(lambda job, now: True)
    Job.objects.filter(pk=still.pk).update(next_step_at=NOON + timedelta(days=1000))
    assert jobs.step(NOON)
    assert jobs.forget(NOON + jobs.KEPT) == 0
    assert jobs.forget(NOON + jobs.KEPT + HOUR) == 1
    assert list(Job.objects.filter(pk__in=[ended.pk, still.pk])) == [still]
