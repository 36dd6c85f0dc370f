"""A tenant with one of everything, the words that fill an address with it, and somebody of each role at each door."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from cases import conversation, lifecycle
from cases.models import Attachment, Case, DiagnosticRun, Evidence, Macro, Runbook
from companyos.routes import Route
from escalations import escalate
from escalations.models import AlertRule, Channel, Drill, Incident
from sla import scenarios
from sla.drafts import drafting
from sla.models import Clock, Job
from tenants import isolation
from tenants.access import SYSTEM
from tenants.keys import accounts as service_accounts
from tenants.models import ApiKey, Grant, User
from tenants.reach import Reach
from tests.cast import NOON, Cast, assemble
from tests.factories import key_for
from tests.sign_in.hands import sign_in_at

STEP = {"name": "a", "title": "A", "path": "/", "as": "json"}
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
# What fills a parameter that the world has no word for: nothing is there, and the right is asked first all the same.
NOTHING = {"int": "999999999", "uuid": "00000000-0000-4000-8000-000000000000", "ref": "ACME-999999"}


@dataclass
class World:
    cast: Cast
    words: dict[str, str]
    body: dict[str, object]

    def path(self, route: Route, *, hollow: bool = False) -> str:
        """The address with what is there; `hollow` with what is not."""
        if hollow:
            return "/" + PARAMETER.sub(lambda found: NOTHING.get(found[1], "nothing"), route.path)
        words = {**self.words, "uuid": self.words["evidence" if "evidence" in route.path else "attachment"]}
        if "incidents/<" in route.path:
            words["reference"] = "INC-1"
        if "macros/" in route.path:
            words["key"] = "delay"
        if "service-levels/" in route.path:
            words["key"] = "office-hours" if "calendars/" in route.path else "standard"
        return "/" + PARAMETER.sub(lambda found: words.get(found[2], NOTHING.get(found[1], "nothing")), route.path)

    def body_for(self, route: Route) -> dict[str, object]:
        """What a deed of any noun asks for, so that a refusal is for the right and not for the form."""
        if route.door == "api":
            return self.body
        listed = {name: value[0] for name, value in self.body.items() if isinstance(value, list)}
        return {**self.body, **listed, "kind": "spam" if "dismissals" in route.path else "note"}


@dataclass
class Hand:
    """Somebody at a door."""

    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    headers: Mapping[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: dict[str, object] | None = None) -> HttpResponse:
        if method == "GET":
            return self.client.get(path, body or {}, headers=self.headers)
        if path.startswith("/api/"):
            text = json.dumps(body or {})
            return self.client.generic(method, path, text, content_type="application/json", headers=self.headers)
        return self.client.post(path, body or {}, headers=self.headers)


def with_session(person: User) -> Hand:
    """Signed in just now, so that no deed asks for fresh proof."""
    hand = Hand()
    sign_in_at(hand.client, person)
    return hand


def with_key(key: str) -> Hand:
    return Hand(headers={"Authorization": f"Bearer {key}"})


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is done inside has not happened afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def build() -> World:
    """Made within the system's scope; the key of somebody's own is `key_id`, the service account `account_id`."""
    with isolation.scope(SYSTEM):
        cast = assemble()
        cast.acme.telemetry_url = "http://127.0.0.1:1/"
        cast.acme.widget_origins = ["https://app.acme.example"]
        cast.acme.save()
        book = Runbook.objects.create(key="book", title="Book", topic="ingestion", body="x", diagnostics=[STEP])
        Macro.objects.create(key="delay", title="Delay", topic="ingestion", body="Hello {first_name}")
        Incident.objects.create(reference="INC-1", title="Ingest", severity="SEV1", started_at=NOON)
        case = cast.open_case()
        robot = service_accounts.make(name="Robot", purpose="", reach=Reach(), actor=SYSTEM)
        words = _one_of_everything(cast, case, book) | {"account_id": str(robot.pk)}
    return World(cast, words, _body(cast))


def _one_of_everything(cast: Cast, case: Case, book: Runbook) -> dict[str, str]:
    agent, tenant = cast.actor(cast.agent), case.tenant
    case = lifecycle.accept(case, actor=agent, priority="P1", owner=cast.agent, seen=None, now=NOON)
    note = conversation.note(case, actor=agent, body="Inside", now=NOON)
    conversation.reply(case, actor=agent, body="File", files=[SimpleUploadedFile("a.txt", b"words")], now=NOON)
    run = DiagnosticRun.objects.create(
        tenant=tenant, case=case, runbook=book, steps=[STEP], started_by="x", queued_at=NOON
    )
    evidence = Evidence.objects.create(
        tenant=tenant, case=case, name="e.json", size=2, sha256="0" * 64, content_type="application/json", at=NOON,
        collected_by="x", file=ContentFile(b"{}", name="x"),
    )  # fmt: skip
    grant = Grant.objects.create(
        tenant=tenant, user=cast.agent, subject_kind="case", subject_id=case.pk, subject_reference=case.reference,
        reason="To see the log", minutes=30, requested_by=cast.agent, requested_at=NOON,
    )  # fmt: skip
    key_for(cast.agent)
    drafted = {"actor": SYSTEM, "now": NOON}
    draft = drafting.begin("policy", "standard", **drafted)
    drafting.begin("calendar", "office-hours", **drafted)
    told = {"name": "Friday", "policy": "standard", "priority": "P2", "metric": "resolution", "opened": "Fri 16:30"}
    kept = scenarios.save(scenarios.read_scenario({**told, "expect": {"due": "Tue 16:30"}}), **drafted)
    preview = drafting.ask_preview(draft.pk, seen=0, **drafted).preview
    drill = Drill.objects.create(
        policy_key="standard", priority="P0", asked_by=cast.lead, case_reference="DRILL-1001", state="passed",
        started_at=NOON, deadline_at=NOON, ended_at=NOON,
    )  # fmt: skip
    replay = Job.objects.create(
        kind="replay", title="Replay", state="done", asked_by=cast.lead, asked_at=NOON, next_step_at=NOON, ended_at=NOON
    )
    room = Channel.objects.create(name="Room", addresses="json://127.0.0.1/x", shown="json://127.0.0.1/…")
    called = escalate.open_escalation(case, text="Help", actor=agent, now=NOON)
    return {
        "rule_id": str(AlertRule.objects.filter(tenant=None).values_list("pk", flat=True)[0]),
        "channel_id": str(room.pk),
        "escalation_id": str(called.pk),
        "drill_id": str(drill.pk),
        "replay_id": str(replay.pk),
        "scenario_id": str(kept.pk),
        "draft_id": str(draft.pk),
        "job_id": str(preview.pk),
        "reference": case.reference,
        "grant_id": str(grant.pk),
        "requester_id": str(cast.ada.pk),
        "slug": tenant.slug,
        "note_id": str(note.pk),
        "clock_id": str(Clock.objects.filter(clock_set=case.clock_set_id).values_list("pk", flat=True)[0]),
        "run_id": str(run.pk),
        "key_id": str(ApiKey.objects.get().pk),
        "attachment": str(Attachment.objects.get(case=case).uuid),
        "evidence": str(evidence.uuid),
        "key": "book",
        "tab": "audit",
        "backlog": "product",
    }


def _body(cast: Cast) -> dict[str, object]:
    return {
        "seen": 1, "version": 1, "body": "Words", "reason": "Because it is so", "ask": "Which region?", "minutes": 30,
        "priority": "P0", "owner": cast.agent.pk, "summary": "Done", "code": "quota", "runbook": "book",
        "evidence_links": ["https://x.example/"], "incident": "INC-1", "tags": ["a"], "mode": "note", "kind": "spam",
        "subject": "New", "description": "New", "tenant": "acme", "requester": cast.ada.pk, "name": "X", "days": 7,
        "case": "ACME-1001", "reach": "case",
    }  # fmt: skip
