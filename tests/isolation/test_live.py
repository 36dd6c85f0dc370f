"""The live channel, byte for byte: what happens at a tenant out of reach is not told, not even that it happened."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.db import connections
from django.test import Client

from companyos.events import stream
from tenants import isolation
from tenants.access import SYSTEM
from tests.cast import Cast, assemble

SECONDS = 20


class Listener:
    """One connection to the ASGI application, as a server would hold it."""

    def __init__(self, application: Any, cookie: str) -> None:
        scope = {
            "type": "http", "method": "GET", "path": "/live/", "query_string": b"", "root_path": "", "scheme": "http",
            "headers": [(b"host", b"testserver"), (b"cookie", f"{settings.SESSION_COOKIE_NAME}={cookie}".encode())],
            "http_version": "1.1", "server": ("testserver", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip
        self.status, self.said, self.more = 0, b"", asyncio.Event()
        self._gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked = False
        self.task = asyncio.create_task(application(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)
        self.said += message.get("body", b"")
        self.more.set()

    async def hears(self, words: bytes) -> None:
        while words not in self.said:
            self.more.clear()
            await asyncio.wait_for(self.more.wait(), SECONDS)

    async def leave(self) -> None:
        self._gone.set_result(None)
        await asyncio.wait({self.task}, timeout=SECONDS)


def cookie_of(person: Any) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def open_a_case(cast: Cast, requester: Any) -> int:
    try:
        with isolation.scope(SYSTEM):
            return cast.open_case(requester).pk
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_who_listens_hears_of_what_is_in_reach_and_of_nothing_else() -> None:
    with isolation.scope(SYSTEM):
        cast = assemble()
    cookies = {name: cookie_of(person) for name, person in (("all", cast.agent), ("eu", cast.eu_agent))}

    async def listen() -> dict[str, Listener]:
        application = get_asgi_application()
        here = {name: Listener(application, cookie) for name, cookie in (*cookies.items(), ("nobody", "no-session"))}
        for name in cookies:
            await here[name].hears(b"event: hello")
        for requester in (cast.cleo, cast.ada):
            await sync_to_async(open_a_case, thread_sensitive=False)(cast, requester)
        for name in cookies:
            await here[name].hears(f'"tenant": {cast.acme.pk},'.encode())
        for name in cookies:
            await here[name].leave()
        if (task := stream.hub().task) is not None:
            task.cancel()
        return here

    heard = asyncio.run(asyncio.wait_for(listen(), 3 * SECONDS))
    of_birch = f'"tenant": {cast.birch.pk},'.encode()
    assert of_birch in heard["all"].said, "else the silence of the other proves nothing"
    assert of_birch not in heard["eu"].said
    assert b"BIRCH" not in heard["eu"].said + heard["all"].said, "ids only, whoever listens"
    assert heard["eu"].said.count(b"event: change") == heard["all"].said.count(b'"tenant": %d,' % cast.acme.pk)
    assert (heard["nobody"].status, heard["nobody"].said) == (401, b"Sign in first.")
