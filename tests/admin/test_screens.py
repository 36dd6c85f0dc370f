"""Operations' screens: each opens for an operator, none for an agent, and nothing in them moves a case."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cases import conversation, lifecycle
from cases.models import Runbook
from companyos.events.models import Delivery
from sla.models import Clock
from tenants.models import ApiKey, Tenant, User
from tests.cast import NOON, Cast
from tests.factories import key_for
from tests.sign_in.hands import sign_in_at

MODELS = sorted(
    (model for model in admin.site._registry if model._meta.app_label not in ("account", "sites")),
    key=lambda model: model._meta.label,
)


@pytest.fixture
def operator(cast: Cast) -> Client:
    cast.operator.is_staff = True
    cast.operator.save(update_fields=["is_staff"])
    case = cast.open_case()
    agent = cast.actor(cast.agent)
    case = lifecycle.accept(case, actor=agent, priority="P1", owner=cast.agent, seen=case.version, now=NOON)
    conversation.note(case, actor=agent, body="Looked at the quota.", now=NOON)
    client = Client()
    sign_in_at(client, cast.operator)
    return client


def address(model: type, page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def test_every_list_and_record_opens_for_an_operator(operator: Client) -> None:
    for model in MODELS:
        assert operator.get(address(model, "changelist")).status_code == 200, model
        row = model._default_manager.first()
        if row is not None:
            assert operator.get(address(model, "change", row.pk)).status_code == 200, row


def test_an_agent_is_kept_out(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.agent)
    answers = {model: client.get(address(model, "changelist")).status_code for model in MODELS}
    assert [model for model, status in answers.items() if status not in (302, 403)] == []


def test_the_list_of_clocks_costs_the_same_however_long_it_is(operator: Client, cast: Cast) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert operator.get(address(Clock, "changelist")).status_code == 200
        return len(caught)

    queries()  # the first page fills caches
    few = queries()
    for _ in range(4):
        cast.open_case()
    assert queries() == few


def test_no_screen_moves_a_case(operator: Client, cast: Cast) -> None:
    case = cast.open_case()
    answer = operator.post(address(type(case), "change", case.pk), {"status": "closed", "priority": "P3"})
    assert answer.status_code == 403
    case.refresh_from_db()
    assert case.status == "new"


def test_a_secret_is_never_on_the_tenants_page(operator: Client, cast: Cast) -> None:
    page = operator.get(address(Tenant, "change", cast.acme.pk)).content.decode()
    assert cast.acme.widget_secret not in page


def test_a_new_widget_secret_is_shown_once(operator: Client, cast: Cast) -> None:
    before = cast.acme.widget_secret
    chosen = {"action": "rotate_widget_secret", "_selected_action": [cast.acme.pk]}
    page = operator.post(address(Tenant, "changelist"), chosen, follow=True).content.decode()
    cast.acme.refresh_from_db()
    assert cast.acme.widget_secret != before
    assert cast.acme.widget_secret in page
    assert cast.acme.widget_secret not in operator.get(address(Tenant, "changelist")).content.decode()


def test_a_dead_letter_is_replayed(operator: Client, cast: Cast) -> None:
    delivery = Delivery.objects.filter(state="pending").first()
    assert delivery is not None
    Delivery.objects.filter(pk=delivery.pk).update(state="dead", attempts=8, last_error="ValueError: no")
    assert "ValueError: no" in operator.get(address(Delivery, "change", delivery.pk)).content.decode()
    chosen = {"action": "replay_dead", "_selected_action": [delivery.pk]}
    operator.post(address(Delivery, "changelist"), chosen, follow=True)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("pending", 0)


def test_an_operator_sees_every_key_makes_none_for_others_and_revokes(operator: Client, cast: Cast) -> None:
    key_for(cast.agent)
    row = ApiKey.objects.get()
    assert operator.get(address(ApiKey, "add")).status_code == 403
    page = operator.get(address(ApiKey, "change", row.pk)).content.decode()
    assert row.prefix in page
    assert row.digest not in page
    operator.post(address(ApiKey, "changelist"), {"action": "revoke", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_an_operator_makes_an_agent_and_no_superuser(operator: Client, cast: Cast) -> None:
    told = {"email": "New@Support.example", "password1": "correct-horse-battery", "password2": "correct-horse-battery"}
    members = {"membership-TOTAL_FORMS": 0, "membership-INITIAL_FORMS": 0}
    operator.post(address(User, "add"), told | members)
    made = User.objects.get(email__iexact="new@support.example")
    change = {
        "email": made.email,
        "time_zone": "UTC",
        "theme": "auto",
        "is_active": "on",
        "is_superuser": "on",
        "groups": [Group.objects.get(name="agent").pk],
    }
    operator.post(address(User, "change", made.pk), change | members)
    made.refresh_from_db()
    assert (made.is_superuser, [group.name for group in made.groups.all()]) == (False, ["agent"])
    boss = User.objects.create_superuser(email="boss@support.example", username="", password="x")
    assert operator.post(address(User, "change", boss.pk), change | members).status_code == 403


@pytest.mark.parametrize(
    "steps", ['[{"title": "Logs"}]', '{"name": "x"}', '[{"name": "l", "title": "L", "path": "logs", "as": "text"}]']
)
def test_a_runbook_with_a_broken_step_is_refused_at_the_field(operator: Client, steps: str) -> None:
    told = {"key": "delay", "title": "Delay", "topic": "ingestion", "body": "Look.", "diagnostics": steps}
    page = operator.post(address(Runbook, "add"), told)
    assert page.status_code == 200
    assert "Step 1" in page.content.decode()
    assert not Runbook.objects.exists()
