"""Opening, reading and moving a case by the API."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cases.models import Attachment, Case, Message, Transition
from tests.api.conftest import evidence_of, move, version_of, with_key

NEW = {"tenant": "acme", "requester": "u-ada", "subject": "Events are refused", "description": "A fifth get 429."}


def test_a_case_on_behalf_of_a_requester(agent, cast):
    answer = agent.post("cases/", **NEW, channel="phone", error_ids=["ING-429"], resource="ingest")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert (made["status"], made["channel"], made["requester"]["external_id"]) == ("new", "phone", "u-ada")
    assert made["context"]["error_ids"] == ["ING-429"]
    assert {clock["metric"] for clock in made["clocks"]} == {"accept", "first_response"}
    first = Message.objects.get(case__reference=made["reference"])
    assert (first.author_kind, first.author_name, first.body) == ("requester", "Ada Moreno", "A fifth get 429.")
    assert agent.get(f"cases/{made['reference']}/").json() | {"clocks": None, "next_due": None} == made | {
        "clocks": None,
        "next_due": None,
    }


def test_a_case_with_files(agent, cast):
    log = SimpleUploadedFile("log.txt", b"line")
    answer = agent.upload("cases/", **NEW, files=[log], error_ids=["A", "B"])
    assert answer.status_code == 201, answer.content
    assert answer.json()["context"]["error_ids"] == ["A", "B"]
    assert Attachment.objects.get(case__reference=answer.json()["reference"]).name == "log.txt"


def test_one_case_says_who_what_and_until_when(agent, case, cast):
    shown = agent.get(f"cases/{case.reference.lower()}/").json()
    assert shown["tenant"] == {"slug": "acme", "name": "Acme Analytics"}
    assert shown["owner"] is None
    assert shown["next_due"]["metric"] == "accept"
    assert (
        shown["next_due"]["left_seconds"] + shown["next_due"]["consumed_seconds"] == shown["next_due"]["target_seconds"]
    )
    assert shown["moves"] == ["acceptances"]
    assert all(
        agent.client.get(shown["links"][name], headers=agent.headers).status_code == 200
        for name in ("timeline", "clocks", "diagnostics", "evidence", "incidents", "tenant")
    )


def test_from_new_to_closed_and_back(agent, case, cast):
    ref = case.reference
    accepted = move(agent, case, "acceptances", priority="P1", severity="S2", owner="agent2@support.example")
    assert (accepted["status"], accepted["priority"], accepted["owner"]["name"]) == ("triage", "P1", "Abe Second")
    assert {clock["metric"]: clock["state"] for clock in accepted["clocks"]}["resolution"] == "running"

    reply = agent.post(f"cases/{ref}/replies/", version=accepted["version"], body="We see it.")
    assert reply.status_code == 201, reply.content
    assert reply.json()["author_kind"] == "support"
    clocks = agent.get(f"cases/{ref}/clocks/").json()["results"]
    assert {clock["metric"]: clock["state"] for clock in clocks}["first_response"] == "met"

    started = agent.post(f"cases/{ref}/starts/", version=reply.json()["version"]).json()
    waiting = agent.post(f"cases/{ref}/waits/", version=started["version"], ask="The bundle, please.").json()
    assert waiting["status"] == "waiting"
    assert waiting["waiting_since"]
    assert {clock["metric"]: clock["state"] for clock in waiting["clocks"]}["resolution"] == "paused"
    resumed = agent.post(f"cases/{ref}/resumptions/", version=waiting["version"], reason="By phone").json()

    proof = evidence_of(case)
    fix = {"summary": "Quota raised.", "code": "quota", "root_cause": "Quota", "evidence": [str(proof.uuid)]}
    resolved = agent.post(f"cases/{ref}/resolutions/", version=resumed["version"], **fix).json()
    assert resolved["status"] == "resolved"
    assert resolved["resolutions"][0]["evidence"][0]["id"] == str(proof.uuid)
    rejected = agent.post(f"cases/{ref}/rejections/", version=resolved["version"], reason="Still 429").json()
    assert (rejected["status"], rejected["cycle"]) == ("in_progress", 0)

    links = {"summary": "Quota raised more.", "code": "quota", "evidence_links": ["https://traces.example/1"]}
    resolved = agent.post(f"cases/{ref}/resolutions/", version=rejected["version"], **links).json()
    closed = agent.post(f"cases/{ref}/closures/", version=resolved["version"]).json()
    assert (closed["status"], closed["closed_as"]) == ("closed", "agent")
    reopened = agent.post(f"cases/{ref}/reopenings/", version=closed["version"], reason="It is back").json()
    assert (reopened["status"], reopened["cycle"]) == ("in_progress", 1)
    assert Transition.objects.filter(case=case).count() == 9


def test_waiting_takes_files_and_a_macro(agent, brought, macro):
    case, log = brought("in_progress"), SimpleUploadedFile("how.txt", b"how")
    sent = {"version": version_of(case), "ask": "The bundle, please.", "macro": "delays", "files": [log]}
    answer = agent.upload(f"cases/{case.reference}/waits/", **sent)
    assert (answer.status_code, answer.json()["status"]) == (201, "waiting")
    asked = Message.objects.get(case=case, asks=True)
    assert (asked.macro, asked.attachments.get().name) == (macro, "how.txt")


def test_a_case_is_dismissed_as_a_duplicate(lead, case, cast):
    other = cast.open_case()
    closed = move(lead, case, "dismissals", kind="duplicate", duplicate_of=other.reference.lower())
    assert (closed["closed_as"], closed["duplicate_of"]) == ("duplicate", other.reference)


def test_owner_priority_and_tags(agent, case):
    assert move(agent, case, "assignments", owner="me")["owner"]["email"] == "agent@support.example"
    assert move(agent, case, "assignments", owner=None)["owner"] is None
    assert move(agent, case, "priorities", priority="P0", reason="Production is down")["priority"] == "P0"
    assert move(agent, case, "tags", tags=["Ingest", "quota"])["tags"] == ["ingest", "quota"]


def test_notes_and_their_publication(agent, case):
    note = move(agent, case, "notes", body="Throttled by us", kind="mitigation")
    assert (note["kind"], note["published_as"], note["version"]) == ("mitigation", None, version_of(case))
    message = move(agent, case, f"notes/{note['id']}/publications")
    assert message["body"] == "Throttled by us"
    assert Message.objects.get(pk=message["id"]).case == case


def test_files_go_up_and_come_down_as_downloads(agent, case):
    page = SimpleUploadedFile("note.txt", b"<script>alert(1)</script>")
    answer = agent.upload(f"cases/{case.reference}/attachments/", version=version_of(case), files=[page])
    assert answer.status_code == 201, answer.content
    stored = answer.json()["attachments"][0]
    for url, content in (
        (stored["url"], b"<script>alert(1)</script>"),
        (f"/api/v1/files/evidence/{evidence_of(case).uuid}/", b"{}"),
    ):
        down = agent.client.get(url, headers=agent.headers, follow=True)
        assert b"".join(down.streaming_content) == content
        assert down["Content-Disposition"].startswith("attachment")
        assert down["X-Content-Type-Options"] == "nosniff"
        assert down["Content-Type"] == "application/octet-stream"


def test_the_timeline_tells_all_in_order(agent, case):
    move(agent, case, "acceptances", priority="P1")
    move(agent, case, "notes", body="Internal words")
    entries = agent.get(f"cases/{case.reference}/timeline/").json()["results"]
    assert [entry["name"] for entry in entries] == ["case.opened", "message.received", "case.accepted", "note.added"]
    accepted = entries[2]
    assert accepted["actor"]["name"] == "Amy Agent"
    assert {effect["effect"] for effect in accepted["effects"]} >= {"met", "started"}
    assert entries[3]["note"]["body"] == "Internal words"
    internal = agent.get(f"cases/{case.reference}/timeline/", kind="internal").json()["results"]
    assert [entry["name"] for entry in internal] == ["note.added"]


def test_diagnostics_start_and_show_their_progress(agent, case, runbook):
    run = move(agent, case, "diagnostics", runbook="ingestion")
    assert (run["state"], run["percent"], run["steps"]) == ("queued", 0, [{"name": "quota", "title": "Read the quota"}])
    (listed,) = agent.get(f"cases/{case.reference}/diagnostics/").json()["results"]
    assert listed == agent.get(f"cases/{case.reference}/diagnostics/{run['id']}/").json()
    again = agent.post(f"cases/{case.reference}/diagnostics/", version=version_of(case), runbook="ingestion")
    assert again.status_code == 409


def test_macros_and_runbooks(agent, case, macro):
    assert [row["key"] for row in agent.get("macros/").json()["results"]] == ["delays"]
    assert agent.get(f"cases/{case.reference}/macros/delays/").json()["text"] == "Hello Ada, we see it."
    assert [row["key"] for row in agent.get("runbooks/").json()["results"]] == ["ingestion"]
    assert agent.get("runbooks/ingestion/").json()["title"] == "Ingestion delays"
    assert move(agent, case, "replies", body="Hello", macro="delays")["body"] == "Hello"


def test_tenants_show_no_secret(agent, cast):
    assert {row["slug"] for row in agent.get("tenants/").json()["results"]} == {"acme", "birch"}
    shown = agent.get("tenants/acme/")
    assert shown.json()["health"] == "red"
    assert cast.acme.widget_secret not in shown.content.decode()
    assert {row["external_id"] for row in agent.get("tenants/acme/requesters/", q="moreno").json()["results"]} == {
        "u-ada"
    }


def test_who_am_i(cast):
    assert with_key(cast.eu_agent).get("me/").json()["tenants"] == ["acme"]
    me = with_key(cast.auditor).get("me/").json()
    assert (me["role"], me["tenants"]) == ("auditor", None)
    assert "case.reply" not in me["permissions"]


@pytest.mark.parametrize(("noun", "values"), [("starts", {}), ("closures", {}), ("reopenings", {"reason": "x"})])
def test_a_transition_out_of_order_changes_nothing(agent, case, noun, values):
    before = Case.objects.values().get(pk=case.pk)
    answer = agent.post(f"cases/{case.reference}/{noun}/", version=case.version, **values)
    assert answer.status_code == 409
    error = answer.json()["errors"][0]
    assert error["code"] == "not_allowed_now"
    assert "Accept" in error["detail"]
    assert Case.objects.values().get(pk=case.pk) == before
