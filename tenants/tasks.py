"""Background work of tenants: each task drains rows that are due."""

from celery import shared_task
from django.utils import timezone

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
