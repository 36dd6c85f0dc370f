"""The auditor's console: rows found by what they are, told in plain words, taken out only with proof and trace."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cases import access, lifecycle
from reporting import audit_trail
from tenants import audit, isolation
from tenants.access import SYSTEM
from tenants.models import AuditEntry, AuditProof, Resource
from tests.cast import NOON, Cast
from tests.sign_in.hands import sign_in_at


@pytest.fixture
def seen(cast: Cast) -> dict[str, Any]:
    """A case that was accepted, looked at by three, and one of the other tenant."""
    case, other = cast.open_case(), cast.open_case(cast.cleo)
    agent = cast.actor(cast.agent)
    with isolation.scope(agent):
        lifecycle.accept(case, actor=agent, priority="P0", owner=cast.agent, seen=None, now=NOON)
    for person in (cast.lead, cast.agent2, cast.ada):
        actor = cast.actor(person)
        with isolation.scope(actor):
            access.get_case(case.reference, actor)
    with isolation.scope(agent):
        audit.listed([case, other])
    return {"cast": cast, "case": case, "other": other}


def browser(person: object) -> Client:
    client = Client()
    client.force_login(person)
    return client


def signed_in(person: Any) -> Client:
    """A moment ago, so that a sensitive deed asks for nothing."""
    client = Client()
    sign_in_at(client, person)
    return client


def found(person: Any, cast: Cast, **asked: str) -> list[tuple[str, str]]:
    actor = cast.actor(person)
    with isolation.scope(actor):
        entries, _ = audit_trail.trail(audit_trail.parse(asked), after=None)
        return [(one.row.kind, one.who) for one in entries]


def test_rows_are_found_by_what_they_are(seen: dict[str, Any]) -> None:
    cast, case = seen["cast"], seen["case"]
    auditor = cast.auditor
    history = found(auditor, cast, case=case.reference.lower())
    assert {("view", "Lea Lead"), ("view", "Abe Second"), ("view", "Ada Moreno"), ("list", "Amy Agent")} <= set(history)
    assert ("change", "Amy Agent") in history
    assert (
        found(auditor, cast, actor="Lea Lead") == found(auditor, cast, actor="lead@support") == [("view", "Lea Lead")]
    )
    assert found(auditor, cast, actor=f"requester:{cast.ada.pk}") == [("view", "Ada Moreno")]
    assert found(auditor, cast, actor="Nobody Atall") == []
    assert {kind for kind, _ in found(auditor, cast, kind="view")} == {"view"}
    assert set(found(auditor, cast, tenant="birch", kind="list")) == {("list", "Amy Agent")}
    day = timezone.localdate().isoformat()
    assert found(auditor, cast, case=case.reference, since=day, until=day) == history
    assert found(auditor, cast, case=case.reference, until="2020-01-01") == []
    assert found(auditor, cast, grant="99") == found(auditor, cast, address="192.0.2.7") == []
    assert found(auditor, cast, request="none such") == []
    assert found(auditor, cast, since="never", address="x", kind="y", case=case.reference) == history
    assert found(auditor, cast, since="0001-01-01", until="9999-12-31", case=case.reference) == history


def test_an_auditor_sees_within_reach_only(seen: dict[str, Any]) -> None:
    cast = seen["cast"]
    cast.auditor.membership.regions = ["eu"]
    cast.auditor.membership.save()
    assert found(cast.auditor, cast, case=seen["other"].reference) == []
    assert found(cast.auditor, cast, case=seen["case"].reference)


def test_changes_read_as_before_and_after_and_secrets_stay_masked(seen: dict[str, Any]) -> None:
    cast, case = seen["cast"], seen["case"]
    page = browser(cast.auditor).get("/audit/", {"case": case.reference}).content.decode()
    assert "<del>new</del>" in page and "<ins>triage</ins>" in page
    with isolation.scope(SYSTEM):
        cast.acme.widget_secret = "TOP-SECRET-WIDGET-VALUE"
        cast.acme.save()
    page = browser(cast.auditor).get("/audit/", {"tenant": "acme", "kind": "change"}).content.decode()
    assert "Widget secret" in page and "TOP-SECRET" not in page


def test_the_values_of_a_restricted_tenants_resources_stay_closed(seen: dict[str, Any]) -> None:
    cast = seen["cast"]
    with isolation.scope(SYSTEM):
        Resource.objects.create(tenant=cast.acme, key="vault", name="Vault of words", config={"word": "xyzzy"})
        cast.acme.restriction = "content"
        cast.acme.save()
    page = browser(cast.auditor).get("/audit/", {"tenant": "acme"}).content.decode()
    assert "changed the tenant" in page
    assert "xyzzy" not in page and "Vault of words" not in page


def test_pages_follow_one_another_without_a_gap(seen: dict[str, Any], monkeypatch) -> None:
    monkeypatch.setattr(audit_trail, "PAGE_SIZE", 3)
    cast = seen["cast"]
    actor, ids, after = cast.actor(cast.auditor), [], None
    with isolation.scope(actor):
        while True:
            entries, one = audit_trail.trail(audit_trail.Asked(), after=after)
            ids += [entry.row.pk for entry in entries]
            after = one.next_cursor
            if after is None:
                break
        assert ids == list(AuditEntry.objects.order_by("-timestamp", "-id").values_list("id", flat=True))


@pytest.mark.parametrize("person", ["agent", "lead", "operator"])
def test_whoever_may_not_read_the_trail_is_refused(seen: dict[str, Any], person: str) -> None:
    client = browser(getattr(seen["cast"], person))
    assert client.get("/audit/").status_code == 403
    assert client.post("/audit/exports/").status_code == 403
    assert client.post("/audit/proofs/").status_code == 403


def test_the_trail_leaves_as_csv_and_json_lines_and_says_so(seen: dict[str, Any]) -> None:
    cast, case = seen["cast"], seen["case"]
    with isolation.scope(SYSTEM):
        cast.ada.name = "=cmd|' /C calc'!A0"
        cast.ada.save()
    client = signed_in(cast.auditor)
    answer = client.post("/audit/exports/", {"case": case.reference, "form": "csv"})
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    assert tuple(rows[0]) == audit_trail.HEADER
    assert len(rows) - 1 == len(found(cast.auditor, cast, case=case.reference))
    assert not any(cell.startswith("=") for row in rows for cell in row)
    lines = client.post("/audit/exports/", {"case": case.reference, "form": "jsonl"}).getvalue().decode().splitlines()
    told = [json.loads(line) for line in lines]
    assert {"Lea Lead", "Ada Moreno"} <= {one["Who"] for one in told}
    assert any(one["Changes"].get("status") == ["new", "triage"] for one in told)
    with isolation.scope(SYSTEM):
        exports = AuditEntry.objects.filter(kind="export")
        assert exports.count() == 2
        assert exports[0].additional_data["asked"] == {"case": case.reference}


def test_an_export_asks_whether_it_is_still_you(seen: dict[str, Any], settings) -> None:
    client = signed_in(seen["cast"].auditor)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    answer = client.post("/audit/exports/", {"form": "csv"})
    assert answer.status_code == 302
    with isolation.scope(SYSTEM):
        assert not AuditEntry.objects.filter(kind="export").exists()


def test_reading_the_trail_is_in_the_trail(seen: dict[str, Any]) -> None:
    browser(seen["cast"].auditor).get("/audit/", {"tenant": "acme"})
    with isolation.scope(SYSTEM):
        last = AuditEntry.objects.latest("id")
    assert (last.kind, last.actor_name, last.additional_data["asked"]) == ("list", "Aud Auditor", {"tenant": "acme"})


def test_a_verification_is_asked_for_once_at_a_time(seen: dict[str, Any]) -> None:
    client = browser(seen["cast"].auditor)
    for _ in range(2):
        assert client.post("/audit/proofs/").status_code == 302
    with isolation.scope(SYSTEM):
        one = AuditProof.objects.get()
    assert (one.state, one.asked_by) == ("queued", "Aud Auditor")
    part = client.get("/audit/proofs/", headers={"HX-Request": "true"}).content.decode()
    assert "Waits for the worker" in part and 'hx-trigger="every 2s"' in part


def test_the_cases_own_tab_leads_to_its_whole_history(seen: dict[str, Any]) -> None:
    reference = seen["case"].reference
    tab = f"/cases/{reference}/?tab=audit"
    assert f"/audit/?case={reference}" in browser(seen["cast"].auditor).get(tab).content.decode()
    page = browser(seen["cast"].agent).get(tab).content.decode()
    assert "/audit/?case=" not in page and "Lea Lead" in page
