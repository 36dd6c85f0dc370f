"""The chain of seals: whole when nobody touched it, and each kind of tampering is caught and named."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction

from companyos import owner
from companyos.web.errors import DomainError
from tenants import audit, isolation
from tenants.access import SYSTEM, system_named
from tenants.audit import proof, proving, seals
from tenants.models import AuditEntry, AuditProof, AuditSeal, Requester, Tenant
from tests.factories import RequesterFactory, TenantFactory

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
OLD = datetime(2020, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.django_db(transaction=True)


def write(tenant: Tenant, rows: int = 1, actor: str = "Writer") -> None:
    with isolation.scope(system_named(actor)):
        for number in range(rows):
            audit.noted(AuditEntry.Kind.EXPORT, tenant, details={"number": number})


def seal_all() -> int:
    count = 0
    while seals.seal_next(NOW, most=4):
        count += 1
    return count


def findings() -> list[str]:
    found, number = [], 0
    while True:
        stretch = proof.walk(number, 3)
        found += map(str, stretch.findings)
        number = stretch.number
        if not stretch.seals:
            return found + [str(one) for one in proof.unsealed(number)[1]]


@pytest.fixture
def tenant() -> Tenant:
    """With eleven rows in four seals."""
    with isolation.scope(SYSTEM):
        made = TenantFactory(slug="acme", prefix="ACME")
    for rows in (3, 2, 4, 1):
        write(made, rows)
        # A transaction of the server's other databases that just ends may count as ours for a moment.
        assert any(seal_all() or time.sleep(0.05) for _ in range(200))
    return made


@contextmanager
def as_superuser():
    """The owner of a local server is its superuser. What is done inside never was."""
    with owner.as_owner():
        try:
            with transaction.atomic():
                yield lambda words, *values: connection.cursor().execute(words, values)
                transaction.set_rollback(True)
        finally:
            connection.close()


def switched_off(sql, words: str, *values: object) -> None:
    """With every trigger off, as only a superuser can."""
    sql("SET LOCAL session_replication_role = replica")
    sql(words, *values)
    sql("SET LOCAL session_replication_role = origin")


def test_every_tampering_of_a_superuser_is_caught_and_named(tenant: Tenant) -> None:
    with isolation.scope(SYSTEM):
        assert findings() == []
        ids = list(AuditEntry.objects.order_by("id").values_list("id", flat=True))
        count = AuditSeal.objects.count()
        head = AuditSeal.objects.get(number=count).digest.hex()
        xact = AuditEntry.objects.get(pk=ids[3]).xact
        of = {leaf: one.number for one in AuditSeal.objects.all() for leaf, _ in proof.digests.read_leaves(one.leaves)}
    row, seal = ids[3], of[ids[3]]
    assert count >= 4 and len(of) == len(ids)
    row_seal = f"(seal {seal})"
    columns = "object_pk, object_repr, action, changes_text, content_type_id, timestamp, kind, actor_kind, actor_name"
    columns += ", actor_role, via, route, case_reference, shown"
    copy = (
        f"INSERT INTO tenants_auditentry ({columns}, xact) SELECT {columns}, %s FROM tenants_auditentry WHERE id = %s"
    )
    change = "UPDATE tenants_auditentry SET {} WHERE id = %s"
    blank = """UPDATE tenants_auditentry SET object_repr = '', changes = NULL, actor_name = '', additional_data = NULL,
               remote_addr = NULL, salt = NULL, personal_digest = %s WHERE id = %s"""
    with isolation.scope(SYSTEM):
        inner = proof.digests.personal_digest(AuditEntry.objects.values(*proof.digests.COLUMNS).get(pk=row))
    deeds = {
        "a word changed": (f"row {row} was changed", change.format("actor_name = 'X'"), row),
        "who saw it changed": (f"row {row} was changed", change.format("actor_ref = 7"), row),
        "the time changed": (f"row {row} was changed", change.format("timestamp = timestamp - interval '1 day'"), row),
        "a row deleted": (f"row {row} is missing", "DELETE FROM tenants_auditentry WHERE id = %s", row),
        "a row slipped into the past": ("was added after the seal " + row_seal, copy, xact, row),
        "a row of a transaction to come": ("claims a transaction that has not been", copy, 2**60, row),
        "a redaction without a reason": (f"row {row} was redacted and no redaction names it", blank, inner, row),
        "a redaction with other words": (f"row {row} was changed", blank, b"\1" * 32, row),
        "a seal's rows rewritten": ("seal 2 was altered", "UPDATE tenants_auditseal SET leaves = '' WHERE number = 2"),
        "a seal's digest rewritten": (
            "seal 2 was altered: its digest is not the key's",
            "UPDATE tenants_auditseal SET digest = sha256('x') WHERE number = 2",
        ),
        "a seal's time rewritten": ("seal 2 was altered", "UPDATE tenants_auditseal SET at = now() WHERE number = 2"),
        "a seal taken out": ("seal 2 is missing", "DELETE FROM tenants_auditseal WHERE number = 2"),
    }  # fmt: skip
    for name, (expected, words, *values) in deeds.items():
        with as_superuser() as sql:
            switched_off(sql, words, *values)
            found = findings()
            assert any(expected in one for one in found), f"{name}: {found}"
    with as_superuser() as sql:
        switched_off(sql, "DELETE FROM tenants_auditseal WHERE number = %s", count)
        assert findings() == []  # what is cut off at the end shows only against a head that was noted elsewhere
        with pytest.raises(CommandError, match="1 findings"):
            call_command("verify_audit", head=head, stdout=StringIO(), stderr=StringIO())
    with isolation.scope(SYSTEM):
        assert findings() == []


def test_somebody_without_the_key_cannot_seal_again(tenant: Tenant, settings) -> None:
    with as_superuser() as sql:
        switched_off(sql, "UPDATE tenants_auditentry SET actor_name = 'Nobody'")
        switched_off(sql, "DELETE FROM tenants_auditseal")
        settings.AUDIT_KEYS = ["a guess"]
        rows = proof.AuditEntry.objects.order_by("xact", "id").values(*proof.digests.COLUMNS)
        seals._chain(None, b"".join(map(proof.digests.leaf, rows)), 0, seals.transactions()[0], 0, NOW)
        settings.AUDIT_KEYS = ["the real key"]
        assert any("a key that is not in AUDIT_KEYS" in one for one in findings())


def test_a_new_key_in_front_proves_with_the_old_one_behind(tenant: Tenant, settings) -> None:
    settings.AUDIT_KEYS = ["newer", *settings.AUDIT_KEYS]
    write(tenant)
    assert seal_all() == 1
    out = StringIO()
    call_command("verify_audit", stdout=out)
    with isolation.scope(SYSTEM):
        assert len(set(AuditSeal.objects.values_list("key_name", flat=True))) == 2
    assert "The audit log is whole" in out.getvalue()


def test_the_command_prints_one_line_and_names_what_is_broken(tenant: Tenant) -> None:
    out, errors = StringIO(), StringIO()
    with isolation.scope(SYSTEM):
        rows, last = AuditEntry.objects.count(), AuditSeal.objects.order_by("-number").first()
    call_command("verify_audit", head=last.digest.hex(), stdout=out)
    expected = f"{rows} rows in {last.number} seals, 0 rows not sealed yet, head {last.digest.hex()}"
    assert out.getvalue().strip() == f"The audit log is whole: {expected}"
    call_command("verify_audit", since="2026-03-11", stdout=out)
    assert "0 rows in 0 seals" in out.getvalue()
    with as_superuser() as sql:
        switched_off(sql, "DELETE FROM tenants_auditentry WHERE id = (SELECT min(id) FROM tenants_auditentry)")
        with pytest.raises(CommandError):
            call_command("verify_audit", stdout=out, stderr=errors)
    assert "is missing and no purge names it (seal 1)" in errors.getvalue()


# ── Redaction and purge ──────────────────────────────────────────────────────
def about(requester: Requester) -> None:
    with isolation.scope(SYSTEM):
        requester.name = "Ada Secret"
        requester.save()


def test_what_an_erasure_takes_out_leaves_the_chain_whole(tenant: Tenant) -> None:
    with isolation.scope(SYSTEM):
        ada = RequesterFactory(tenant=tenant, name="Ada Moreno")
    about(ada)
    seal_all()
    about(ada)  # and something that is not sealed yet
    assert audit.redact(ada, "She asked for it", actor=SYSTEM) == 2
    assert audit.redact(ada, "She asked for it", actor=SYSTEM) == 0
    seal_all()
    with isolation.scope(SYSTEM):
        assert findings() == []
        assert "Ada" not in str(list(AuditEntry.objects.values()))
        record = AuditEntry.objects.get(kind="redaction")
        assert (len(record.named), record.changes["reason"], record.tenant_id) == (2, "She asked for it", tenant.pk)


def test_a_purge_takes_old_rows_only_and_the_chain_stays_whole(tenant: Tenant) -> None:
    with isolation.scope(SYSTEM):
        for _ in range(5):
            AuditEntry.objects.log_create(tenant, force_log=True, action=AuditEntry.Action.UPDATE, timestamp=OLD)
    seal_all()
    before = datetime.now(UTC) - timedelta(days=31)
    assert audit.purge(tenant, before, 3, reason="Kept for its time") == 3
    assert audit.purge(tenant, before, 3, reason="Kept for its time") == 2
    assert audit.purge(tenant, before, 3, reason="Kept for its time") == 0
    seal_all()
    with isolation.scope(SYSTEM):
        assert findings() == []
        assert AuditEntry.objects.filter(kind="purge").count() == 2
    with pytest.raises(DomainError, match="Say why"):
        audit.purge(tenant, before, reason=" ")
    with pytest.raises(Error, match="younger than 30 days"):
        audit.purge(tenant, datetime.now(UTC) + timedelta(seconds=5), reason="To cover up")
    with pytest.raises(Error, match="every tenant"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT companyos_audit_purge(1, '{1}', '2020-01-01', 'x', '{}')")


# ── Order of commits ─────────────────────────────────────────────────────────
def test_writers_that_commit_in_any_order_break_nothing_and_lose_no_row(tenant: Tenant) -> None:
    """Rows get their ids in one order and are committed in another, while seals are made all the time."""
    stop, chance = threading.Event(), random.Random(7)
    pauses = [[chance.random() / 60 for _ in range(5)] for _ in range(4)]

    def writer(waits: list[float]) -> None:
        for pause in waits:
            with isolation.scope(SYSTEM):
                AuditEntry.objects.log_create(tenant, force_log=True, action=AuditEntry.Action.UPDATE)
                time.sleep(pause)
        connection.close()

    def sealer() -> None:
        while not stop.is_set():
            seals.seal_next(NOW, most=3)
        connection.close()

    with ThreadPoolExecutor(5) as pool:
        sealing = pool.submit(sealer)
        for job in [pool.submit(writer, waits) for waits in pauses]:
            job.result()
        stop.set()
        sealing.result()
    seal_all()
    with isolation.scope(SYSTEM):
        assert findings() == []
        sealed = sum(AuditSeal.objects.values_list("rows", flat=True))
        assert sealed == AuditEntry.objects.count() >= 20


def test_a_transaction_still_open_holds_the_seals_back(tenant: Tenant) -> None:
    begun, commit = threading.Event(), threading.Event()

    def slow() -> None:
        with isolation.scope(SYSTEM):
            AuditEntry.objects.log_create(tenant, force_log=True, action=AuditEntry.Action.UPDATE)
            begun.set()
            commit.wait(20)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        job = pool.submit(slow)
        assert begun.wait(20)
        write(tenant, 2)
        assert seals.seal_next(NOW) is None
        commit.set()
        job.result()
    assert seals.seal_next(NOW).rows == 3


def test_after_a_restore_to_a_server_that_counts_lower_the_chain_goes_on(tenant: Tenant) -> None:
    with owner.as_owner(), connection.cursor() as cursor:  # as if the first server had counted very far
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("DELETE FROM tenants_auditentry; DELETE FROM tenants_auditseal")
    seals_far = 2**40
    with isolation.scope(SYSTEM):
        seals._chain(None, b"", 0, seals_far, 0, NOW)
    write(tenant, 2)
    assert seals.seal_next(NOW).shift > 0
    write(tenant, 3)
    assert seal_all() == 2
    with isolation.scope(SYSTEM):
        assert findings() == []
        assert sum(AuditSeal.objects.values_list("rows", flat=True)) == 5


# ── The worker's verification ────────────────────────────────────────────────
def test_the_worker_proves_in_steps_and_says_what_it_found(tenant: Tenant, monkeypatch) -> None:
    monkeypatch.setattr(proving, "STEP", 2)
    proving.ask_daily(NOW)
    proving.ask_daily(NOW)
    steps = 0
    while proving.prove_some(NOW):
        steps += 1
    with isolation.scope(SYSTEM):
        one = AuditProof.objects.get()
        assert (one.state, one.findings, one.asked_by) == ("whole", [], "CompanyOS")
        assert (one.rows, one.number) == (AuditEntry.objects.count(), AuditSeal.objects.count())
    assert steps >= 3
