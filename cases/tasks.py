"""Background work of cases: each task drains rows that are due."""

from celery import shared_task
from django.utils import timezone

from cases import autoclose, diagnostics
from cases.forecast import forecasting
from tenants import access, isolation

BATCH = 100


@shared_task
def close_silent_cases() -> None:
    for _ in range(BATCH):
        with isolation.scope(access.SYSTEM):
            if not autoclose.close_one(timezone.now()):
                return


@shared_task
def run_diagnostics() -> None:
    for _ in range(BATCH):
        if not diagnostics.run_one_step(timezone.now()):
            return


@shared_task
def refit_forecast() -> None:
    with isolation.scope(access.SYSTEM):
        forecasting.refit(timezone.now())


@shared_task
def score_cases() -> None:
    after: int | None = 0
    while after is not None:
        with isolation.scope(access.SYSTEM):
            after = forecasting.score_open(timezone.now(), after)
