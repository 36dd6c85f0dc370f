"""Cases that closed long ago, with something in every table, and policies confirmed as people confirm them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from cases import conversation, intake, lifecycle
from cases.lifecycle import Fix
from cases.models import Case, Evidence
from tenants.models import Requester, RetentionPolicy, RetentionRun, Tenant
from tenants.retention import policies, runs
from tests.cast import Cast

NOW = timezone.now()
HOUR = timedelta(hours=1)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def lived(cast: Cast, closed_days_ago: float, requester: Requester | None = None, **words: object) -> Case:
    """A case with words and files of every kind, closed that long ago."""
    person, agent, at = requester or cast.ada, cast.actor(cast.agent), ago(closed_days_ago) - 5 * HOUR
    files = [SimpleUploadedFile("log.txt", b"a log of theirs")]
    case = cast.open_case(person, now=at, **words)
    case = intake.enrich(case, at)
    case = lifecycle.accept(case, actor=agent, priority="P1", owner=cast.agent, seen=None, now=at + HOUR)
    case = lifecycle.start(case, actor=agent, seen=None, now=at + HOUR)
    conversation.note(case, actor=agent, body="They seem upset.", now=at + HOUR)
    conversation.reply(case, actor=agent, body="We look into it.", files=files, now=at + HOUR)
    Evidence.objects.create(
        tenant=case.tenant, case=case, name="trace.json", size=2, sha256="0" * 64, content_type="application/json",
        at=at, collected_by="x", file=ContentFile(b"{}", name="x"),
    )  # fmt: skip
    fix = Fix(summary="The quota was raised.", code="quota", evidence_links=["https://traces.example/1"])
    case = lifecycle.resolve(case, fix, actor=agent, seen=None, now=at + 2 * HOUR)
    asker = cast.actor(person)
    case = lifecycle.close(case, actor=asker, seen=None, now=at + 5 * HOUR)
    conversation.survey(case, actor=asker, score=4, words="Good in the end.", now=at + 5 * HOUR)
    return case


def put_in_force(cast: Cast, data_class: str, days: int, tenant: Tenant | None = None) -> RetentionPolicy:
    """Draft, preview, confirmation: as a manager does it."""
    manager = cast.actor(cast.manager)
    policy = policies.set_days(tenant, data_class, days, actor=manager, now=NOW)
    policies.preview(policy, actor=manager, now=NOW)
    return policies.activate(policy, actor=manager, now=NOW)


def carried_out(cast: Cast, tenant: Tenant, *, dry: bool = False) -> RetentionRun:
    run = runs.start(tenant, dry=dry, actor=cast.actor(cast.manager), now=NOW)
    while runs.step(NOW):
        pass
    run.refresh_from_db()
    return run
