"""Background work of the integrations."""

from celery import shared_task
from django.utils import timezone

from integrations import outbox, telemetry

BATCH = 50


@shared_task
def refresh_health() -> None:
    for _ in range(BATCH):
        if not telemetry.refresh_one(timezone.now()):
            return


@shared_task
def drain_outbox() -> None:
    for _ in range(BATCH):
        if not outbox.send_one(timezone.now()):
            return
