"""The spine's background work, on the beat timetable of companyos.celery."""

from celery import shared_task
from django.utils import timezone

from companyos.events import dispatch
from companyos.events.models import Heartbeat
from companyos.web import idempotency
from tenants import access, isolation

BATCH = 200


@shared_task
def drain_deliveries() -> None:
    for _ in range(BATCH):
        with isolation.scope(access.SYSTEM):
            if not dispatch.deliver_one(timezone.now()):
                return


@shared_task
def beat_tick() -> None:
    Heartbeat.objects.update_or_create(name="beat", defaults={"at": timezone.now()})


@shared_task
def forget_idempotent_requests() -> None:
    with isolation.scope(access.SYSTEM):
        idempotency.forget_older_than(timezone.now() - idempotency.KEPT_FOR)
