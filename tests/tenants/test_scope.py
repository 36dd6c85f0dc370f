"""Who sees what, held by PostgreSQL: through somebody's scope, raw SQL shows no more than that person may see."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext

from cases.models import Case, Message
from tenants import actors, isolation
from tenants.access import SYSTEM, Actor
from tenants.models import Requester, Tenant, User
from tests.cast import Cast, assemble

# What a requester's scope may show at all; every other isolated table is the support side's.
FOR_REQUESTERS = {
    "tenants_tenant", "tenants_requester", "tenants_resource", "tenants_auditentry",
    "cases_case", "cases_message", "cases_attachment", "cases_survey", "web_idempotentrequest",
}  # fmt: skip


def count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


def isolated_tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r' ORDER BY relname")
        return [name for (name,) in cursor.fetchall()]


@pytest.fixture
def everyone(db: None) -> Cast:
    """The cast and three cases, seen from outside of any scope."""
    with isolation.scope(SYSTEM):
        cast = assemble()
        cast.open_case(cast.ada, subject="Of Ada")
        cast.open_case(cast.ann, subject="Of Ann")
        cast.open_case(cast.cleo, subject="Of Cleo")
    return cast


def subjects(actor: Actor) -> set[str]:
    with isolation.scope(actor):
        return set(Case.objects.values_list("subject", flat=True))


def test_outside_a_scope_there_is_nothing(everyone: Cast) -> None:
    tables = isolated_tables()
    assert len(tables) > 20
    # Calendars, policies and alert rules of no tenant are what every installation begins with, and shared.
    shared = {"sla_calendar", "sla_policy", "sla_target", "escalations_alertrule", "tenants_auditentry"}
    assert {table for table in tables if count(table)} - shared == set()


def test_outside_a_scope_nothing_can_be_written(everyone: Cast) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Tenant.objects.create(name="Sneak", slug="sneak", prefix="SNEAK")


def test_each_sees_their_own(everyone: Cast) -> None:
    all_three = {"Of Ada", "Of Ann", "Of Cleo"}
    assert subjects(SYSTEM) == all_three
    assert subjects(actors.of_user(everyone.agent)) == all_three
    assert subjects(actors.of_user(everyone.eu_agent)) == {"Of Ada", "Of Ann"}
    assert subjects(actors.of_requester(everyone.ada)) == {"Of Ada"}
    assert subjects(actors.of_requester(everyone.ann)) == {"Of Ada", "Of Ann"}
    assert subjects(actors.of_requester(everyone.cleo)) == {"Of Cleo"}


def test_an_agent_without_membership_or_role_reaches_nothing(everyone: Cast) -> None:
    everyone.agent.membership.delete()
    everyone.agent.refresh_from_db()
    assert subjects(actors.of_user(everyone.agent)) == set()
    everyone.agent2.groups.clear()
    assert actors.of_user(everyone.agent2) is None


def test_who_somebody_is_costs_one_statement_and_a_narrow_reach_a_second(everyone: Cast) -> None:
    def reads(person: User) -> int:
        with CaptureQueriesContext(connection) as seen:
            actors.of_user(person)
        return sum('FROM "tenants_' in query["sql"] for query in seen)

    assert (reads(everyone.agent), reads(everyone.eu_agent)) == (1, 2)


def test_a_scope_of_no_tenants_is_not_one_of_all(everyone: Cast) -> None:
    nobody = Actor(kind="agent", name="Nobody", role="agent", tenant_ids=frozenset(), user_id=1)
    assert subjects(nobody) == set()


def test_a_requester_sees_no_internal_table_at_all(everyone: Cast) -> None:
    with isolation.scope(actors.of_requester(everyone.ann)):
        shown = {table for table in isolated_tables() if count(table)}
    assert shown <= FOR_REQUESTERS


def test_a_requester_cannot_write_internal_rows_by_sql(everyone: Cast) -> None:
    with isolation.scope(SYSTEM):
        case = Case.objects.get(subject="Of Ada")
    with isolation.scope(actors.of_requester(everyone.ada)):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            case.notes.create(tenant_id=case.tenant_id, body="x", author_name="x", at=case.opened_at)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE cases_case SET subject = 'mine' WHERE subject = 'Of Ann'")
            assert cursor.rowcount == 0
            cursor.execute("DELETE FROM sla_clock")
            assert cursor.rowcount == 0


def test_a_requester_cannot_make_themselves_somebody_else(everyone: Cast) -> None:
    with isolation.scope(actors.of_requester(everyone.ada)):
        assert Requester.objects.filter(pk=everyone.ann.pk).first() is None
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic():
            Requester.objects.create(tenant=everyone.birch, external_id="u-x", name="X", email="x@x.example")


def test_a_row_cannot_be_moved_into_a_tenant_out_of_reach(everyone: Cast) -> None:
    with isolation.scope(actors.of_user(everyone.eu_agent)):
        case = Case.objects.get(subject="Of Ada")
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(tenant_id=everyone.birch.pk)


# ── Nesting ──────────────────────────────────────────────────────────────────
def test_scopes_nest_and_the_outer_one_comes_back(everyone: Cast) -> None:
    ada, cleo = actors.of_requester(everyone.ada), actors.of_requester(everyone.cleo)
    with isolation.scope(ada):
        assert Case.objects.count() == 1
        with isolation.scope(SYSTEM):
            assert Case.objects.count() == 3
            with isolation.scope(cleo):
                assert Case.objects.get().subject == "Of Cleo"
            assert Case.objects.count() == 3
            assert isolation.current_actor() == SYSTEM
        assert Case.objects.get().subject == "Of Ada"
        assert isolation.current_actor() == ada


def test_the_outer_scope_comes_back_after_an_error_inside(everyone: Cast) -> None:
    ada = actors.of_requester(everyone.ada)
    with isolation.scope(ada):
        with pytest.raises(RuntimeError), isolation.scope(SYSTEM):
            raise RuntimeError
        assert Case.objects.count() == 1
        with pytest.raises(IntegrityError), isolation.scope(SYSTEM):
            Tenant.objects.create(name="Twin", slug="acme", prefix="TWIN")
        assert Case.objects.count() == 1
        with isolation.scope(SYSTEM):
            transaction.set_rollback(True)
        assert Case.objects.count() == 1


def test_widening_for_a_verb_stays_inside_the_tenant(everyone: Cast) -> None:
    with isolation.scope(actors.of_requester(everyone.ada)), isolation.whole_tenant(everyone.acme.pk):
        assert set(Case.objects.values_list("subject", flat=True)) == {"Of Ada", "Of Ann"}


# ── A connection that is used again ──────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ending", ["commit", "error", "rollback", "database error"])
def test_a_scope_does_not_leak_over_a_reused_connection(ending: str) -> None:
    with isolation.scope(SYSTEM):
        assemble().open_case()
    before = connection.connection
    try:
        with isolation.scope(SYSTEM):
            assert Message.objects.count() == 1
            if ending == "error":
                raise RuntimeError
            if ending == "rollback":
                transaction.set_rollback(True)
            if ending == "database error":
                Tenant.objects.create(name="Twin", slug="acme", prefix="TWIN")
    except (RuntimeError, IntegrityError):
        pass
    assert connection.connection is before, "the same connection, or the test proves nothing"
    assert Message.objects.count() == 0
    assert Tenant.objects.count() == 0
    assert isolation.current_actor() is None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('companyos.tenants', true), current_setting('companyos.requester', true)"
        )
        assert all(not value for value in cursor.fetchone())
