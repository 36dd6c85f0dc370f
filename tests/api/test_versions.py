"""Whoever changes a case says which version they saw."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cases.models import Case, DiagnosticRun, Message, Note
from escalations.models import Incident
from tests.api.conftest import errors, move, version_of

DEEDS = {
    "acceptances": {"priority": "P1"},
    "dismissals": {"kind": "spam"},
    "assignments": {"owner": "me"},
    "priorities": {"priority": "P0", "reason": "Down"},
    "tags": {"tags": ["a"]},
    "replies": {"body": "Hello"},
    "notes": {"body": "Hello"},
    "diagnostics": {"runbook": "ingestion"},
    "incidents": {"incident": "INC-204"},
}
LATER = {
    "starts": {},
    "waits": {"ask": "Logs?"},
    "resumptions": {},
    "resolutions": {"summary": "x", "code": "quota", "evidence_links": ["https://x.example/"]},
    "closures": {},
    "rejections": {"reason": "x"},
    "reopenings": {"reason": "x"},
}


@pytest.fixture
def _knowledge(runbook):
    Incident.objects.create(reference="INC-204", title="Ingest", severity="SEV2", started_at="2026-03-10T10:00:00Z")


@pytest.mark.usefixtures("_knowledge")
@pytest.mark.parametrize("noun", [*DEEDS, *LATER])
def test_a_change_without_a_version_is_refused(lead, case, noun):
    values = {**DEEDS, **LATER}[noun]
    assert errors(lead.post(f"cases/{case.reference}/{noun}/", **values)) == {("version", "required")}
    assert version_of(case) == case.version


@pytest.mark.usefixtures("_knowledge")
@pytest.mark.parametrize("noun", DEEDS)
def test_a_stale_version_is_a_conflict_that_tells_the_present_one(lead, case, noun):
    move(lead, case, "tags", tags=["before"])
    answer = lead.post(f"cases/{case.reference}/{noun}/", version=case.version, **DEEDS[noun])
    assert errors(answer, 409) == {("version", "stale")}
    assert answer.json()["version"] == case.version + 1
    assert "Lea Lead" in answer.json()["errors"][0]["detail"]
    assert version_of(case) == case.version + 1
    assert not Note.objects.exists()
    assert not DiagnosticRun.objects.exists()
    assert Message.objects.count() == 1


def test_files_ask_for_a_version_too(agent, case):
    path = f"cases/{case.reference}/attachments/"
    assert errors(agent.upload(path, files=[SimpleUploadedFile("a.txt", b"a")])) == {("version", "required")}
    stale = agent.upload(path, version=case.version + 5, files=[SimpleUploadedFile("a.txt", b"a")])
    assert errors(stale, 409) == {("version", "stale")}


@pytest.mark.parametrize("version", [-1, 0, 2**31, 10**40, "x", None, [], {}, 1.5, True])
def test_a_version_that_is_none(agent, case, version):
    answer = agent.post(f"cases/{case.reference}/starts/", version=version)
    ((field, _),) = errors(answer)
    assert field == "version"


@pytest.mark.usefixtures("_knowledge")
def test_an_incident_is_linked_and_unlinked(agent, case):
    linked = move(agent, case, "incidents", incident="inc-204", reason="Same service")
    assert (linked["state"], linked["decided_by"], linked["version"]) == ("linked", "Amy Agent", version_of(case))
    assert agent.get("cases/", incident="INC-204").json()["results"][0]["reference"] == case.reference
    assert agent.get("incidents/").json()["results"][0]["reference"] == "INC-204"
    assert agent.get("incidents/INC-204/").json()["updates"] == []
    assert move(agent, case, "incidents", incident="INC-204", state="declined")["state"] == "declined"
    (shown,) = agent.get(f"cases/{case.reference}/incidents/").json()["results"]
    assert shown["state"] == "declined"
    assert Case.objects.get(pk=case.pk).incident_reference == ""
