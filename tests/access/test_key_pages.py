"""The pages of API keys and service accounts, as people use them."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.keys import accounts
from tenants.models import ApiKey, User
from tenants.reach import Reach
from tests.access.test_keys import ask
from tests.cast import Cast
from tests.factories import key_for
from tests.sign_in.hands import sign_in_at

TOLD = {"name": "Weekly report", "days": "30", "scopes": ["case.read", "report.read"]}
ACCOUNT = {"name": "Status page", "purpose": "Shows open cases", "regions": ["eu"]}


def signed_in(person: User, age: float = 0.0) -> Client:
    client = Client()
    sign_in_at(client, person, age)
    return client


def shown_key(page: str) -> str:
    found = set(re.findall(r"cos_[\w-]{43}", page))
    assert len(found) == 1
    return found.pop()


@pytest.fixture
def agent(cast: Cast) -> Client:
    return signed_in(cast.agent)


@pytest.fixture
def operator(cast: Cast) -> Client:
    return signed_in(cast.operator)


def test_a_key_is_made_shown_once_and_works(cast: Cast, agent: Client) -> None:
    answer = agent.post(reverse("keys"), TOLD)
    key = shown_key(answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert ask(key).status_code == 200
    page = agent.get(reverse("keys")).content.decode()
    assert key not in page
    assert "Weekly report" in page
    assert "from 127.0.0.1" in page
    assert "read reports and backlogs" in page


def test_a_key_takes_recent_proof_and_what_was_typed_waits(cast: Cast) -> None:
    stale = signed_in(cast.agent, age=3600)
    assert stale.post(reverse("keys"), TOLD).status_code == 302
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "This field is required"),
        ({"days": "400"}, "Select a valid choice"),
        ({"scopes": []}, "Choose at least one thing"),
        ({"scopes": ["case.dismiss"]}, "case.dismiss is not one of the available choices"),
    ],
)
def test_what_is_wrong_is_said_at_the_form_and_what_was_typed_stays(
    agent: Client, change: dict[str, object], words: str
) -> None:
    answer = agent.post(reverse("keys"), TOLD | change)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "Weekly report" in page or change.get("name") == ""
    assert not ApiKey.objects.exists()


def test_sent_twice_it_is_one_key(agent: Client) -> None:
    agent.post(reverse("keys"), TOLD)
    again = agent.post(reverse("keys"), TOLD)
    assert (again.status_code, "rotate that one" in again.content.decode()) == (422, True)
    assert ApiKey.objects.count() == 1


def test_a_key_is_revoked_after_a_question(cast: Cast, agent: Client) -> None:
    key = key_for(cast.agent)
    row = ApiKey.objects.get()
    address = reverse("key-revocations", args=[row.pk])
    assert "refused from now on" in agent.get(address).content.decode()
    assert ask(key).status_code == 200
    assert agent.post(address).status_code == 302
    assert ask(key).status_code == 401
    assert "Revoked" in agent.get(reverse("keys")).content.decode()


def test_a_key_is_rotated_and_the_old_one_goes_on_for_its_hours(cast: Cast, agent: Client) -> None:
    old = key_for(cast.agent)
    address = reverse("key-rotations", args=[ApiKey.objects.get().pk])
    new = shown_key(agent.post(address, {"grace_hours": "8"}).content.decode())
    assert [ask(key).status_code for key in (old, new)] == [200, 200]
    assert "rotated already" in agent.post(address, {"grace_hours": "8"}).content.decode()


def test_the_keys_of_others_are_absent(cast: Cast, agent: Client) -> None:
    key_for(cast.lead)
    row = ApiKey.objects.get()
    for name in ("key-revocations", "key-rotations"):
        for answer in (agent.get(reverse(name, args=[row.pk])), agent.post(reverse(name, args=[row.pk]))):
            assert answer.status_code == 404
    row.refresh_from_db()
    assert row.revoked_at is None


def test_an_operator_makes_a_service_account_gives_it_a_key_and_stops_it(cast: Cast, operator: Client) -> None:
    answer = operator.post(reverse("service-accounts"), ACCOUNT, follow=True)
    robot = User.objects.get(is_service=True)
    page = answer.content.decode()
    assert "Regions eu" in page
    assert "All that my role may" not in page
    told = TOLD | {"name": "Production"}
    key = shown_key(operator.post(reverse("service-account-keys", args=[robot.pk]), told).content.decode())
    assert ask(key).status_code == 200
    row = robot.api_keys.get()
    rotated = operator.post(
        reverse("service-account-key-rotations", args=[robot.pk, row.pk]), {"grace_hours": "0"}
    ).content.decode()
    assert ask(key).status_code == 401
    changed = ACCOUNT | {"name": "Status board", "regions": []}  # and "active" is not ticked
    operator.post(reverse("service-account", args=[robot.pk]), changed)
    robot.refresh_from_db()
    assert (str(robot), robot.is_active) == ("Status board", False)
    assert ask(shown_key(rotated)).status_code == 401


def test_a_person_is_no_service_account(cast: Cast, operator: Client) -> None:
    assert operator.get(reverse("service-account", args=[cast.manager.pk])).status_code == 404
    told = {"name": "x", "days": "7", "scopes": ["case.read"]}
    assert operator.post(reverse("service-account-keys", args=[cast.manager.pk]), told).status_code == 404


def test_the_profile_tells_the_reach_and_leads_to_the_keys(cast: Cast, agent: Client) -> None:
    page = agent.get(reverse("profile")).content.decode()
    assert "Reach: Every tenant" in page
    assert reverse("keys") in page
    assert reverse("service-accounts") not in page


def test_the_list_of_service_accounts_costs_the_same_with_1_and_with_6(cast: Cast, operator: Client) -> None:
    def make(number: int) -> None:
        reach, maker = Reach(tenants=["acme"]), cast.actor(cast.operator)
        accounts.make(name=f"Program {number}", purpose="", reach=reach, actor=maker)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            page = operator.get(reverse("service-accounts")).content.decode()
        assert "Tenants Acme Analytics" in page
        return len(seen)

    make(1)
    queries()
    few = queries()
    for number in range(2, 7):
        make(number)
    assert queries() == few
    assert "Reach: Regions eu" in signed_in(cast.eu_agent).get(reverse("profile")).content.decode()
    key = key_for(cast.eu_agent, "case.read")
    told = ask(key, "me/").json()
    assert (told["regions"], told["segments"], told["tenants"]) == (["eu"], [], ["acme"])
    assert told["key"]["scopes"] == ["case.read"]
