"""Background work of the door."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tenants.sign_in import sessions


@shared_task
def forget_ended_sessions() -> int:
    return sessions.forget_ended(timezone.now())
