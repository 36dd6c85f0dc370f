"""What the audit log keeps: every change and every view, by whom, without secrets."""

from __future__ import annotations

import pytest
from django.db import Error, connection, transaction

from cases import access, lifecycle
from tenants import console, isolation
from tenants.models import AuditEntry
from tests.cast import NOON, Cast


def entries(record: object) -> list[AuditEntry]:
    return list(AuditEntry.objects.get_for_object(record).order_by("id"))


def test_a_change_of_a_case_names_the_fields_and_the_actor(cast: Cast) -> None:
    agent = cast.actor(cast.agent)
    case = cast.open_case()
    with isolation.scope(agent):
        lifecycle.accept(case, actor=agent, priority="P0", owner=cast.agent, seen=None, now=NOON)
        last = entries(case)[-1]
    assert last.action == AuditEntry.Action.UPDATE
    assert last.changes["status"] == ["new", "triage"]
    assert last.changes["priority"][1] == "P0"
    assert last.additional_data["acting"] == {
        "kind": "agent",
        "id": cast.agent.pk,
        "name": "Amy Agent",
        "role": "agent",
    }
    assert last.tenant_id == cast.acme.pk


def test_a_view_is_one_row_and_a_partial_none(cast: Cast) -> None:
    agent = cast.actor(cast.agent)
    case = cast.open_case()
    with isolation.scope(agent):
        before = len(entries(case))
        access.get_case(case.reference, agent)
        access.get_case(case.reference, agent, viewed=False)
        after = entries(case)
    assert len(after) == before + 1
    assert after[-1].action == AuditEntry.Action.ACCESS
    assert after[-1].additional_data["acting"]["id"] == cast.agent.pk


def test_a_tenants_page_is_audited_too(cast: Cast) -> None:
    agent = cast.actor(cast.agent)
    with isolation.scope(agent):
        console.get_tenant("acme", agent)
        assert entries(cast.acme)[-1].action == AuditEntry.Action.ACCESS


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
