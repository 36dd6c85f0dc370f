"""A case full of internal rows: whatever a customer can reach, none of their words is in it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings as configuration
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from cases import conversation, intake, lifecycle, properties, widget_serializers
from cases.models import Attachment, Case, DiagnosticRun, Draft, Evidence, Message, Note, Runbook
from companyos.events.log import record
from companyos.events.models import Event
from escalations import incidents
from escalations.models import Incident
from sla import sweep
from tenants import isolation
from tenants.access import SYSTEM
from tests.api.conftest import Hand, with_token
from tests.cast import Cast, assemble

WORD = "geheimwort"  # in every internal row below, in no public one
PREFIX = "api/v1/widget/"


def widget_routes() -> set[str]:
    """Every customer-facing route, found where the web process finds it."""

    def walk(patterns: list, so_far: str) -> Iterator[str]:
        for entry in patterns:
            route = so_far + str(entry.pattern)
            if isinstance(entry, URLPattern):
                yield route
            else:
                yield from walk(entry.url_patterns, route)

    return {route for route in walk(get_resolver().url_patterns, "") if route.startswith(PREFIX)}


@pytest.fixture(autouse=True)
def _thrown_away(settings, tmp_path) -> None:
    cache.clear()
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}


def fill(cast: Cast, case: Case) -> None:
    """A row with the word in every internal place of the case."""
    now, agent = timezone.now(), cast.actor(cast.agent)
    about = {"actor": agent, "seen": None, "now": now}
    # Only what telemetry says inside: a resource's name and health are the customer's own to see.
    resource = cast.acme.resources.get()
    resource.config, resource.signals = {WORD: 1}, {"slis": [{"name": WORD, "status": "red"}]}
    resource.save()
    intake.enrich(case, now)
    lifecycle.accept(case, priority="P1", owner=cast.agent, reason=f"{WORD} reason", **about)
    conversation.note(case, actor=agent, body=f"{WORD} note", now=now)
    conversation.note(case, actor=agent, body=f"{WORD} mitigation", kind="mitigation", now=now)
    properties.tag(case, tags=[WORD], **about)
    properties.prioritise(case, priority="P0", reason=f"{WORD} retargeted", **about)
    Draft.objects.create(tenant=cast.acme, case=case, user=cast.agent, mode="reply", body=f"{WORD} draft")
    book = Runbook.objects.create(key=WORD, title=f"{WORD} book", topic="ingestion", body=WORD)
    run = DiagnosticRun.objects.create(
        tenant=cast.acme, case=case, runbook=book, steps=[{"title": WORD}], progress=WORD, error=WORD,
        started_by=WORD, queued_at=now,
    )  # fmt: skip
    Evidence.objects.create(
        tenant=cast.acme, case=case, run=run, name=f"{WORD}.json", size=2, sha256="0" * 64, collected_by=WORD, at=now,
        content_type="application/json", file=ContentFile(WORD.encode(), name="x"),
    )  # fmt: skip
    incident = Incident.objects.create(
        reference="INC-777", title=f"{WORD} incident", severity="SEV1", started_at=now, summary=WORD, channel=WORD
    )
    incidents.link(case, incident, actor=agent, now=now, reason=WORD)
    record(
        "case.alerted", tenant_id=case.tenant_id, subject=("case", case.pk), actor=agent, payload={"text": WORD}, at=now
    )
    sweep.drain(now + timedelta(hours=5), 20)


@pytest.fixture
def full(db: None) -> tuple[Cast, Hand, str]:
    with isolation.scope(SYSTEM):
        cast = assemble()
        ada = with_token(cast.ada)
    opened = ada.post("widget/cases", key=uuid.uuid4().hex, subject="Delays", description="429", resource="ingest")
    assert opened.status_code == 201, opened.content
    reference = opened.json()["reference"]
    with isolation.scope(SYSTEM):
        fill(cast, Case.objects.get(reference=reference))
    return cast, ada, reference


def support(cast: Cast, reference: str, deed: str) -> None:
    about = {"actor": cast.actor(cast.agent), "seen": None, "now": timezone.now()}
    with isolation.scope(SYSTEM):
        case = Case.objects.select_related("tenant").get(reference=reference)
        if deed == "wait":
            # The reason of a wait is for colleagues; the ask is for the customer.
            lifecycle.wait(case, ask="Which region?", reason=f"{WORD} why", **about)
        else:
            fix = lifecycle.Fix(
                summary="Raised.", code="quota", root_cause=f"{WORD} cause", preventive_action=f"{WORD} prevention",
                evidence_links=[f"https://{WORD}.example/"],
            )  # fmt: skip
            lifecycle.resolve(case, fix, **about)


def everything_a_customer_can_ask(cast: Cast, ada: Hand, reference: str) -> list:
    """The whole life of a case over every route, and what each answered."""
    case, answers = f"widget/cases/{reference}", []

    def get(path: str) -> None:
        answers.append(ada.get(path))

    def post(noun: str, **values: object) -> None:
        answers.append(ada.post(f"{case}/{noun}", key=uuid.uuid4().hex, **values))

    for path in ("widget/session", "widget/cases", case):
        get(path)
    support(cast, reference, "wait")
    get(case)
    get("widget/cases")
    post("messages", body="EU")
    file = SimpleUploadedFile("a.txt", b"words")
    answers.append(ada.upload(f"{case}/attachments", key=uuid.uuid4().hex, files=file))
    with isolation.scope(SYSTEM):
        stored = Attachment.objects.get()
    get(f"{case}/attachments/{stored.uuid}")
    support(cast, reference, "wait")
    post("disputes")
    support(cast, reference, "resolve")
    get(case)
    post("rejections", reason="No")
    support(cast, reference, "resolve")
    post("confirmations")
    post("surveys", score=5, words="Good")
    get(case)
    post("reopenings", reason="Again")
    get("widget/session")
    answers.append(ada.post("widget/portal-links"))
    return answers


def test_no_route_of_the_customers_shows_an_internal_word(full: tuple[Cast, Hand, str]) -> None:
    cast, ada, reference = full
    answers = everything_a_customer_can_ask(cast, ada, reference)
    opened = ada.post("widget/cases", key=uuid.uuid4().hex, subject="Another", description="x")
    walked = set()
    for answer in [*answers, opened]:
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert answer.status_code in (200, 201), (answer.request["PATH_INFO"], body)
        assert WORD.encode() not in body, answer.request["PATH_INFO"]
        assert WORD not in str(answer.headers)
        walked.add(answer.resolver_match.route)
    assert walked == widget_routes(), "a new route for customers: walk it above"


def test_the_fixture_is_full(full: tuple[Cast, Hand, str]) -> None:
    """The word is really there, in each internal table that a case can have rows in."""
    with isolation.scope(SYSTEM), connection.cursor() as cursor:
        for table in INTERNAL_WITH_WORDS:
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{WORD}%"])
            assert cursor.fetchone()[0], table


INTERNAL_WITH_WORDS = (
    "cases_note", "cases_evidence", "cases_draft", "cases_transition", "cases_diagnosticrun", "cases_case",
    "tenants_snapshot", "escalations_incident", "escalations_incidentlink", "events_event", "sla_clockentry",
)  # fmt: skip
PUBLIC = {
    "tenants_tenant", "tenants_requester", "tenants_resource", "cases_case", "cases_message", "cases_attachment",
    "cases_survey", "web_idempotentrequest", "tenants_auditentry",
}  # fmt: skip


def test_sql_in_the_customers_own_scope_finds_no_internal_row(full: tuple[Cast, Hand, str]) -> None:
    cast, *_ = full
    for person in (cast.ada, cast.ann):
        with isolation.scope(cast.actor(person)), connection.cursor() as cursor:
            cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r'")
            for (table,) in cursor.fetchall():
                cursor.execute(f"SELECT count(*) FROM {table}")
                shown = cursor.fetchone()[0]
                assert table in PUBLIC or shown == 0, f"{person} sees {shown} rows of {table}"
            for table in PUBLIC - {"cases_case", "tenants_resource"}:
                cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{WORD}%"])
                assert cursor.fetchone()[0] == 0, table


def test_a_customers_token_opens_no_other_door(full: tuple[Cast, Hand, str]) -> None:
    _, ada, reference = full
    for path in (
        "cases/",
        f"cases/{reference}/",
        f"cases/{reference}/timeline/",
        f"cases/{reference}/notes/",
        "macros/",
    ):
        answer = ada.get(path)
        assert answer.status_code in (401, 403, 405), path
        assert WORD.encode() not in answer.content
    for page in (f"/cases/{reference}/", "/", "/reports/", "/admin/"):
        assert ada.client.get(page, headers=ada.headers).status_code == 302, page


def test_errors_tell_a_customer_nothing_either(full: tuple[Cast, Hand, str]) -> None:
    _, ada, reference = full
    case = f"widget/cases/{reference}"
    for path, values in (
        (f"{case}/confirmations", {}),
        (f"{case}/reopenings", {"reason": "x"}),
        (f"{case}/surveys", {"score": 9}),
        (f"{case}/nothing", {}),
        ("widget/cases/INC-777/messages", {"body": "x"}),
    ):
        answer = ada.post(path, key=uuid.uuid4().hex, **values)
        assert 400 <= answer.status_code < 500, path
        assert WORD.encode() not in answer.content, path


@pytest.mark.django_db(transaction=True)
def test_what_goes_out_to_listeners_is_ids_and_names() -> None:
    """The live process forwards these messages as they are, so what is in them is all that a stream can carry."""
    parameters = connection.get_connection_params()
    wanted = {key: parameters[key] for key in ("host", "port", "user", "password", "dbname") if key in parameters}
    with psycopg.connect(**wanted, autocommit=True) as listener:
        listener.execute(f'LISTEN "{configuration.EVENT_CHANNEL}"')
        with isolation.scope(SYSTEM):
            cast = assemble()
            case = cast.open_case(resource="ingest", now=timezone.now())
            fill(cast, case)
            assert Event.objects.count() > 8
        heard = [json.loads(notify.payload) for notify in listener.notifies(timeout=1)]
    assert len(heard) > 8
    for message in heard:
        assert set(message) == {"id", "name", "tenant", "subject"}
        assert WORD not in json.dumps(message)


def test_a_note_and_a_message_share_no_table_and_no_serializer() -> None:
    assert not issubclass(Note, Message) and not issubclass(Message, Note)
    assert Note._meta.db_table != Message._meta.db_table
    named = {name for name in vars(widget_serializers) if "note" in name.lower() or "evidence" in name.lower()}
    assert named == set()
