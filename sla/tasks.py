"""Tasks of the clocks: they carry no truth, each drains rows that are due."""

import time

from celery import shared_task
from django.utils import timezone

from sla import jobs, rollout, sweep

MOST_CLOCKS = 20_000  # of one sweep; beat sends the next one in seconds
JOB_SECONDS = 20.0  # a worker then looks at its other work too; beat sends the next one


@shared_task
def sweep_clocks() -> int:
    return sweep.drain(timezone.now(), MOST_CLOCKS)


@shared_task
def run_jobs() -> None:
    until = time.monotonic() + JOB_SECONDS
    while time.monotonic() < until and jobs.step(timezone.now()):
        pass


@shared_task
def roll_out_policies() -> None:
    until = time.monotonic() + JOB_SECONDS
    while time.monotonic() < until and rollout.step(timezone.now()):
        pass


@shared_task
def forget_jobs() -> None:
    while jobs.forget(timezone.now()) == jobs.FORGOTTEN_AT_ONCE:
        pass
