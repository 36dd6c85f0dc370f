"""Two tenants with one of everything. What belongs to the second bears a mark in every text and in every number.

The second tenant can be there or not: `with world.stranger() as words:` builds it, and takes it away without a trace.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models, transaction

from cases import conversation, intake, lifecycle
from cases.models import Attachment, Case, Evidence, Macro, Runbook
from escalations.models import Incident
from reporting import feedback
from sla.models import Calendar, Job, Policy, ReplayDifference
from tenants import isolation
from tenants.access import SERVICE, SYSTEM, scopes_of
from tenants.models import DataJob, Requester, RetentionPolicy, Tenant
from tests.cast import NOON, Cast, assemble
from tests.factories import RequesterFactory, TenantFactory, UserFactory, key_for
from tests.isolation import maker

# Nothing of the stranger is without one of these: its words, its numbers, its files.
MARK = "xyzzy"
NUMBER = 918_273_600
REFERENCE = f"{MARK.upper()}-1001"
STEP = {"name": "a", "title": "A", "path": "/", "as": "json"}

# Values that introspection cannot guess, where a table's rules ask for them. label → field → value
OWN_WORDS: dict[str, dict[str, Any]] = {
    "tenants.Grant": {
        "minutes": 60, "reach": "tenant", "subject_kind": "case", "state": "requested",
    },
    "tenants.RetentionPolicy": {"days": 365, "data_class": "cases"},
    "tenants.LegalHold": {"case_reference": "", "release_reason": ""},
    "tenants.DataJob": {"kind": "export"},
    "tenants.PortalVisit": {"key_digest": None},
    "sla.Policy": {"segment": "", "tier": ""},
    "sla.Target": {"amount": timedelta(hours=1)},
    "sla.Rollout": {"next_step_at": NOON},
    "escalations.Drill": {"state": "passed", "ended_at": NOON, "hops": [], "case_reference": "DRILL-1"},
    "sla.ClockEntry": {"kind": "start", "seq": 900},
    "escalations.AlertRule": {"tier": "", "in_console": True, "lead": True},
    "integrations.Outgoing": {"kind": "apprise"},
    "sla.ReplayDifference": {"was": "kept", "would_be": "breached"},
    "sla.Scenario": {
        "document": {
            "name": "Friday", "policy": "own", "priority": "P2", "metric": "resolution", "opened": "Fri 16:30",
            "expect": {"due": "Mon 16:30"},
        },
    },
}  # fmt: skip


@dataclass
class World:
    cast: Cast
    lead: Any  # of the support side, limited to the first tenant's region, as are the next ones
    auditor: Any
    operator: Any
    service_key: str
    default: RetentionPolicy  # of every tenant, and so shared; its preview counts them all
    own: dict[str, str]  # what fills an address with the first tenant's things
    lacking: list[str]  # tables of which no row could be made

    @contextmanager
    def stranger(self) -> Iterator[dict[str, str]]:
        """What fills an address with the second tenant's things, for as long as they are there."""
        with transaction.atomic():
            with isolation.scope(SYSTEM), numbers_from(NUMBER):
                tenant = TenantFactory(
                    name=f"{MARK.title()} & Co", slug=MARK, prefix=MARK.upper(), region="us",
                    segment=f"{MARK}-segment", plan=f"{MARK}-plan", telemetry_url=f"https://{MARK}.example/",
                )  # fmt: skip
                person = RequesterFactory(
                    tenant=tenant, external_id=f"u-{MARK}", name=f"{MARK.title()} Person", role="admin"
                )
                words = fill(self.cast, tenant, person, MARK, self.lacking)
                self.default.preview = {"total": 1, "tenants": [{"tenant": tenant.name, "count": 1}]}
                self.default.save(update_fields=["preview"])
                # Somebody of the support side whose reach names the tenant, as the log of changes tells.
                self.cast.auditor.membership.tenants.add(tenant)
            yield words
            transaction.set_rollback(True)


@contextmanager
def numbers_from(start: int | None) -> Iterator[None]:
    """Every key that is given out inside is `start` or a little more; after, as if none had been given out."""
    with owner() as session:
        names = [name for (name,) in session.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S'")]
        before = {name: session.execute(f"SELECT last_value, is_called FROM {name}").fetchone() for name in names}
        for name in names if start else ():
            session.execute(f"SELECT setval('{name}', {start}, true)")
        yield
        for name, (last, called) in before.items():
            session.execute(f"SELECT setval('{name}', %s, %s)", [last, called])


def owner() -> psycopg.Connection[Any]:
    return psycopg.connect(settings.OWNER_DATABASE_URL, dbname=connection.settings_dict["NAME"], autocommit=True)


def build() -> World:
    cast = assemble()
    Runbook.objects.create(key="book", title="Book", topic="ingestion", body="x", diagnostics=[STEP])
    Macro.objects.create(key="delay", title="Delay", topic="ingestion", body="Hello {first_name}")
    Incident.objects.create(reference="INC-1", title="Ingest", severity="SEV1", started_at=NOON)
    people = {
        role: UserFactory(email=f"eu-{role}@support.example", role=role, regions=["eu"], is_staff=role in ADMINS)
        for role in ("lead", "auditor", "operator")
    }
    service = UserFactory(
        email="program@support.example",
        is_service=True,
        password=make_password(None),
        role=SERVICE,
        regions=["eu"],
    )
    key = key_for(service, *(right.name for rights in scopes_of(SERVICE).values() for right in rights))
    default = RetentionPolicy.objects.create(
        data_class="messages", days=400, state="previewed", previewed_at=NOON, changed_at=NOON
    )
    lacking: list[str] = []
    own = fill(cast, cast.acme, cast.ada, "acorn", lacking)
    own |= {"account": str(service.pk), "key": str(service.api_keys.get().pk)}
    return World(cast, people["lead"], people["auditor"], people["operator"], key, default, own, lacking)


ADMINS = ("auditor", "operator")


def fill(cast: Cast, tenant: Tenant, person: Requester, word: str, lacking: list[str]) -> dict[str, str]:
    """One of everything of the tenant: by the verbs what has verbs, by introspection the rest."""
    tenant.telemetry_url = tenant.telemetry_url or f"https://{word}.example/"
    tenant.save()
    maker.make(apps.get_model("tenants.Resource"), tenant, word, {})
    agent, voice = cast.actor(cast.agent), cast.actor(person)
    case = cast.open_case(person, subject=f"Events {word}", description=f"Described {word}")
    case = intake.enrich(case, NOON)
    case = lifecycle.accept(case, actor=agent, priority="P1", owner=cast.agent, seen=None, now=NOON)
    note = conversation.note(case, actor=agent, body=f"Inside {word}", now=NOON)
    conversation.save_draft(case, actor=agent, mode="note", body=f"Draft {word}")
    conversation.reply(
        case, actor=agent, body=f"Public {word}", files=[SimpleUploadedFile(f"{word}.txt", b"words")], now=NOON
    )
    case = lifecycle.start(Case.objects.get(pk=case.pk), actor=agent, seen=None, now=NOON)
    fix = lifecycle.Fix(summary=f"Fixed {word}", code="quota", evidence_links=[f"https://{word}.example/1"])
    case = lifecycle.resolve(case, fix, actor=agent, seen=None, now=NOON + timedelta(minutes=5))
    conversation.survey(case, actor=voice, score=3, words=f"Fine {word}", now=NOON + timedelta(minutes=6))
    case = lifecycle.close(Case.objects.get(pk=case.pk), actor=voice, seen=None, now=NOON + timedelta(minutes=7))
    feedback.raise_for(case, NOON)
    second = cast.open_case(person, subject=f"Second {word}", description=f"More {word}")
    intake.enrich(second, NOON)
    about = {"subject_id": case.pk, "subject_reference": case.reference}
    own_words = OWN_WORDS | {"tenants.Grant": OWN_WORDS["tenants.Grant"] | about}
    own_words["sla.ReplayDifference"] = OWN_WORDS["sla.ReplayDifference"] | {"job": replay(cast, word)}
    for model in apps.get_models():
        if maker.isolated(model) and not maker.rows_of(model, tenant).exists():
            try:
                maker.make(model, tenant, word, own_words)
            except maker.Unmakeable as refused:
                lacking.append(str(refused))
    return words_of(tenant, case, note.pk)


def replay(cast: Cast, word: str) -> Job:
    """A run of somebody who reaches every tenant: nobody's whose reach is limited."""
    return Job.objects.create(
        kind="replay", title=f"Replay {word}", state="done", asked_by=cast.manager, asked_at=NOON, next_step_at=NOON,
        ended_at=NOON,
    )  # fmt: skip


def words_of(tenant: Tenant, case: Case, note_id: int) -> dict[str, str]:
    attachment, evidence = Attachment.objects.filter(case=case).get(), maker.rows_of(Evidence, tenant).get()
    job = maker.rows_of(DataJob, tenant).get()
    if tenant.slug == MARK:
        for number, file in enumerate((attachment, evidence, job)):
            file.uuid = uuid.UUID(f"{str(NUMBER)[:8]}-0000-1000-8000-00000000000{number}")
            file.save(update_fields=["uuid"])
    keys = {f"pk:{model._meta.label}": str(row.pk) for model, row in first_rows(tenant)}
    return keys | {
        "reference": case.reference,
        "slug": tenant.slug,
        "note_id": str(note_id),
        "attachment": str(attachment.uuid),
        "evidence": str(evidence.uuid),
        "job": str(job.uuid),
        "replay": str(maker.rows_of(ReplayDifference, tenant).get().job_id),
        "policy": maker.rows_of(Policy, tenant)[0].key,
        "calendar": maker.rows_of(Calendar, tenant).get().key,
    }


def first_rows(tenant: Tenant) -> Iterator[tuple[type[models.Model], models.Model]]:
    """Of each model a row of the tenant, or any row where rows are nobody's."""
    for model in apps.get_models():
        if model is Tenant:
            yield model, tenant
        elif maker.isolated(model):
            row = maker.rows_of(model, tenant).order_by("pk").first()
            if row is not None:
                yield model, row
        elif (row := model._base_manager.order_by("pk").first()) is not None:
            yield model, row
