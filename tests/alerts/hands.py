"""Real receivers on this machine, and the passing of time: sweep, deliver, send."""

from __future__ import annotations

import email
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from cases import conversation
from cases.models import Case
from companyos.events import dispatch
from companyos.events.models import Event
from escalations.models import AlertRule, Channel
from integrations import outbox
from sla import sweep
from tests.cases import way
from tests.cast import NOON, Cast

HOUR = timedelta(hours=1)
HALF = NOON + way.MINUTE + 3 * HOUR  # of a P1's six hours to resolve
BREACH = NOON + way.MINUTE + 6 * HOUR


@dataclass
class Receiver:
    """A webhook. `status` and `reply` are what it answers, after `slow` seconds; `drips`: byte by byte."""

    port: int = 0
    status: int = 200
    slow: float = 0.0
    reply: bytes = b""
    drips: bool = False
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook-secret-path"


@contextmanager
def receiver() -> Iterator[Receiver]:
    told = Receiver()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told.got.append(json.loads(body))
            told.headers.append(dict(self.headers))
            time.sleep(told.slow)
            self.send_response(told.status)
            if told.status == 302:
                self.send_header("Location", "http://169.254.169.254/latest")
            self.send_header("Content-Length", str(len(told.reply)))
            self.end_headers()
            with suppress(OSError):  # who asked may have had enough
                for at in range(0, len(told.reply), 1 if told.drips else 65536):
                    self.wfile.write(told.reply[at : at + (1 if told.drips else 65536)])
                    time.sleep(0.02 if told.drips else 0)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


class Post:
    """An SMTP server's letter box. `refuse` is answered instead of taking a message."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.refuse = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse:
            return self.refuse
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        return "250 OK"

    def to(self) -> set[str]:
        return {str(message["To"]) for message in self.got}


@contextmanager
def post_office(settings: Any) -> Iterator[Post]:
    """A mail server that the settings name for as long as it runs."""
    post = Post()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Controller(post, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    try:
        yield post
    finally:
        server.stop()


def pass_until(now: datetime) -> None:
    """Sweep and deliver what is due, then send what is due."""
    while sweep.step(now):
        pass
    deliver(now)
    send(now)


def deliver(now: datetime) -> None:
    while dispatch.deliver_one(now):
        pass


def send(now: datetime) -> None:
    while outbox.send_one(now):
        pass


def answered(cast: Cast, priority: str = "P1") -> Case:
    """A P1 of Acme, owned and answered, so that only its resolution and its next update run."""
    case = way.accepted(cast, priority=priority)
    conversation.reply(case, actor=cast.actor(cast.agent), body="We are on it.", now=NOON + 2 * way.MINUTE)
    return case


def only(**values: Any) -> AlertRule:
    """The one rule there is."""
    AlertRule.objects.all().delete()
    return rule(**values)


def rule(**values: Any) -> AlertRule:
    name = f"Rule {AlertRule.objects.count()}"
    return AlertRule.objects.create(**{"name": name, "metric": "resolution", **values})


def channel(address: str, **values: Any) -> Channel:
    return Channel.objects.create(**{"name": "Ops", "addresses": address, "shown": "json://127.0.0.1/…", **values})


def alert(case: Case, share: int, metric: str = "resolution") -> Event:
    return Event.objects.get(name="case.alerted", subject_id=case.pk, payload__metric=metric, payload__share=share)
