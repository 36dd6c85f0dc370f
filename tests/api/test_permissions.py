"""What the table of rights does not tell: what is out of reach, bad keys, sessions. See tests/access for the matrix."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cases.models import Case
from escalations.models import Incident
from tests.api.conftest import Hand, errors, evidence_of, version_of, with_key
from tests.api.test_cases import NEW
from tests.factories import UserFactory

READS = (
    "me/",
    "cases/",
    "cases/{ref}/",
    "cases/{ref}/timeline/",
    "cases/{ref}/clocks/",
    "cases/{ref}/evidence/",
    "cases/{ref}/diagnostics/",
    "cases/{ref}/diagnostics/{run}/",
    "cases/{ref}/incidents/",
    "macros/",
    "runbooks/",
    "runbooks/ingestion/",
    "tenants/",
    "tenants/birch/",
    "tenants/birch/requesters/",
    "incidents/",
    "incidents/INC-204/",
    "files/attachments/{file}/",
    "files/evidence/{proof}/",
)
# Reads that belong to writing: what only somebody who replies needs.
WRITERS_READS = ("cases/{ref}/macros/delays/",)
WRITES: dict[str, dict[str, object]] = {
    "replies/": {"body": "x"},
    "notes/": {"body": "x"},
    "notes/{note}/publications/": {},
    "acceptances/": {"priority": "P1"},
    "starts/": {},
    "waits/": {"ask": "x"},
    "resumptions/": {},
    "resolutions/": {"summary": "x", "code": "quota", "evidence_links": ["https://x.example/"]},
    "closures/": {},
    "rejections/": {"reason": "x"},
    "reopenings/": {"reason": "x"},
    "dismissals/": {"kind": "spam"},
    "assignments/": {"owner": "me"},
    "priorities/": {"priority": "P0", "reason": "x"},
    "tags/": {"tags": ["a"]},
    "diagnostics/": {"runbook": "ingestion"},
    "incidents/": {"incident": "INC-204"},
}
LEADS_ONLY = {"dismissals/"}
WRITERS, READERS = ("agent", "lead", "manager"), ("operator", "auditor")


@pytest.fixture
def world(cast, runbook, macro) -> tuple[Case, dict[str, object]]:
    """A case of Birch (beyond the European agent's reach) with one of everything."""
    case = cast.open_case(cast.cleo)
    cast.birch.telemetry_url = cast.acme.telemetry_url
    cast.birch.save(update_fields=["telemetry_url"])
    Incident.objects.create(reference="INC-204", title="Ingest", severity="SEV2", started_at="2026-03-10T10:00:00Z")
    agent = with_key(cast.agent)
    run = agent.post(f"cases/{case.reference}/diagnostics/", version=version_of(case), runbook="ingestion").json()
    note = agent.post(f"cases/{case.reference}/notes/", version=version_of(case), body="x").json()
    file = SimpleUploadedFile("a.txt", b"a")
    sent = agent.upload(f"cases/{case.reference}/attachments/", version=version_of(case), files=[file]).json()
    names = {"ref": case.reference, "run": run["id"], "note": note["id"], "file": sent["attachments"][0]["id"]}
    return case, {**names, "proof": evidence_of(case).uuid}


def reads(hand: Hand, names: dict[str, object], paths: tuple[str, ...] = READS) -> dict[str, int]:
    return {path: hand.get(path.format(**names)).status_code for path in paths}


def writes(hand: Hand, case: Case, names: dict[str, object]) -> dict[str, int]:
    found = {}
    for noun, values in WRITES.items():
        path = f"cases/{case.reference}/{noun.format(**names)}"
        found[noun] = hand.post(path, version=version_of(case), **values).status_code
    file = SimpleUploadedFile("a.txt", b"a")
    path = f"cases/{case.reference}/attachments/"
    found["attachments/"] = hand.upload(path, version=version_of(case), files=[file]).status_code
    found["cases/"] = hand.post("cases/", **{**NEW, "tenant": "birch", "requester": "u-cleo"}).status_code
    return found


@pytest.mark.parametrize("role", READERS)
def test_the_right_is_asked_before_the_body_is_read(cast, case, role):
    hand = with_key(getattr(cast, role))
    assert errors(hand.post(f"cases/{case.reference}/notes/", "{"), 403) == {(None, "forbidden")}


def test_another_regions_tenant_is_not_there(cast, world):
    case, names = world
    hand = with_key(cast.eu_agent)
    shared = {
        "me/",
        "cases/",
        "macros/",
        "runbooks/",
        "runbooks/ingestion/",
        "tenants/",
        "incidents/",
        "incidents/INC-204/",
    }
    found = reads(hand, names, READS + WRITERS_READS)
    assert {path for path, status in found.items() if status == 200} == shared
    assert {status for path, status in found.items() if path not in shared} == {404}
    assert hand.get("cases/").json()["results"] == []
    found = writes(hand, case, names)
    # A dismissal is refused by role before anything is looked for.
    assert (found.pop("cases/"), found.pop("dismissals/")) == (400, 403)
    assert set(found.values()) == {404}
    unknown = errors(hand.get("cases/BIRCH-9999/"), 404)
    assert errors(hand.get(f"cases/{case.reference}/"), 404) == unknown


def test_bad_keys(cast, case):
    _, expired = None, with_key(cast.agent)
    cast.agent.api_keys.update(expires_at="2020-01-01T00:00:00Z")
    inactive = with_key(cast.lead)
    cast.lead.is_active = False
    cast.lead.save()
    for hand in (
        expired,
        inactive,
        Hand({"Authorization": "Bearer cos_nonsense"}),
        Hand({"Authorization": "Bearer cos_ü"}),
    ):
        answer = hand.get("me/")
        assert errors(answer, 401) == {(None, "invalid_api_key")}
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_an_account_without_a_role(cast, case):
    person = UserFactory(role="agent")
    hand = with_key(person)
    person.groups.clear()
    assert errors(hand.get("me/"), 403) == {(None, "permission_denied")}


def test_a_browser_session_reads_and_needs_a_csrf_token_to_write(cast, case):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.agent, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get("/api/v1/me/").status_code == 200
    answer = browser.post(f"/api/v1/cases/{case.reference}/notes/", {"version": 1, "body": "x"}, "application/json")
    assert errors(answer, 403) == {(None, "permission_denied")}
