"""Background work of the door."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from tenants.sign_in import lockout, sessions


@shared_task
def forget_ended_sessions() -> int:
    now = timezone.now()
    return sessions.forget_ended(now) + lockout.forget_old(now)
