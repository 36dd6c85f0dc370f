"""Every route's rights: role × address × answer, over all addresses that the URLconf knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, get_resolver

from cases import conversation, lifecycle
from cases.models import Attachment, Case, DiagnosticRun, Evidence, Macro, Runbook
from companyos.events.models import Event
from escalations.models import Incident
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import Grant
from tests.cast import NOON, Cast, assemble
from tests.factories import UserFactory

# Open to strangers on purpose. The admin and the widget have doors of their own, tried in tests of theirs.
# "api/" says that nothing is there; "d/" takes a signed link instead of a session (tests/security/test_downloads.py).
PUBLIC = {"healthz", "readyz", "live/", "api/schema/", "api/docs/", "api/", "d/<str:signed>/<str:name>"}
OTHER_DOORS = ("admin/", "accounts/", "api/v1/widget/", "portal/", "retention/", "privacy/")
# What everybody who may use the console does to their own things, whatever their role.
OWN = {"profile/", "notices/"}
# What everybody of the support side may ask for; here nothing is restricted, so that asking is refused for that.
ASKING = {
    "cases/<ref:reference>/grants/", "cases/<ref:reference>/break-glass/", "incidents/<slug:reference>/grants/",
    "api/v1/grants/", "api/v1/grants/break-glass/",
}  # fmt: skip
STEP = {"name": "a", "title": "A", "path": "/", "as": "json"}
NUL = "\x00"


def walk(patterns: list, so_far: str = "") -> Iterator[str]:
    for entry in patterns:
        route = so_far + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        elif not route.startswith(OTHER_DOORS):
            yield from walk(entry.url_patterns, route)


ROUTES = [route for route in walk(get_resolver().url_patterns) if route not in PUBLIC]
ROUTES = [route for route in ROUTES if not route.startswith(OTHER_DOORS)]


@dataclass
class World:
    """Both tenants with one of everything, and the words that fill an address: `of[tenant][parameter]`."""

    cast: Cast
    of: dict[str, dict[str, str]]

    def path(self, route: str, tenant: str) -> str:
        words = {**self.of[tenant], "uuid": self.of[tenant]["evidence" if "evidence" in route else "attachment"]}
        if "incidents/<slug:reference>" in route:
            words["reference"] = "INC-1"
        if "macros/" in route:
            words["key"] = "delay"
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: words[found.group(1)], route)

    def bound_to_a_tenant(self, route: str) -> bool:
        names = ("<ref:reference>", "cases/<slug:reference>", "<slug:slug>", "<uuid:uuid>", "<int:grant_id>")
        return any(name in route for name in names)


def one_of_everything(cast: Cast, case: Case, book: Runbook) -> dict[str, str]:
    agent, tenant = cast.actor(cast.agent), case.tenant
    case = lifecycle.accept(case, actor=agent, priority="P1", owner=cast.agent, seen=None, now=NOON)
    note = conversation.note(case, actor=agent, body="Inside", now=NOON)
    file = SimpleUploadedFile("a.txt", b"words")
    conversation.reply(case, actor=agent, body="File", files=[file], now=NOON)
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
    return {
        "reference": case.reference,
        "grant_id": str(grant.pk),
        "slug": tenant.slug,
        "note_id": str(note.pk),
        "run_id": str(run.pk),
        "attachment": str(Attachment.objects.get(case=case).uuid),
        "evidence": str(evidence.uuid),
        "key": "book",
        "tab": "audit",
        "backlog": "product",
    }


@pytest.fixture
def world(db: None, settings, tmp_path) -> World:
    cache.clear()
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}
    with isolation.scope(SYSTEM):
        cast = assemble()
        for tenant in (cast.acme, cast.birch):
            tenant.telemetry_url = "http://127.0.0.1:1/"
            tenant.save()
        book = Runbook.objects.create(key="book", title="Book", topic="ingestion", body="x", diagnostics=[STEP])
        Macro.objects.create(key="delay", title="Delay", topic="ingestion", body="Hello {first_name}")
        Incident.objects.create(reference="INC-1", title="Ingest", severity="SEV1", started_at=NOON)
        of = {
            "acme": one_of_everything(cast, cast.open_case(cast.ada), book),
            "birch": one_of_everything(cast, cast.open_case(cast.cleo), book),
        }
    return World(cast, of)


def ask(client: Client, method: str, path: str, body: dict[str, object] | None = None) -> int:
    if method == "GET":
        answer = client.get(path, body or {})
    elif path.startswith("/api/"):
        answer = client.post(path, json.dumps(body or {}), content_type="application/json")
    else:
        answer = client.post(path, body or {})
    return answer.status_code


def body_for(route: str, world: World, version: int) -> dict[str, object]:
    """What a deed of any noun asks for, so that a refusal is for the right and not for the form."""
    api = route.startswith("api/")
    words: dict[str, object] = {
        "seen": version, "version": version, "body": "Words", "reason": "Because", "ask": "Which region?",
        "priority": "P0", "owner": world.cast.agent.pk, "summary": "Done", "code": "quota", "runbook": "book",
        "evidence_links": ["https://x.example/"] if api else "https://x.example/", "incident": "INC-1",
        "tags": ["a"] if api else "a", "mode": "note", "kind": "spam" if "dismissals" in route else "note",
        "subject": "New", "description": "New", "tenant": "acme", "requester": world.cast.ada.pk,
    }  # fmt: skip
    return words


def signed_in(person: object) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def wrong(world: World, client: Client, tenant: str, allowed: dict[str, set[int]], routes: list[str]) -> list[str]:
    """Each route whose answer is not among those allowed for its method."""
    found = []
    for route in routes:
        for method, statuses in allowed.items():
            body = body_for(route, world, 1) if method == "POST" else None
            status = ask(client, method, world.path(route, tenant), body)
            if status not in statuses | {405}:
                found.append(f"{method} {route}: {status}")
    return found


def test_a_stranger_is_sent_to_sign_in_or_refused(world: World) -> None:
    client = Client(raise_request_exception=False)
    console = [route for route in ROUTES if not route.startswith("api/")]
    api = [route for route in ROUTES if route.startswith("api/v1/")]
    assert len(console) > 30 and len(api) > 30
    assert wrong(world, client, "acme", {"GET": {302}, "POST": {302}}, console) == []
    for route in console:
        assert client.get(world.path(route, "acme")).headers.get("Location", "/accounts/").startswith("/accounts/"), (
            route
        )
    assert wrong(world, client, "acme", {"GET": {401}, "POST": {401}}, api) == []


def test_an_account_without_a_role_is_refused_everywhere(world: World) -> None:
    client = signed_in(UserFactory(email="bare@support.example"))
    assert wrong(world, client, "acme", {"GET": {401, 403}, "POST": {401, 403}}, ROUTES) == []


def test_what_belongs_to_a_tenant_out_of_reach_is_absent(world: World) -> None:
    client = signed_in(UserFactory(email="eu-lead@support.example", role="lead", regions=["eu"]))
    bound = [route for route in ROUTES if world.bound_to_a_tenant(route)]
    assert len(bound) > 40
    assert wrong(world, client, "birch", {"GET": {404}, "POST": {404}}, bound) == []


def test_lists_show_nothing_of_a_tenant_out_of_reach(world: World) -> None:
    client = signed_in(world.cast.eu_agent)
    for route in ROUTES:
        if "<" not in route:
            answer = client.get(world.path(route, "acme"), {"q": "delayed", "all": "1"})
            if not answer.streaming:
                assert b"BIRCH-1001" not in answer.content and b"Birch &amp; Co" not in answer.content, route


def test_a_lead_opens_every_page_of_what_is_in_reach(world: World) -> None:
    client = signed_in(world.cast.lead)
    assert wrong(world, client, "acme", {"GET": {200, 302, 303}}, ROUTES) == []


@pytest.mark.parametrize("role", ["auditor", "operator"])
def test_a_role_that_only_reads_changes_nothing(world: World, role: str) -> None:
    client = signed_in(getattr(world.cast, role))
    routes = [route for route in ROUTES if route not in OWN | ASKING]
    with isolation.scope(SYSTEM):
        before = (Event.objects.count(), list(Case.objects.order_by("id").values_list("version", "status")))
    assert wrong(world, client, "acme", {"POST": {403}}, routes) == []
    assert wrong(world, client, "acme", {"POST": {302, 400, 403, 409, 422}}, sorted(ASKING)) == []
    with isolation.scope(SYSTEM):
        assert (Event.objects.count(), list(Case.objects.order_by("id").values_list("version", "status"))) == before


def test_an_agent_does_not_dismiss(world: World) -> None:
    dismissals = [route for route in ROUTES if "dismissals" in route]
    assert len(dismissals) == 2
    assert wrong(world, signed_in(world.cast.agent), "acme", {"POST": {403}}, dismissals) == []


# ── Null bytes, wherever a word goes in ──────────────────────────────────────
ASKED = ("q", "tenant", "owner", "status", "priority", "view", "sort", "after", "show", "tab", "mode", "requester")


def test_null_bytes_break_no_page(world: World) -> None:
    client = signed_in(world.cast.lead)
    failed = []
    for route in ROUTES:
        for name in ASKED:
            if ask(client, "GET", world.path(route, "acme"), {name: f"a{NUL}b"}) >= 500:
                failed.append(f"GET {route}?{name}")
    assert failed == []


def test_null_bytes_break_no_deed(world: World) -> None:
    client = signed_in(world.cast.lead)
    failed = []
    for route in ROUTES:
        good = body_for(route, world, 1)
        for name, value in [*good.items(), ("macro", ""), ("decision", ""), ("after", ""), ("id", "")]:
            if (
                isinstance(value, str)
                and ask(client, "POST", world.path(route, "acme"), {**good, name: f"a{NUL}b"}) >= 500
            ):
                failed.append(f"POST {route} {name}")
    assert failed == []
