"""What the audit log keeps: every change and every look, by whom, whence and under which grant, without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import Error, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cases import access, lifecycle
from cases.models import Attachment, Case, Message
from escalations.models import Incident
from tenants import audit, console, isolation
from tenants.access import SYSTEM
from tenants.models import AuditEntry, Grant
from tests.api.conftest import with_key, with_token
from tests.cast import NOON, Cast


def entries(record: Any) -> list[AuditEntry]:
    return list(AuditEntry.objects.get_for_object(record).order_by("id"))


@contextmanager
def rows() -> Iterator[list[AuditEntry]]:
    """The rows that are written inside, oldest first."""
    last = AuditEntry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    found: list[AuditEntry] = []
    yield found
    found += AuditEntry.objects.filter(id__gt=last).order_by("id")


def browser(person: object) -> Client:
    client = Client()
    client.force_login(person)
    return client


# ── Changes ──────────────────────────────────────────────────────────────────
def test_a_change_of_a_case_names_the_fields_and_the_actor(cast: Cast) -> None:
    agent = cast.actor(cast.agent)
    case = cast.open_case()
    with isolation.scope(agent):
        lifecycle.accept(case, actor=agent, priority="P0", owner=cast.agent, seen=None, now=NOON)
        last = entries(case)[-1]
    assert (last.action, last.kind, last.case_reference) == (AuditEntry.Action.UPDATE, "change", case.reference)
    assert last.changes["status"] == ["new", "triage"]
    assert last.changes["priority"][1] == "P0"
    assert (last.actor_kind, last.actor_ref, last.actor_name) == ("agent", cast.agent.pk, "Amy Agent")
    assert (last.actor_role, last.actor_id, last.tenant_id) == ("agent", cast.agent.pk, cast.acme.pk)


def test_secrets_are_never_written_down(cast: Cast) -> None:
    cast.acme.widget_secret = "TOP-SECRET-WIDGET-VALUE"
    cast.acme.telemetry_token = "TOP-SECRET-TELEMETRY-VALUE"
    cast.acme.save()
    cast.agent.set_password("TOP-SECRET-PASSWORD")
    cast.agent.save()
    written = " ".join(str(entry.changes) for entry in AuditEntry.objects.all())
    assert "widget_secret" in written
    assert "TOP-SECRET" not in written
    assert cast.agent.password not in written


def test_secrets_stand_encrypted_in_the_database(cast: Cast) -> None:
    cast.acme.widget_secret = "TOP-SECRET-WIDGET-VALUE"
    cast.acme.save()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT widget_secret FROM tenants_tenant WHERE slug = 'acme'")
        assert "TOP-SECRET" not in cursor.fetchone()[0]
    cast.acme.refresh_from_db()
    assert cast.acme.widget_secret == "TOP-SECRET-WIDGET-VALUE"


def test_the_log_cannot_be_rewritten(cast: Cast) -> None:
    case = cast.open_case()
    entry = entries(case)[0]
    for deed in (entry.delete, lambda: AuditEntry.objects.filter(pk=entry.pk).update(changes={})):
        with pytest.raises(Error, match="append-only"), transaction.atomic():
            deed()
    with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL companyos.rewriting = 'on'")  # the mark alone opens nothing
        cursor.execute("DELETE FROM tenants_auditentry WHERE id = %s", [entry.pk])


# ── Looks ────────────────────────────────────────────────────────────────────
def test_a_look_is_one_row_and_a_partial_none(cast: Cast) -> None:
    agent, case = cast.actor(cast.agent), cast.open_case()
    with rows() as written, isolation.scope(agent):
        access.get_case(case.reference, agent)
        access.get_case(case.reference, agent)
        access.get_case(case.reference, agent, viewed=False)
    [look] = written
    assert (look.kind, look.action, look.actor_ref) == ("view", AuditEntry.Action.ACCESS, cast.agent.pk)


def test_a_page_writes_its_looks_by_one_insert(cast: Cast) -> None:
    agent, case = cast.actor(cast.agent), cast.open_case()
    with CaptureQueriesContext(connection) as asked, isolation.scope(agent):
        access.get_case(case.reference, agent)
        console.get_tenant("acme", agent)
        audit.listed([case])
    inserts = [one["sql"] for one in asked if "INSERT INTO" in one["sql"] and "auditentry" in one["sql"]]
    assert len(inserts) == 1
    assert AuditEntry.objects.filter(kind__in=["view", "list"]).count() == 3


def test_nothing_is_kept_of_a_look_that_failed(cast: Cast) -> None:
    agent, case = cast.actor(cast.agent), cast.open_case()
    with rows() as written:
        with pytest.raises(ZeroDivisionError), isolation.scope(agent):
            access.get_case(case.reference, agent)
            raise ZeroDivisionError
        with isolation.scope(agent):
            pass
    assert written == []


@pytest.fixture
def world(cast: Cast, settings, tmp_path) -> dict[str, Any]:
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}
    case, other = cast.open_case(), cast.open_case(cast.cleo)
    said = Message.objects.get(case=case)
    file = Attachment.objects.create(
        tenant=cast.acme, case=case, message=said, name="trace.txt", size=2, sha256="0" * 64,
        content_type="text/plain", at=NOON, file=ContentFile(b"ok", name="x"),
    )  # fmt: skip
    Incident.objects.create(reference="INC-1", title="Ingest", severity="SEV1", started_at=NOON)
    return {"case": case, "other": other, "file": file, "cast": cast}


def test_every_door_leaves_its_row(world: dict[str, Any]) -> None:
    """address → the rows that reading it leaves: kind, door, tenant, case."""
    cast, case, other = world["cast"], world["case"], world["other"]
    acme, birch, ref = cast.acme.pk, cast.birch.pk, case.reference
    lead, operator, key = browser(cast.lead), browser(cast.operator), with_key(cast.lead)
    cast.operator.is_staff = True
    cast.operator.save()
    doors = {
        f"/cases/{ref}/": (lead, [("view", "console", acme, ref)]),
        f"/cases/{ref}/fresh/": (lead, []),
        f"/files/attachments/{world['file'].uuid}/": (lead, [("file", "console", acme, ref)]),
        "/tenants/acme/": (lead, [("view", "console", acme, "")]),
        "/incidents/INC-1/": (lead, [("view", "console", None, "INC-1")]),
        f"cases/{ref}/": (key, [("view", "api", acme, ref)]),
        f"cases/{ref}/clocks/": (key, [("view", "api", acme, ref)]),
        "cases/": (key, [("list", "api", acme, ""), ("list", "api", birch, "")]),
        "tenants/acme/requesters/": (key, [("view", "api", acme, "")]),
        "incidents/INC-1/": (key, [("view", "api", None, "INC-1")]),
        f"/admin/cases/case/{case.pk}/change/": (operator, [("view", "admin", acme, ref)]),
        "/admin/cases/case/": (operator, [("list", "admin", acme, ""), ("list", "admin", birch, "")]),
    }
    for address, (hand, expected) in doors.items():
        with rows() as written:
            answer = hand.get(address)
            assert answer.status_code in (200, 302), (address, answer.status_code)
        looks = [(one.kind, one.via, one.tenant_id, one.case_reference) for one in written if one.kind != "change"]
        assert sorted(looks, key=str) == sorted(expected, key=str), address
        for one in written:
            assert one.remote_addr == "127.0.0.1" and one.route and one.cid, address
            assert (one.api_key_ref is None) == (one.via != "api")
            assert one.kind != "list" or one.shown in ([ref], [other.reference])


def test_a_customers_own_looks_are_kept_once_in_a_while(world: dict[str, Any]) -> None:
    cast, case = world["cast"], world["case"]
    ada = with_token(cast.ada)
    with rows() as written:
        for _ in range(3):
            assert ada.get(f"widget/cases/{case.reference}").status_code == 200
            assert ada.get("widget/cases").status_code == 200
    assert sorted((one.kind, one.via, one.actor_ref) for one in written) == [
        ("list", "widget", cast.ada.pk),
        ("view", "widget", cast.ada.pk),
    ]


def test_a_look_under_a_grant_names_it_and_its_reason(cast: Cast) -> None:
    case, now = cast.open_case(), timezone.now()
    cast.acme.restriction = "content"
    cast.acme.save()
    grant = Grant.objects.create(
        tenant=cast.acme, user=cast.agent, reach="case", subject_kind="case", subject_id=case.pk,
        subject_reference=case.reference, reason="Their ingest is down", minutes=30, state="granted",
        requested_by=cast.agent, requested_at=now, decided_by=cast.lead, decided_at=now,
        starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(minutes=29),
    )  # fmt: skip
    agent = cast.actor(cast.agent)
    with rows() as written, isolation.scope(agent):
        access.get_case(case.reference, agent)
    [look] = written
    assert (look.grant_id, look.additional_data["reason"]) == (grant.pk, "Their ingest is down")


# ── Who reads the log ────────────────────────────────────────────────────────
def test_a_customer_reads_own_deeds_and_an_administrator_what_support_saw_but_no_change(world: dict[str, Any]) -> None:
    cast, case = world["cast"], world["case"]
    for person in (cast.lead, cast.ada, cast.ann, cast.cleo):
        actor = cast.actor(person)
        with isolation.scope(actor):
            if person is not cast.cleo:
                access.get_case(case.reference, actor)
    with isolation.scope(SYSTEM):
        Case.objects.get(pk=case.pk).save()

    def readable(person: Any) -> set[tuple[str, str]]:
        with isolation.scope(cast.actor(person)):
            return set(AuditEntry.objects.values_list("kind", "actor_name"))

    assert readable(cast.ada) == {("view", "Ada Moreno")}
    assert readable(cast.ann) == {("view", "Ann Admin"), ("view", "Lea Lead")}
    assert readable(cast.cleo) == set()
    with isolation.scope(cast.actor(cast.ann)), pytest.raises(Error, match="row-level security"), transaction.atomic():
        AuditEntry.objects.create(
            content_type_id=1, action=3, kind="view", tenant=cast.acme, actor_kind="agent", actor_ref=1
        )
