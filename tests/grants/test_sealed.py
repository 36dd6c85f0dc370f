"""A restricted tenant full of words: whatever the support side can ask for, none of them comes out without a grant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, get_resolver, reverse
from django.utils import timezone

from cases import conversation, intake, lifecycle
from cases.models import Attachment, Case, DiagnosticRun, Draft, Evidence, Macro, Runbook
from companyos.events.models import Event
from escalations import grants, incidents
from escalations.models import Incident
from reporting.models import FeedbackItem
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import Entitlement, Grant, User
from tests.cast import Cast, assemble
from tests.grants.hands import WHY
from tests.sign_in.hands import sign_in_at

WORD = "verschlusssache"  # in every place of the tenant that a restriction closes
STEP = {"name": "a", "title": "A", "path": "/", "as": "json"}

# The admin is walked by itself; customers and strangers have doors of their own.
OTHER_DOORS = ("admin/", "accounts/", "api/v1/widget/", "portal/", "live/", "api/schema/", "api/docs/")


def walk(patterns: list[Any], so_far: str = "") -> Iterator[str]:
    for entry in patterns:
        route = so_far + str(entry.pattern)
        if route.startswith(OTHER_DOORS):
            continue
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from walk(entry.url_patterns, route)


ROUTES = [route for route in walk(get_resolver().url_patterns) if route != "api/"]


@dataclass
class World:
    cast: Cast
    case: Case
    words: dict[str, str] = field(default_factory=dict)

    def path(self, route: str) -> str:
        words = dict(self.words)
        if "evidence" in route:
            words["uuid"] = words["evidence"]
        if route.startswith(("incidents/", "api/v1/incidents/")):
            words["reference"] = "INC-1"
        if "macros/" in route:
            words["key"] = "delay"
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: words.get(found.group(1), "1"), route)


def fill(cast: Cast) -> World:
    now, agent = timezone.now(), cast.actor(cast.agent)
    about = {"actor": agent, "seen": None, "now": now}
    tenant, resource = cast.birch, cast.birch.resources.get()
    resource.name, resource.config, resource.signals = f"{WORD} ingest", {WORD: 1}, {"alerts": [{"title": WORD}]}
    resource.save()
    tenant.telemetry_url = "http://127.0.0.1:1/"
    tenant.save()
    Entitlement.objects.create(tenant=tenant, feature=f"{WORD} rate", limit=5)
    case = cast.open_case(cast.cleo, description=f"{WORD} happened", error_ids=[f"{WORD}-1"], resource="ingest")
    intake.enrich(case, now)
    lifecycle.accept(case, priority="P1", owner=cast.agent, reason="Taken", **about)
    note = conversation.note(case, actor=agent, body=f"{WORD} note", now=now)
    file = SimpleUploadedFile(f"{WORD}.txt", WORD.encode())
    lifecycle.wait(case, ask=f"Which {WORD}?", reason=f"{WORD} why", files=[file], **about)
    Draft.objects.create(tenant=tenant, case=case, user=cast.agent, mode="reply", body=f"{WORD} draft")
    book = Runbook.objects.create(key="book", title="Book", topic="ingestion", body="x", diagnostics=[STEP])
    Macro.objects.create(key="delay", title="Delay", topic="ingestion", body="{error_ids} {resource}")
    run = DiagnosticRun.objects.create(
        tenant=tenant, case=case, runbook=book, steps=[STEP], progress=WORD, error=WORD, started_by="x", queued_at=now
    )
    evidence = Evidence.objects.create(
        tenant=tenant, case=case, run=run, name=f"{WORD}.json", size=2, sha256="0" * 64, collected_by=WORD, at=now,
        content_type="application/json", file=ContentFile(WORD.encode(), name="x"),
    )  # fmt: skip
    incident = Incident.objects.create(reference="INC-1", title="Ingest", severity="SEV1", started_at=now)
    incidents.link(case, incident, actor=agent, now=now, reason=f"Both affect {WORD}")
    FeedbackItem.objects.create(
        tenant=tenant, case=case, cycle=0, backlog="product", title=f"{WORD} lesson", segment="smb", detail=WORD,
        annual_revenue=1, at=now,
    )  # fmt: skip
    case.refresh_from_db()
    return World(
        cast,
        case,
        {
            "reference": case.reference,
            "slug": "birch",
            "note_id": str(note.pk),
            "run_id": str(run.pk),
            "uuid": str(Attachment.objects.get(case=case).uuid),
            "evidence": str(evidence.uuid),
            "key": "book",
            "tab": "related",
            "backlog": "product",
        },
    )


@pytest.fixture
def world(db: None, settings, tmp_path) -> Iterator[World]:
    cache.clear()
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}
    with isolation.scope(SYSTEM):
        found = fill(assemble())
        found.cast.birch.restriction = "content"
        found.cast.birch.save()
        found.case.tenant.refresh_from_db()
    return found


def signed_in(person: User) -> Client:
    client = Client(raise_request_exception=False)
    sign_in_at(client, person)
    return client


def body_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def leaks(client: Client, asks: list[tuple[str, str, dict[str, Any]]]) -> list[str]:
    """Each request that broke or told: method, path, status."""
    found = []
    for method, path, values in asks:
        if method == "GET":
            answer = client.get(path, values)
        elif path.startswith("/api/"):
            answer = client.post(path, json.dumps(values), content_type="application/json")
        else:
            answer = client.post(path, values)
        if answer.status_code >= 500 or WORD.encode() in body_of(answer) + str(answer.headers).encode():
            found.append(f"{method} {path} {answer.status_code}")
    return found


def reading(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    asks = [("GET", world.path(route), {}) for route in ROUTES]
    case = world.path("cases/<ref:reference>/")
    asks += [("GET", case, {"tab": tab, "show": "all"}) for tab in ("case", "tenant", "runbooks", "audit", "access")]
    return asks


def doing(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    told = {
        "seen": 3, "version": 3, "body": "Words", "reason": "Because it must", "ask": "Which region?", "priority": "P0",
        "owner": "me", "summary": "Done", "code": "quota", "runbook": "book", "incident": "INC-1", "mode": "note",
        "kind": "note", "subject": "New", "description": "New", "tenant": "birch", "words": "x", "justified": "yes",
        "requester": world.cast.cleo.external_id,
    }  # fmt: skip
    asks = []
    for route in ROUTES:
        if "grants/" in route or "break-glass" in route or "gifts" in route:
            continue  # the ways in, which tests of theirs walk
        more = {"evidence_links": ["https://x.example/"], "tags": ["a"]} if route.startswith("api/") else {"tags": "a"}
        asks.append(("POST", world.path(route), {**told, **more}))
    return asks


def admin_pages(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    """Every list of the admin, with a search, and every page of a row of the tenant."""
    asks: list[tuple[str, str, dict[str, Any]]] = []
    with isolation.scope(SYSTEM):
        for model in admin.site._registry:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            asks.append(("GET", reverse(f"{name}_changelist"), {}))
            tenants = {"tenant_id": world.case.tenant_id} if hasattr(model, "tenant_id") else {}
            try:
                keys = model._default_manager.filter(**tenants).values_list("pk", flat=True)[:2]
                asks += [("GET", reverse(f"{name}_change", args=[key]), {}) for key in keys]
            except NoReverseMatch:
                continue
    return asks


def test_nothing_that_is_read_tells_a_word_and_no_search_finds_one(world: World) -> None:
    client = signed_in(world.cast.agent)
    assert leaks(client, reading(world)) == []
    for path in ("/cases/", "/palette/", "/api/v1/cases/"):
        for word, found in ((WORD, False), ("delayed", True)):
            answer = client.get(path, {"q": word})
            assert (world.case.reference.encode() in answer.content) == found, (path, word)


def test_no_deed_goes_through_and_none_breaks(world: World) -> None:
    client = signed_in(world.cast.lead)
    with isolation.scope(SYSTEM):
        before = (Event.objects.count(), Case.objects.values_list("version", "status").get(pk=world.case.pk))
    assert leaks(client, doing(world)) == []
    with isolation.scope(SYSTEM):
        assert (Event.objects.count(), Case.objects.values_list("version", "status").get(pk=world.case.pk)) == before


def test_the_admin_shows_an_operator_nothing_of_it(world: World) -> None:
    operator, pages = world.cast.operator, admin_pages(world)
    operator.is_staff = True
    operator.save()
    client = signed_in(operator)
    assert client.get(f"/admin/cases/case/{world.case.pk}/change/").status_code == 200
    assert len(pages) > 40
    assert leaks(client, pages) == []


def test_what_is_refused_says_how_to_get_in(world: World) -> None:
    client = signed_in(world.cast.agent)
    here = world.path("api/v1/cases/<slug:reference>/")
    for path in (here, f"{here}timeline/", f"{here}evidence/", f"{here}diagnostics/", "/api/v1/tenants/birch/"):
        answer = client.get(path)
        assert answer.status_code == 403 and answer.json()["errors"][0]["code"] == "grant_needed", path
    assert "request access" in answer.json()["errors"][0]["detail"]
    new = {"tenant": "birch", "requester": world.cast.cleo.external_id, "subject": "x", "description": "y"}
    answer = client.post("/api/v1/cases/", json.dumps(new), content_type="application/json")
    assert answer.status_code == 403 and answer.json()["errors"][0]["code"] == "grant_needed"


def test_the_work_can_be_routed_all_the_same(world: World) -> None:
    client = signed_in(world.cast.agent)
    page = client.get(world.path("cases/<ref:reference>/")).content.decode()
    queue = client.get("/cases/", {"all": "1"}).content.decode()
    for shown in (page, queue):
        assert world.case.reference in shown and "Events are delayed" in shown and "Waiting on customer" in shown
    assert "First response" in page and "Request access" in page
    clocks = client.get(world.path("api/v1/cases/<slug:reference>/clocks/")).json()["results"]
    assert {clock["metric"] for clock in clocks} >= {"first_response", "resolution"}


def test_under_a_grant_the_words_are_there(world: World) -> None:
    """The world is full of them, or the tests above prove nothing."""
    lead = world.cast.actor(world.cast.lead)
    with isolation.scope(lead):
        about = {"to": world.cast.agent, "actor": lead, "reach": "tenant", "minutes": 60, "now": timezone.now()}
        grant = grants.give(grants.about_case(world.case), reason=WHY, **about)
    client = signed_in(world.cast.agent)
    case = f"/cases/{world.case.reference}/"
    paths = [case, f"{case}fresh/", "/tenants/birch/", "/api/v1/tenants/birch/"]
    paths += ["/incidents/INC-1/", "/reports/backlogs/product/"]
    parts = ("", "timeline/", "evidence/", "diagnostics/", "macros/delay/", "incidents/")
    paths += [f"/api/v1{case}{part}" for part in parts]
    assert leaks(client, [("GET", path, {}) for path in paths]) == [f"GET {path} 200" for path in paths]
    page = client.get(case)
    assert "You see this under a grant" in page.content.decode()
    looked = client.get(f"/access/{grant.pk}/").content.decode()
    assert world.case.reference in looked and "Nothing yet" not in looked


def test_restricted_files_are_listed_as_locked_while_the_conversation_is_open(world: World) -> None:
    with isolation.scope(SYSTEM):
        world.cast.birch.restriction = "files"
        world.cast.birch.save()
    client = signed_in(world.cast.agent)
    case = f"/cases/{world.case.reference}/"
    page = client.get(case).content.decode()
    assert f"{WORD} happened" in page and "1 restricted file" in page
    assert f"{WORD}.txt</span>" not in page and f"{WORD}.json</span>" not in page
    for route in ("files/attachments/<uuid:uuid>/", "files/evidence/<uuid:uuid>/"):
        answer = client.get(world.path(route))
        assert answer.status_code in (403, 404)
    listed = client.get(f"/api/v1{case}timeline/").json()["results"]
    assert sum(entry["locked_files"] for entry in listed) == 1
    assert all(not entry["message"] or entry["message"]["attachments"] == [] for entry in listed)
    assert client.get(f"/api/v1{case}evidence/").json()["results"] == []
    with_file = {"body": "Words", "seen": "", "files": SimpleUploadedFile("a.txt", b"words")}
    refused = client.post(f"{case}replies/", with_file)
    assert refused.status_code == 403 and "files are restricted" in refused.content.decode()
    with isolation.scope(SYSTEM):
        world.case.refresh_from_db()
    assert client.post(f"{case}replies/", {"body": "Words", "seen": world.case.version}).status_code == 302
    assert Grant.objects.count() == 0
