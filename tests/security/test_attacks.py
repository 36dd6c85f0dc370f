"""What somebody would try who has read the source: each attempt, and what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.db import Error, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from cases import access, conversation
from cases.models import Message
from companyos.web.errors import DomainError, NotAllowedNow
from tenants import isolation, keys
from tenants.access import ROLES, SYSTEM, scopes_of
from tenants.keys import accounts as service_accounts
from tenants.models import AuditEntry, DataJob, User
from tenants.privacy import jobs, work
from tenants.reach import Reach
from tenants.retention import holds
from tests.api.conftest import Hand, errors, with_key, with_token
from tests.cast import NOON, Cast
from tests.factories import UserFactory
from tests.grants.hands import WHY, asked, restricted, run_out, taken
from tests.sign_in.hands import sign_in_at


def sql(statement: str, values: Sequence[object] = ()) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


# ── With SQL, as the role that the application has ───────────────────────────
def test_a_temporary_catalogue_makes_nobody_the_owner(cast: Cast) -> None:
    message = Message.objects.get(case=cast.open_case())
    sql("CREATE TEMPORARY TABLE pg_class (oid oid, relowner oid) ON COMMIT DROP")
    sql("INSERT INTO pg_temp.pg_class SELECT 'cases_message'::regclass, oid FROM pg_roles WHERE rolname = current_user")
    sql("SELECT set_config('companyos.rewriting', 'on', true)")
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        sql("DELETE FROM cases_message WHERE id = %s", [message.pk])


def test_a_temporary_chain_moves_no_row_out_of_the_seals_reach(cast: Cast) -> None:
    sql("CREATE TEMPORARY TABLE tenants_auditseal (number int, shift bigint, xact_to bigint) ON COMMIT DROP")
    sql("INSERT INTO pg_temp.tenants_auditseal VALUES (1, 1000000000000, 0)")
    case = cast.open_case()
    with isolation.scope(cast.actor(cast.agent)):
        access.get_case(case.reference, cast.actor(cast.agent))
    assert AuditEntry.objects.latest("pk").xact < 1_000_000_000_000


def test_a_legal_hold_keeps_the_trail_whatever_its_age(cast: Cast) -> None:
    holds.place(cast.acme, reason="Court file 12", actor=cast.actor(cast.manager), now=NOON)
    deed = "SELECT companyos_audit_purge(%s, '{1}', '2020-01-01', 'To cover up', '{}')"
    with pytest.raises(Error, match="legal hold"), transaction.atomic():
        sql(deed, [cast.acme.pk])
    sql(deed, [cast.birch.pk])


def test_nobody_is_erased_out_of_a_colleagues_case_that_is_on_hold(cast: Cast) -> None:
    case, manager = cast.open_case(cast.ada), cast.actor(cast.manager)
    ann = cast.actor(cast.ann)
    conversation.reply(case, actor=ann, body="Delete the invoices", now=NOON)
    begun = jobs.ask_erasure(cast.ann, actor=manager, now=NOON, typed=cast.ann.email)
    holds.place(cast.acme, reason="Court file 12", reference=case.reference, actor=manager, now=NOON)
    assert work.step(NOON)
    begun.refresh_from_db()
    assert begun.state == "failed" and "legal hold" in begun.error
    with pytest.raises(NotAllowedNow, match="Court file 12"):
        jobs.ask_erasure(cast.ann, actor=manager, now=NOON, typed=cast.ann.email)
    DataJob.objects.filter(pk=begun.pk).update(state="running", finished_at=None)
    with pytest.raises(Error, match="legal hold"), transaction.atomic():
        sql("SELECT companyos_erase_elsewhere(%s)", [begun.pk])
    assert Message.objects.filter(case=case, body="Delete the invoices").exists()


# ── A remembered answer, asked for again ─────────────────────────────────────
def test_a_remembered_answer_is_closed_with_the_grant(cast: Cast) -> None:
    case = restricted(cast)
    grant, agent = taken(cast, case), Client(headers={"Idempotency-Key": "k"})
    agent.force_login(cast.agent)
    case.refresh_from_db()
    noted = {"version": case.version, "body": "The invoice is in the log"}

    def post() -> HttpResponse:
        return agent.post(f"/api/v1/cases/{case.reference}/notes/", noted, "application/json")

    assert [post().status_code for _ in range(2)] == [201, 201]
    run_out(grant)
    assert errors(post(), 403) == {(None, "grant_needed")}


def test_a_remembered_answer_of_an_opened_case_is_closed_with_its_tenant(cast: Cast) -> None:
    agent = with_key(cast.agent)
    new = {"tenant": "birch", "requester": "u-cleo", "subject": "Slow", "description": "Since noon", "channel": "phone"}
    assert [agent.post("cases/", key="k", **new).status_code for _ in range(2)] == [201, 201]
    restricted(cast)
    assert errors(agent.post("cases/", key="k", **new), 403) == {(None, "grant_needed")}


def test_a_remembered_answer_leaves_with_the_reach_and_with_the_administrators_role(cast: Cast) -> None:
    case = cast.open_case()
    agent, noted = with_key(cast.agent), {"version": case.version, "body": "Inside"}
    assert agent.post(f"cases/{case.reference}/notes/", key="k", **noted).status_code == 201
    cast.agent.membership.regions = ["us"]
    cast.agent.membership.save()
    assert agent.post(f"cases/{case.reference}/notes/", key="k", **noted).status_code == 404

    def answered() -> int:
        hand: Hand = with_token(cast.ann)
        return hand.post(f"widget/cases/{case.reference}/messages", key="k", body="Me too").status_code

    assert answered() == 201
    cast.ann.role = "member"
    cast.ann.save()
    assert answered() == 404
    with isolation.scope(SYSTEM):
        assert Message.objects.filter(case=case, body="Me too").count() == 1


# ── Rights that are not one's own ────────────────────────────────────────────
def test_no_key_decides_about_access_or_exports_people(cast: Cast) -> None:
    case = restricted(cast)
    grant = asked(cast, case)
    lead = with_key(cast.lead)
    assert errors(lead.post(f"grants/{grant.pk}/approvals/"), 403) == {(None, "no_key_may")}
    told = {"case": case.reference, "reason": WHY, "minutes": 30}
    assert errors(lead.post("grants/break-glass/", **told), 403) == {(None, "no_key_may")}
    assert errors(lead.post("grants/gifts/", to=cast.agent.email, **told), 403) == {(None, "no_key_may")}
    for role in ROLES:
        offered = {row.name for rows in scopes_of(role).values() for row in rows}
        assert not offered & {"grant.approve", "grant.break_glass", "privacy.run", "retention.edit", "hold.edit"}


def european(cast: Cast) -> User:
    return UserFactory(email="eu-operator@support.example", role="operator", regions=["eu"], is_staff=True)


def test_an_operator_takes_no_key_that_reaches_further(cast: Cast) -> None:
    robot = service_accounts.make(name="Robot", purpose="", reach=Reach(), actor=cast.actor(cast.operator))
    made = keys.make(robot, name="k", scopes=["case.read"], days=7, actor=cast.actor(cast.operator), now=timezone.now())
    actor = cast.actor(european(cast))
    with pytest.raises(DomainError, match="wider than your own"):
        keys.make(robot, name="mine", scopes=["case.read"], days=7, actor=actor, now=timezone.now())
    with pytest.raises(DomainError, match="wider than your own"):
        keys.rotate(made.row, grace_hours=0, actor=actor, now=timezone.now())
    narrow = {"name": "Mine", "purpose": "", "reach": Reach(regions=["eu"]), "active": True}
    with pytest.raises(DomainError, match="wider than your own"):
        service_accounts.change(robot, **narrow, actor=actor)
    keys.revoke(made.row, actor=actor, now=timezone.now())
    # Nor does a stolen session widen what a leaked key reaches.
    sign_in_at(client := Client(), cast.operator, age=3_600)
    assert client.post(f"/service-accounts/{robot.pk}/", {"name": "Robot"}).url.startswith("/accounts/")


def test_an_operator_takes_over_nobody_who_reaches_further(cast: Cast) -> None:
    client, mine = Client(), european(cast)
    sign_in_at(client, mine)
    for person in (cast.manager, cast.operator):
        for page in ("password/", "change/"):
            answer = client.post(f"/admin/tenants/user/{person.pk}/{page}", {"password1": "x", "email": "x@y.example"})
            assert answer.status_code == 403, page
    factor = Authenticator.objects.create(user=cast.manager, type=Authenticator.Type.TOTP, data={"secret": "x"})
    client.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": [factor.pk], "post": "yes"}
    client.post("/admin/mfa/authenticator/", chosen)
    assert Authenticator.objects.filter(pk=factor.pk).exists()
    assert client.get(f"/admin/tenants/user/{cast.eu_agent.pk}/change/").context["has_change_permission"]
    # Whoever helps somebody who has lost theirs is in the trail.
    lost = Authenticator.objects.create(user=cast.eu_agent, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert client.post(f"/admin/mfa/authenticator/{lost.pk}/delete/", {"post": "yes"}).status_code == 302
    told = AuditEntry.objects.filter(kind="sign-in", object_id=cast.eu_agent.pk).get()
    assert (told.actor_ref, told.additional_data["event"]) == (mine.pk, "factor_removed")


def test_an_operator_without_any_reach_is_refused_in_words(cast: Cast) -> None:
    mine = european(cast)
    mine.membership.delete()
    with pytest.raises(DomainError, match="wider than your own"):
        service_accounts.make(name="Robot", purpose="", reach=Reach(), actor=cast.actor(User.objects.get(pk=mine.pk)))


def test_copies_of_oneself_do_not_fill_the_storage(cast: Cast) -> None:
    ada = cast.actor(cast.ada)
    for _ in range(jobs.MOST_A_DAY):
        jobs.ask_export(cast.ada, actor=ada, now=NOON)
        DataJob.objects.update(state="done", finished_at=NOON)
    with pytest.raises(NotAllowedNow, match="within a day"):
        jobs.ask_export(cast.ada, actor=ada, now=NOON)
    assert jobs.ask_export(cast.ada, actor=ada, now=NOON + timedelta(days=1)).state == "queued"


# ── What leaves no trace, or breaks the page ─────────────────────────────────
def test_a_new_role_and_a_new_tenant_in_reach_are_in_the_trail(cast: Cast) -> None:
    cast.agent.groups.add(Group.objects.get(name="manager"))
    cast.agent.membership.tenants.add(cast.birch)
    told = [str(row.changes) for row in AuditEntry.objects.order_by("-pk")[:2]]
    assert "Birch" in told[0] and "manager" in told[1]


def test_a_restriction_is_loosened_by_nobody_of_whom_a_grant_is_asked(cast: Cast) -> None:
    restricted(cast, "files")
    cast.operator.is_staff = True
    cast.operator.save()
    client, page = Client(), f"/admin/tenants/tenant/{cast.birch.pk}/change/"
    sign_in_at(client, cast.operator)
    form = client.get(page).context["adminform"].form
    assert [value for value, _ in form.fields["restriction"].choices] == ["files", "content"]
    answer = client.post(page, {"restriction": "open"})
    assert answer.status_code == 200 and "restriction" in answer.context["adminform"].form.errors
    sign_in_at(client, cast.operator, age=3_600)
    assert client.post(page, {"restriction": "content"}).url.startswith("/accounts/")
