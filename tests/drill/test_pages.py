"""The button, the progress, the last result; and the command."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from escalations import drills
from escalations.models import Drill
from tenants import isolation
from tenants.access import SYSTEM
from tests.cast import Cast, assemble
from tests.drill.test_drills import SECOND, work

LIST = "/service-levels/drills/"


def post(client: Client, **fields: str):
    return client.post(LIST, {"policy": "standard", "priority": "P0", **fields})


def test_the_button_starts_one_after_a_confirmation_and_once(cast: Cast, client: Client) -> None:
    client.force_login(cast.lead)
    assert "have not been tested yet" in client.get(LIST).content.decode()
    unconfirmed = post(client)
    assert (unconfirmed.status_code, Drill.objects.count()) == (422, 0)
    assert "Confirm that people" in unconfirmed.content.decode()
    begun = post(client, confirmed="1")
    drill = Drill.objects.get()
    assert (begun.status_code, begun.url) == (302, f"{LIST}{drill.pk}/")
    again = post(client, confirmed="1")
    assert (again.status_code, Drill.objects.count()) == (409, 1)
    assert post(client, confirmed="1", policy="nope").status_code in (409, 422)


def test_the_drills_page_moves_on_by_itself_and_the_result_is_shown(cast: Cast, client: Client) -> None:
    client.force_login(cast.auditor)
    now = timezone.now()
    drill = drills.start(cast.actor(cast.lead), now)
    running = client.get(f"{LIST}{drill.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 1s"' in running
    assert "<html" not in running
    for seconds in (7, 8):
        work(now + seconds * SECOND)
    page = client.get(f"{LIST}{drill.pk}/").content.decode()
    assert "every 1s" not in page
    assert "Acknowledged" in page
    assert drill.case_reference in client.get(LIST).content.decode()
    for address in (LIST, "/reports/"):
        assert "Escalation paths tested" in client.get(address).content.decode()
    Drill.objects.update(started_at=now - timedelta(days=40))
    assert "Test them again" in client.get("/reports/").content.decode()
    case = client.get(f"/cases/{drill.case_reference}/").content.decode()
    assert "A test of the escalation paths, no customer" in case


def test_who_may_only_read_has_no_button(cast: Cast, client: Client) -> None:
    client.force_login(cast.agent)
    assert "Start the drill" not in client.get(LIST).content.decode()
    assert post(client, confirmed="1").status_code == 403
    assert client.get(f"{LIST}4711/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_command_does_it_all_and_prints_each_hop(capsys, monkeypatch, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.setattr(drills, "TARGET", timedelta(milliseconds=200))
    monkeypatch.setattr("companyos.management.commands.drill.LOOK_EVERY", 0.1)
    with isolation.scope(SYSTEM):
        assemble()
    with pytest.raises(CommandError, match="--inline"):
        call_command("drill", "--wait")
    call_command("drill", "--inline", "--by", "manager@support.example")
    told = capsys.readouterr().out
    assert "DRILL-1001 passed in" in told
    for hop in ("Warned at 75 %", "Breach recorded", "Escalation called", "E-mail to", "in the name of Max Manager"):
        assert hop in told
    with pytest.raises(CommandError, match="Choose a policy"):
        call_command("drill", "--inline", "--policy", "nope")
