"""The Celery app and the whole beat timetable. Tasks carry no truth: each one drains rows that PostgreSQL holds."""

import os

from celery import Celery
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "companyos.settings")

app = Celery("companyos")
app.set_default()  # for every thread: "current" holds for the importing one alone
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()

# task: (seconds between runs). `expires` keeps a queue that nobody drained from replaying hours of ticks.
TIMETABLE = {
    "companyos.tasks.drain_deliveries": 3,
    "companyos.tasks.beat_tick": 5,
    "sla.tasks.sweep_clocks": 5,
    "sla.tasks.run_jobs": 5,
    "sla.tasks.roll_out_policies": 10,
    "sla.tasks.forget_jobs": 3600,
    "cases.tasks.close_silent_cases": 30,
    "cases.tasks.run_diagnostics": 5,
    "cases.tasks.refit_forecast": 60,
    "cases.tasks.score_cases": 120,
    "escalations.tasks.call_for_reviews": 300,
    "escalations.tasks.advance_drills": 2,
    "integrations.tasks.refresh_health": 30,
    "integrations.tasks.drain_outbox": 5,
    "companyos.tasks.forget_idempotent_requests": 3600,
    "tenants.tasks.seal_audit": 60,
    "tenants.tasks.prove_audit": 10,
    "tenants.tasks.forget_portal_visits": 3600,
    "tenants.sign_in.tasks.forget_ended_sessions": 3600,
    "tenants.tasks.plan_retention": 900,
    "tenants.tasks.run_retention": 10,
    "tenants.tasks.remove_files": 10,
    "tenants.tasks.run_data_jobs": 5,
    "tenants.tasks.expire_exports": 600,
}
app.conf.beat_schedule = {
    name: {"task": name, "schedule": every, "options": {"expires": max(every * 2, 10)}}
    for name, every in TIMETABLE.items()
}
