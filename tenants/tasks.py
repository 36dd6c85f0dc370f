"""Background work of tenants: each task drains rows that are due."""

from celery import shared_task
from django.utils import timezone

from tenants.audit import proving, seals
from tenants.portal import visits
from tenants.privacy import jobs, work
from tenants.retention import files, runs

BATCH = 200


@shared_task
def plan_retention() -> None:
    while runs.plan_one(timezone.now()):
        pass


@shared_task
def run_retention() -> None:
    for _ in range(BATCH):
        if not runs.step(timezone.now()):
            return


@shared_task
def remove_files() -> None:
    for _ in range(BATCH):
        if not files.remove_one(timezone.now()):
            return


@shared_task
def run_data_jobs() -> None:
    for _ in range(BATCH):
        if not work.step(timezone.now()):
            return


@shared_task
def expire_exports() -> None:
    while jobs.expire_one(timezone.now()):
        pass


@shared_task
def seal_audit() -> None:
    for _ in range(BATCH):
        if seals.seal_next(timezone.now()) is None:
            return


@shared_task
def prove_audit() -> None:
    proving.ask_daily(timezone.now())
    for _ in range(BATCH):
        if not proving.prove_some(timezone.now()):
            return


@shared_task
def forget_portal_visits() -> None:
    while visits.forget_ended():
        pass
