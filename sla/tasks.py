"""Tasks of the clocks: they carry no truth, each drains rows that are due."""

from celery import shared_task
from django.utils import timezone

from sla import sweep

BATCH = 500


@shared_task
def sweep_clocks() -> int:
    return sweep.drain(timezone.now(), BATCH)
