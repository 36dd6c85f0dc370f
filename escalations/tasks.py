"""Background work of escalations, on the beat timetable of companyos.celery."""

from celery import shared_task
from django.utils import timezone

from escalations import drills, grants
from tenants import access, isolation

BATCH = 50


@shared_task
def call_for_reviews() -> None:
    for _ in range(BATCH):
        with isolation.scope(access.SYSTEM):
            if not grants.nag_one(timezone.now()):
                return


@shared_task
def advance_drills() -> None:
    drills.advance(timezone.now())
