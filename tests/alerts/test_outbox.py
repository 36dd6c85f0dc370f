"""Sending to real receivers: a mail server and a webhook on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import time, timedelta
from time import monotonic

import pytest
import requests

from cases import lifecycle
from cases.models import Case
from companyos.web import guarded
from escalations.models import Channel
from integrations import chat, mail, outbox
from integrations.models import Outgoing
from tenants import isolation
from tenants.access import SYSTEM
from tests.alerts import hands
from tests.alerts.hands import BREACH, HALF, HOUR, answered, only, pass_until
from tests.cast import NOON, Cast

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def webhook(settings) -> Iterator[hands.Receiver]:
    with hands.receiver() as told:
        settings.OUTBOUND_ALLOWED_HOSTS = [f"127.0.0.1:{told.port}"]
        yield told


@pytest.fixture
def post(settings) -> Iterator[hands.Post]:
    with hands.post_office(settings) as box:
        yield box


def one() -> Outgoing:
    return Outgoing.objects.get()


def test_an_e_mail_has_the_reference_a_link_and_no_word_of_the_customer(cast: Cast, post, settings) -> None:
    settings.CONSOLE_URL = "https://support.example"
    only(share=50, owner=True, by_email=True)
    case = answered(cast)
    pass_until(HALF)
    (message,) = post.got
    assert message["To"] == "agent@support.example"
    assert message["Subject"] == f"[{case.reference}] Resolution has used 50 % of its target"
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert f"https://support.example/cases/{case.reference}/" in text
    assert f'<a href="https://support.example/cases/{case.reference}/"' in html
    assert "throttled" not in text + html and case.subject not in text + html
    assert (one().state, one().attempts, one().sent_at) == ("sent", 1, HALF)


def test_a_webhook_gets_the_alert_once_with_a_key_of_its_own(cast: Cast, webhook) -> None:
    only(share=50, channel=hands.channel(webhook.address))
    case = answered(cast)
    pass_until(HALF)
    pass_until(HALF + MINUTE)
    (told,) = webhook.got
    assert told["title"].startswith(f"[{case.reference}]") and "Acme Analytics" in told["message"]
    assert webhook.headers[0]["Idempotency-Key"] == one().key
    assert one().state == "sent"


def test_a_failing_receiver_is_asked_again_later_and_given_up_in_the_end(cast: Cast, webhook) -> None:
    webhook.status = 500
    only(share=50, channel=hands.channel(webhook.address))
    answered(cast)
    pass_until(HALF)
    row = one()
    assert (row.state, row.attempts, row.next_attempt_at) == ("pending", 1, HALF + timedelta(seconds=10))
    assert "500" in row.last_error and "secret" not in row.last_error
    at = HALF
    for _ in range(outbox.MOST_ATTEMPTS - 1):
        at = one().next_attempt_at
        assert outbox.send_one(at)
    assert one().state == "dead" and not outbox.send_one(at + HOUR)
    webhook.status = 200
    assert outbox.replay([one().pk], at) == 1
    hands.send(at)
    assert one().state == "sent"


def test_a_retry_goes_on_where_it_failed(cast: Cast, webhook, settings) -> None:
    with hands.receiver() as second:
        settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
        second.status = 503
        only(share=50, channel=hands.channel(f"{webhook.address}\n{second.address}"))
        answered(cast)
        pass_until(HALF)
        second.status = 200
        hands.send(HALF + MINUTE)
    assert (len(webhook.got), len(second.got), one().state) == (1, 2, "sent")


def test_a_slow_receiver_costs_an_attempt_and_no_more(cast: Cast, webhook, monkeypatch) -> None:
    monkeypatch.setattr(chat, "READ", 0.2)
    webhook.slow = 0.6
    only(share=50, channel=hands.channel(webhook.address))
    answered(cast)
    pass_until(HALF)
    assert (one().state, one().attempts) == ("pending", 1)


def test_a_mail_server_that_refuses_is_asked_again(cast: Cast, post) -> None:
    post.refuse = "451 try again"
    only(share=50, owner=True, by_email=True)
    answered(cast)
    pass_until(HALF)
    assert (one().state, "451" in one().last_error) == ("pending", True)
    post.refuse = ""
    hands.send(HALF + MINUTE)
    assert one().state == "sent"


def test_what_no_longer_matters_is_dropped_at_the_moment_of_sending(cast: Cast, post) -> None:
    only(share=50, owner=True, lead=True, by_email=True)
    case = answered(cast)
    while hands.sweep.step(HALF):
        pass
    hands.deliver(HALF)
    assert Outgoing.objects.count() == 2
    cast.lead.membership.regions = ["us"]
    cast.lead.membership.save()
    assert outbox.send_one(HALF) and outbox.send_one(HALF)
    assert Outgoing.objects.get(user=cast.lead).result == "out of reach"
    assert post.to() == {"agent@support.example"}
    Outgoing.objects.filter(user=cast.agent).update(state="pending", sent_at=None, attempts=0)
    case = lifecycle.start(Case.objects.get(pk=case.pk), actor=cast.actor(cast.agent), seen=None, now=HALF)
    lifecycle.wait(case, actor=cast.actor(cast.agent), ask="Which region?", seen=None, now=HALF)
    hands.send(HALF + HOUR)
    assert Outgoing.objects.get(user=cast.agent).result == outbox.NO_LONGER_RUNNING
    assert len(post.got) == 1


def test_quiet_hours_hold_a_warning_back_but_not_the_breach_of_a_p0(cast: Cast, webhook) -> None:
    room = hands.channel(webhook.address, quiet_from=time(13), quiet_until=time(20), time_zone="UTC")
    only(channel=room, name="Warnings", share=50)
    hands.rule(channel=room, name="Breaches", share=100)
    answered(cast)
    pass_until(HALF)  # 15:01
    assert one().next_attempt_at == NOON + 8 * HOUR
    urgent = answered(cast, "P0")
    pass_until(NOON + 2 * HOUR + 2 * MINUTE)
    breach = Outgoing.objects.get(case=urgent, subject__contains="breached")
    assert breach.state == "sent"
    assert Outgoing.objects.filter(case=urgent).exclude(pk=breach.pk).get().state == "pending"


def test_a_worker_that_died_is_followed_by_the_next_after_its_lease(cast: Cast, post) -> None:
    only(share=50, owner=True, by_email=True)
    answered(cast)
    while hands.sweep.step(HALF):
        pass
    hands.deliver(HALF)
    assert outbox._claim(HALF) is not None  # and then it died
    assert not outbox.send_one(HALF + MINUTE)
    assert outbox.send_one(HALF + outbox.LEASE)
    assert (len(post.got), one().attempts, one().state) == (1, 2, "sent")


def test_a_late_outcome_of_a_lost_lease_is_not_kept(cast: Cast, post) -> None:
    only(share=50, owner=True, by_email=True)
    answered(cast)
    while hands.sweep.step(HALF):
        pass
    hands.deliver(HALF)
    late = outbox._claim(HALF)
    assert late is not None and outbox.send_one(HALF + outbox.LEASE)
    outbox._failed(late, 0, "too late", HALF + outbox.LEASE)
    assert (one().state, one().last_error) == ("sent", "")


# ── Where messages may go ────────────────────────────────────────────────────
@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "2130706433", "0x7f.1", "10.0.0.8"])
def test_private_addresses_are_refused(settings, host: str) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    with pytest.raises(chat.ChatError, match=r"private network|cannot be resolved|not a complete|not taken"):
        chat.send(f"json://{host}:8200/secret-path", title="x", body="x", key="k")


def test_a_redirect_is_not_followed(webhook) -> None:
    webhook.status = 302
    with pytest.raises(chat.ChatError):
        chat.send(f"{webhook.address}?redirect=yes", title="x", body="x", key="k")
    assert len(webhook.got) == 1


def test_a_proxy_of_the_environment_is_passed_by(webhook, monkeypatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://10.9.8.7:3128")
    chat.send(webhook.address, title="x", body="x", key="k")
    assert len(webhook.got) == 1


def test_an_answer_ends_at_the_deadline_however_it_drips_and_is_bounded(webhook) -> None:
    webhook.reply, webhook.drips = b"x" * 1000, True
    began = monotonic()
    with guarded.guarded(longest=0.2), pytest.raises(requests.RequestException):
        requests.post(f"http://127.0.0.1:{webhook.port}/", json={}, timeout=5)
    assert monotonic() - began < 2
    webhook.reply, webhook.drips = b"x" * (guarded.MOST_REPLY + 1), False
    with pytest.raises(chat.ChatError, match="over 1024 KiB"):
        chat.send(webhook.address, title="x", body="x", key="k")


def test_a_server_that_asks_for_patience_does_not_hold_the_worker(webhook) -> None:
    webhook.status, webhook.reply = 429, b'{"retry_after_ms": 20000}'
    began = monotonic()
    with pytest.raises(chat.ChatError):
        chat.send(f"matrix://user:pass@127.0.0.1:{webhook.port}/#room", title="x", body="x", key="k")
    assert webhook.got and monotonic() - began < 5


@pytest.mark.parametrize("template", ["/etc/passwd", "file:///proc/self/environ", "http://10.0.0.1/x"])
def test_an_address_cannot_name_a_template_to_be_read_from_here(template: str) -> None:
    address = f"tgram://12345678:{'a' * 35}/9/"
    assert chat.parse(address)
    with pytest.raises(chat.DomainError):
        chat.parse(f"{address}?template={template}")
    with pytest.raises(chat.ChatError):  # kept from before it was refused
        chat.send(f"{address}?template={template}", title="x", body="x", key="k")


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "dbus://", "syslog://", "exec://ls", "mailto://a:b@c.example", "irc://x", "macosx://", "x"],
)
def test_services_that_are_no_http_are_refused_when_they_are_typed(address: str) -> None:
    with pytest.raises(chat.DomainError) as refused:
        chat.parse(address)
    assert refused.value.field == "addresses"


def test_what_is_shown_of_an_address_holds_no_secret() -> None:
    token = "T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    lines = chat.parse(
        f"slack://{token}/#ops\njsons://user:pass@hooks.example/abc-def?x=1\ntgram://12345678:{'a' * 35}/9"
    )
    assert chat.shown(lines).splitlines() == ["slack://…", "jsons://hooks.example/…", "tgram://…"]
    public = chat.parse(f"ntfy://topic-known-to-few\nmatrix://{'a' * 64}?mode=t2bot\nntfys://ntfy.example/topic")
    assert chat.shown(public).splitlines() == ["ntfy://…", "matrix://…", "ntfys://ntfy.example/…"]
    said = "Failed at https://hooks.example/abc-def with user pass"
    assert chat.without_secrets(said, lines[1]) == "Failed at https://hooks.example/… with … …"


def test_a_header_cannot_be_smuggled_into_a_mail(post) -> None:
    mail.send("a@b.example", subject="One\nBcc: c@d.example", body="x", key="k")
    assert post.got[0]["Bcc"] is None and post.got[0]["Subject"] == "One Bcc: c@d.example"


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_message_once(settings) -> None:
    from tests.cast import assemble  # noqa: PLC0415

    with hands.receiver() as told, isolation.scope(SYSTEM):
        settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
        cast = assemble()
        room = hands.channel(told.address)
        for number in range(6):
            Outgoing.objects.create(
                kind="apprise", key=f"test:{number}", channel=room, subject=str(number), body="x",
                queued_at=NOON, next_attempt_at=NOON, tenant=cast.acme,
            )  # fmt: skip
    with hands.receiver() as told:
        with isolation.scope(SYSTEM):
            Channel.objects.update(addresses=told.address)
        workers = [threading.Thread(target=_work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(20)
        assert sorted(message["title"] for message in told.got) == [str(number) for number in range(6)]


def _work() -> None:
    from django.db import connection  # noqa: PLC0415

    try:
        hands.send(BREACH)
    finally:
        connection.close()
