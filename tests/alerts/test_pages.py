"""The console's pages of rules and channels: what they refuse, what they never show, what a trial tells."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from escalations import defaults
from escalations.models import AlertPreference, AlertRule, Channel
from integrations import outbox
from integrations.models import Outgoing
from tenants.models import AuditEntry
from tests.alerts import hands
from tests.cast import Cast

pytestmark = pytest.mark.django_db
SECRET = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
RULES, CHANNELS = "/service-levels/alert-rules/", "/service-levels/channels/"


@pytest.fixture
def lead(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.lead)
    return client


def typed(**values: object) -> dict[str, object]:
    base = {"name": "Ours", "share": "90", "lead": "on", "in_console": "on", "position": "40", "version": "0"}
    return base | values


def channel_form(**values: object) -> dict[str, object]:
    base = {"name": "Ops", "addresses": f"slack://{SECRET}/#ops", "time_zone": "UTC", "enabled": "on", "version": "0"}
    return base | values


def test_a_rule_is_made_changed_switched_and_removed(lead: Client, cast: Cast) -> None:
    assert lead.post(f"{RULES}new/", typed(people=[cast.agent.pk], priorities=["P0", "P1"])).status_code == 302
    rule = AlertRule.objects.get(name="Ours")
    assert (rule.share, rule.priorities, [*rule.people.all()]) == (90, ["P0", "P1"], [cast.agent])
    page = lead.get(RULES).content.decode()
    assert "Any clock of P0, P1 has used 90 % of its target" in page
    assert "tell the lead and Amy Agent in the console" in page
    path = f"{RULES}{rule.pk}/"
    assert lead.post(path, typed(escalate="on", version="1")).status_code == 302
    stale = lead.post(path, typed(name="Else", version="1"))
    assert (stale.status_code, "changed while you were looking" in stale.content.decode()) == (409, True)
    assert lead.post(f"{path}switches/", {"enabled": "no"}).status_code == 302
    rule.refresh_from_db()
    assert (rule.enabled, rule.escalate, rule.version) == (False, True, 3)
    assert "Remove Ours" in lead.get(f"{path}removals/").content.decode()
    assert lead.post(f"{path}removals/", {"version": "2"}).status_code == 409
    assert lead.post(f"{path}removals/", {"version": "3"}).status_code == 302
    assert not AlertRule.objects.filter(pk=rule.pk).exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lead": ""}, "Say whom to tell"),
        ({"in_console": ""}, "The rule does nothing"),
        ({"reassign": "person"}, "Say to whom the case is given"),
        ({"share": "101"}, "less than or equal to 100"),
        ({"name": defaults.RULES[0]["name"]}, "already; name this one otherwise"),
        ({"name": ""}, "This field is required"),
        ({"metric": "nonsense"}, "Select a valid choice"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(lead: Client, values: dict, words: str) -> None:
    answer = lead.post(f"{RULES}new/", typed(**values))
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert AlertRule.objects.count() == len(defaults.RULES)


def test_what_holds_for_every_tenant_takes_reach_over_every_tenant(cast: Cast, lead: Client) -> None:
    cast.lead.membership.regions = ["eu"]
    cast.lead.membership.save()
    assert lead.post(f"{RULES}new/", typed()).status_code == 403
    assert lead.post(f"{RULES}new/", typed(tenant=cast.birch.pk)).status_code == 422, "not among the choices"
    assert lead.post(f"{RULES}new/", typed(tenant=cast.acme.pk)).status_code == 302
    shared = AlertRule.objects.filter(tenant=None).first()
    assert lead.post(f"{RULES}{shared.pk}/", typed(version=shared.version)).status_code == 403
    assert lead.post(f"{RULES}{shared.pk}/switches/", {"enabled": "no"}).status_code == 403
    theirs = AlertRule.objects.create(name="Birch's", tenant=cast.birch)
    assert lead.get(f"{RULES}{theirs.pk}/").status_code == 404
    assert "Birch" not in lead.get(RULES).content.decode()


def test_an_agent_reads_and_does_not_write(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.agent)
    page = client.get(RULES).content.decode()
    assert "Warnings in the console" in page and "New rule" not in page
    assert client.post(f"{RULES}new/", typed()).status_code == 403


def test_a_trial_tells_what_would_happen(lead: Client) -> None:
    asked = {"tenant": "acme", "metric": "resolution", "priority": "P0", "share": "100"}
    page = lead.get(RULES, asked).content.decode()
    assert "Enterprise holds: support tier enterprise" in page
    assert '<div class="item"><strong>A P0 breach is an escalation</strong>' in page
    assert '<div class="item"><strong>Warnings in the console</strong>' not in page
    asked |= {"share": "33"}
    assert "This policy raises no alert at 33 %" in lead.get(RULES, asked).content.decode()


def test_a_channels_addresses_are_never_shown_again(cast: Cast, lead: Client, caplog) -> None:
    assert lead.post(f"{CHANNELS}new/", channel_form()).status_code == 302
    room = Channel.objects.get()
    assert (room.shown, room.addresses) == ("slack://…", f"slack://{SECRET}/#ops")
    with connection.cursor() as cursor:
        cursor.execute("SELECT addresses FROM escalations_channel")
        assert cursor.fetchone()[0].startswith("gAAAA")
    seen = lead.get(CHANNELS).content.decode() + lead.get(f"{CHANNELS}{room.pk}/").content.decode()
    cast.operator.is_staff = cast.operator.is_superuser = True
    cast.operator.save()
    lead.force_login(cast.operator)
    admin = lead.get(f"/admin/escalations/channel/{room.pk}/change/").content.decode()
    trail = str(list(AuditEntry.objects.filter(content_type__model="channel").values()))
    for words in (seen, admin, trail, caplog.text):
        assert SECRET.rpartition("/")[2] not in words
    assert "slack://…" in seen and trail != "[]"


def test_empty_addresses_keep_those_that_there_are(lead: Client) -> None:
    lead.post(f"{CHANNELS}new/", channel_form())
    room = Channel.objects.get()
    answer = lead.post(f"{CHANNELS}{room.pk}/", channel_form(name="Other", addresses="", version="1"))
    room.refresh_from_db()
    assert (answer.status_code, room.name, SECRET in room.addresses) == (302, "Other", True)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"addresses": "file:///etc/passwd"}, "Line 1: file:// is not taken"),
        ({"addresses": "hello"}, "Line 1: an address begins with its service, such as slack://"),
        ({"addresses": "json://127.0.0.1:9/x"}, "Line 1: 127.0.0.1 is in a private network"),
        ({"addresses": "jsons://[::1]/x"}, "Line 1: ::1 is in a private network"),
        ({"addresses": "json://2130706433/x"}, "is in a private network"),
        ({"addresses": "jsons://localhost/x"}, "Line 1: localhost is in a private network"),
        ({"addresses": "ntfy://10.0.0.1/topic"}, "Line 1: 10.0.0.1 is in a private network"),
        ({"addresses": "slack://short"}, "this is no complete slack:// address"),
        ({"addresses": ""}, "Write at least one address"),
        ({"quiet_from": "22:00"}, "a beginning and an end"),
    ],
)
def test_channels_that_cannot_be_are_refused(lead: Client, settings, values: dict, words: str) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    answer = lead.post(f"{CHANNELS}new/", channel_form(**values))
    assert (answer.status_code, words in answer.content.decode()) == (422, True)


def test_a_private_address_that_is_allowed_is_saved(lead: Client, settings) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = ["10.1.2.3:8065"]
    assert lead.post(f"{CHANNELS}new/", channel_form(addresses="json://10.1.2.3:8065/x")).status_code == 302
    assert lead.post(f"{CHANNELS}new/", channel_form(name="B", addresses="json://10.1.2.3/x")).status_code == 422
    assert lead.post(f"{CHANNELS}new/", channel_form(name="C", addresses="ntfy://12345")).status_code == 302


def test_a_test_is_sent_and_its_result_shown(lead: Client, settings) -> None:
    with hands.receiver() as told:
        settings.OUTBOUND_ALLOWED_HOSTS = [f"127.0.0.1:{told.port}"]
        lead.post(f"{CHANNELS}new/", channel_form(addresses=told.address))
        path = f"{CHANNELS}{Channel.objects.get().pk}/tests/"
        for _ in range(2):
            assert lead.post(path).status_code == 302
        row = Outgoing.objects.get()
        assert "On its way" in lead.get(CHANNELS).content.decode()
        assert outbox.send_one(row.next_attempt_at)
        assert told.got[0]["title"] == "Test from CompanyOS"
        assert "Arrived" in lead.get(CHANNELS).content.decode()
        told.status = 500
        lead.post(path)
        hands.send(Outgoing.objects.latest("pk").next_attempt_at)
        assert "error=500" in lead.get(CHANNELS).content.decode()


def test_a_channel_in_use_is_not_removed(lead: Client) -> None:
    lead.post(f"{CHANNELS}new/", channel_form())
    room = Channel.objects.get()
    rule = hands.rule(channel=room)
    answer = lead.post(f"{CHANNELS}{room.pk}/removals/", {"version": "1"})
    assert (answer.status_code, Channel.objects.count()) == (422, 1)
    rule.delete()
    assert lead.post(f"{CHANNELS}{room.pk}/removals/", {"version": "1"}).status_code == 302
    assert not Channel.objects.exists()


def test_ones_own_switch_of_the_e_mail(lead: Client, cast: Cast) -> None:
    assert "Stop the e-mail" in lead.get("/profile/").content.decode()
    lead.post("/notices/preferences/", {"by_email": "no"})
    assert AlertPreference.objects.get(user=cast.lead).by_email is False
    assert "E-mail me alerts" in lead.get("/profile/").content.decode()


def test_the_list_of_channels_costs_the_same_however_many_there_are(cast: Cast, lead: Client) -> None:
    counts = []
    for _ in range(2):
        for number in range(3):
            one = hands.channel("json://127.0.0.1/x", name=f"Ops {len(counts)} {number}")
            lead.post(f"{CHANNELS}{one.pk}/tests/")
        lead.get(CHANNELS)
        with CaptureQueriesContext(connection) as asked:
            assert lead.get(CHANNELS).content.count(b"On its way") == Channel.objects.count()
        counts.append(len(asked))
    assert counts[0] == counts[1]
