"""API keys: made once, narrowed by scopes, ended by time, by hand, by rotation, and with their person."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from auditlog.context import set_actor
from django.db import IntegrityError, transaction
from django.test import Client

from companyos.web.errors import Conflict, DomainError, Forbidden, NotAllowedNow, NotFound
from tenants import actors, isolation, keys
from tenants.access import NEVER_IN_SCOPE, PERMISSIONS, SYSTEM, scopes_of
from tenants.keys import accounts as service_accounts
from tenants.models import ApiKey, AuditEntry, User
from tenants.reach import Reach
from tests.cast import NOON, Cast
from tests.factories import UserFactory, key_for

DAY = timedelta(days=1)


def ask(key: str, path: str = "cases/", method: str = "GET", body: str = "{}"):
    headers = {"Authorization": f"Bearer {key}"}
    return Client().generic(method, f"/api/v1/{path}", body, content_type="application/json", headers=headers)


def make(cast: Cast, **told: object) -> keys.Made:
    told = {"name": "laptop", "scopes": ["case.read"], "days": 90, "actor": cast.actor(cast.agent), "now": NOON} | told
    return keys.make(cast.agent, **told)


@pytest.fixture
def robot(cast: Cast) -> User:
    made = service_accounts.make(
        name="Status page", purpose="Reads cases", reach=Reach(), actor=cast.actor(cast.operator)
    )
    return User.objects.get(pk=made.pk)


# ── One's own ────────────────────────────────────────────────────────────────
def test_a_key_acts_as_its_person_and_its_use_is_noted(cast: Cast) -> None:
    key = key_for(cast.agent)
    row = ApiKey.objects.get()
    assert key not in (row.digest, row.prefix)
    assert ask(key).status_code == 200
    row.refresh_from_db()
    assert (row.last_used_from, row.last_used_at is not None) == ("127.0.0.1", True)


def test_a_bad_key_is_refused_even_beside_a_good_session(cast: Cast, client: Client) -> None:
    key = key_for(cast.agent)
    digest = ApiKey.objects.get().digest
    for bad in (key[:-1], key.upper(), f"{key}x", "cos_", keys.MARK + "\u00e9" * 43, digest):
        assert ask(bad).status_code in ((401, 403) if bad == digest else (401,)), bad
    client.force_login(cast.agent)
    assert client.get("/api/v1/cases/", headers={"Authorization": "Bearer cos_nonsense"}).status_code == 401


@pytest.mark.parametrize("ended", [{"expires_at": "2020-01-01T00:00:00Z"}, {"revoked_at": "2020-01-01T00:00:00Z"}])
def test_an_ended_key_opens_nothing(cast: Cast, ended: dict[str, str]) -> None:
    key = key_for(cast.agent)
    ApiKey.objects.update(**ended)
    assert ask(key).status_code == 401


def test_a_key_ends_with_its_person_and_with_the_role(cast: Cast) -> None:
    key = key_for(cast.agent)
    cast.agent.groups.clear()
    assert ask(key).status_code in (401, 403)
    User.objects.filter(pk=cast.agent.pk).update(is_active=False)
    assert ask(key).status_code == 401


def test_scopes_narrow_a_key_and_the_refusal_names_the_one_that_is_missing(cast: Cast) -> None:
    key = key_for(cast.agent, "case.read")
    case = cast.open_case()
    assert ask(key).status_code == 200
    refused = ask(key, f"cases/{case.reference}/notes/", "POST", '{"body": "x", "version": 1}')
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "scope_missing")
    assert "case.note" in refused.json()["errors"][0]["detail"]
    beyond = ask(key, f"cases/{case.reference}/dismissals/", "POST", '{"kind": "spam", "version": 1}').json()
    assert (beyond["errors"][0]["code"], "agent" in beyond["errors"][0]["detail"]) == ("forbidden", True)
    assert ask(key, "me/").json()["permissions"] == ["api.use", "case.read"]


def test_a_key_that_may_all_still_makes_no_key_and_opens_no_console(cast: Cast) -> None:
    for person in (cast.operator, cast.manager):
        acting = actors.of_key(ApiKey(user=person, scopes=[]))
        assert acting is not None
        assert acting.permissions == PERMISSIONS[acting.role] - NEVER_IN_SCOPE
    headers = {"Authorization": f"Bearer {key_for(cast.operator)}"}
    assert Client().get("/service-accounts/", headers=headers).status_code == 302


def test_a_scope_outlives_no_role(cast: Cast) -> None:
    """A lead's key that may dismiss is worth an agent's once the lead is one."""
    acting = actors.of_key(ApiKey(user=cast.agent, scopes=["case.read", "case.dismiss"]))
    assert acting is not None
    assert acting.permissions == {"case.read", "api.use"}


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"days": 0}, "days"),
        ({"days": 366}, "days"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["case.read", "case.dismiss"]}, "scopes"),  # a lead's
        ({"scopes": ["console.use"]}, "scopes"),
        ({"scopes": ["nonsense"]}, "scopes"),
    ],
)
def test_what_a_key_is_asked_for_is_checked(cast: Cast, told: dict[str, object], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        make(cast, **told)
    assert refused.value.field == field
    assert not ApiKey.objects.exists()


def test_a_second_key_of_the_same_name_is_refused_until_the_first_has_ended(cast: Cast) -> None:
    row = make(cast).row
    with pytest.raises(Conflict):
        make(cast)
    keys.revoke(row, actor=cast.actor(cast.agent), now=NOON)
    assert make(cast).row.pk != row.pk


def test_nobody_makes_or_ends_a_key_for_another_person(cast: Cast) -> None:
    row = make(cast).row
    for other in (cast.manager, cast.agent2, cast.operator):
        with pytest.raises(NotFound):
            make(cast, name="theirs", actor=cast.actor(other))
        with pytest.raises(NotFound):
            keys.rotate(row, grace_hours=0, actor=cast.actor(other), now=NOON)
    with pytest.raises(NotFound):
        keys.revoke(row, actor=cast.actor(cast.manager), now=NOON)
    assert keys.revoke(row, actor=cast.actor(cast.operator), now=NOON).revoked_at == NOON


def test_rotation_keeps_what_the_key_may_and_gives_the_old_one_its_hours(cast: Cast) -> None:
    old = make(cast, days=30).row
    ApiKey.objects.filter(pk=old.pk).update(created_at=NOON)
    actor = cast.actor(cast.agent)
    new = keys.rotate(old, grace_hours=24, actor=actor, now=NOON + DAY).row
    old.refresh_from_db()
    assert (new.name, new.scopes, new.expires_at, new.replaces) == (old.name, old.scopes, NOON + 31 * DAY, old)
    assert (old.expires_at, old.revoked_at) == (NOON + 2 * DAY, None)
    with pytest.raises(Conflict):
        keys.rotate(old, grace_hours=24, actor=actor, now=NOON + DAY)
    keys.rotate(new, grace_hours=0, actor=actor, now=NOON + 3 * DAY)
    new.refresh_from_db()
    assert new.state(NOON + 3 * DAY) == "revoked"
    with pytest.raises(DomainError, match="0 to 24"):
        keys.rotate(old, grace_hours=25, actor=actor, now=NOON)
    ended = make(cast, name="ended", days=1, now=NOON - 2 * DAY).row
    with pytest.raises(NotAllowedNow):
        keys.rotate(ended, grace_hours=1, actor=actor, now=NOON)


def test_making_and_ending_a_key_is_audited_and_the_secret_is_not_in_it(cast: Cast) -> None:
    with set_actor(cast.agent):
        made = make(cast)
        keys.revoke(made.row, actor=cast.actor(cast.agent), now=NOON)
    entries = AuditEntry.objects.get_for_object(made.row).order_by("pk")
    assert [entry.actor for entry in entries] == [cast.agent, cast.agent]
    assert "revoked_at" in entries[1].changes
    assert made.key not in str([entry.changes for entry in entries])
    assert made.row.digest not in str([entry.changes for entry in entries])


# ── Service accounts ─────────────────────────────────────────────────────────
def test_only_operators_make_service_accounts_and_their_keys(cast: Cast, robot: User) -> None:
    for other in (cast.manager, cast.lead, cast.auditor):
        with pytest.raises(Forbidden):
            service_accounts.make(name="X", purpose="", reach=Reach(), actor=cast.actor(other))
        with pytest.raises(Forbidden):
            keys.make(robot, name="k", scopes=["case.read"], days=1, actor=cast.actor(other), now=NOON)


def test_a_service_key_names_its_scopes_below_the_ceiling(cast: Cast, robot: User) -> None:
    ceiling = {row.name for rows in scopes_of("service").values() for row in rows}
    assert "case.read" in ceiling
    assert not ceiling & {"grant.approve", "case.dismiss", "privacy.run", "retention.edit"}
    for bad in (None, [], ["case.dismiss"]):
        with pytest.raises(DomainError):
            keys.make(robot, name="k", scopes=bad, days=1, actor=cast.actor(cast.operator), now=NOON)


def test_a_service_account_works_by_key_under_its_own_name(cast: Cast, robot: User) -> None:
    case = cast.open_case()
    key = key_for(robot, "case.read", "case.note")
    body = json.dumps({"body": "Seen", "version": case.version})
    done = ask(key, f"cases/{case.reference}/notes/", "POST", body)
    assert done.status_code == 201, done.content
    assert case.notes.get().author_name == "Status page"
    assert ask(key, "me/").json()["role"] == "service"


def test_a_service_account_has_no_session_no_password_and_no_admin(cast: Cast, robot: User) -> None:
    client = Client()
    client.force_login(robot)
    assert client.get("/").status_code == 403
    assert client.get("/admin/").status_code == 302
    assert client.get("/api/v1/cases/").status_code in (401, 403)
    for power in ({"is_staff": True}, {"is_superuser": True}, {"password": "pbkdf2_sha256$1$a$b"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=robot.pk).update(**power)


def test_a_group_does_not_make_a_service_account_of_a_person_nor_the_reverse(cast: Cast, robot: User) -> None:
    assert actors.of_user(UserFactory(role="service")) is None
    robot.groups.set(cast.manager.groups.all())
    assert actors.of_user(robot) is None


def test_a_service_account_reaches_what_its_membership_fits(cast: Cast) -> None:
    reach = Reach(regions=("eu",))
    robot = service_accounts.make(name="EU", purpose="", reach=reach, actor=cast.actor(cast.operator))
    mine, theirs = cast.open_case(cast.ada), cast.open_case(cast.cleo)
    key = key_for(robot, "case.read")
    assert ask(key, f"cases/{mine.reference}/").status_code == 200
    assert ask(key, f"cases/{theirs.reference}/").status_code == 404
    with isolation.scope(SYSTEM):
        service_accounts.change(
            robot, name="EU", purpose="", reach=reach, active=False, actor=cast.actor(cast.operator)
        )
    assert ask(key, f"cases/{mine.reference}/").status_code == 401


def test_the_name_of_a_service_account_is_its_own(cast: Cast, robot: User) -> None:
    for bad in ("", "  ", "x" * 61, "Status page", "status  page"):
        with pytest.raises(DomainError) as refused:
            service_accounts.make(name=bad, purpose="", reach=Reach(), actor=cast.actor(cast.operator))
        assert refused.value.field == "name"
    unknown = Reach(regions=("moon",))
    with pytest.raises(DomainError, match="moon") as refused:
        service_accounts.make(name="Other", purpose="", reach=unknown, actor=cast.actor(cast.operator))
    assert refused.value.field == "regions"
