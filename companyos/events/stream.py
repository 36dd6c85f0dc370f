"""Live updates: one LISTEN connection per live process, fanned out to the streams of the people who watch.

A stream carries ids and names of events, never words: the browser then asks the web process, which checks rights.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.db import connection

log = structlog.get_logger(__name__)

PING_SECONDS = 15
LONGEST_QUEUE = 500


@dataclass(eq=False)
class Watcher:
    """One open stream: `tenant_ids` None sees every tenant."""

    tenant_ids: frozenset[int] | None
    queue: asyncio.Queue[dict[str, Any] | None] = field(default_factory=lambda: asyncio.Queue(LONGEST_QUEUE))

    def offer(self, message: dict[str, Any]) -> None:
        if self.tenant_ids is not None and message.get("tenant") not in self.tenant_ids:
            return
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            # A reader this far behind had better reload than catch up.
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait({"name": "stream.lagged"})


class Hub:
    """The process' listener. It starts with the first watcher, and reconnects for as long as there are any."""

    def __init__(self) -> None:
        self.watchers: set[Watcher] = set()
        self.task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    def join(self, watcher: Watcher) -> None:
        self.watchers.add(watcher)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._listen())

    def leave(self, watcher: Watcher) -> None:
        self.watchers.discard(watcher)

    async def _listen(self) -> None:
        while True:
            try:
                await self._until_broken()
            except (psycopg.Error, OSError) as error:
                log.warning("live.database_lost", error=str(error))
            if self.connected.is_set():
                self.connected.clear()
                self._tell_all({"name": "stream.lagged"})
            await asyncio.sleep(1)

    async def _until_broken(self) -> None:
        listener = await _session()
        async with listener:
            await listener.execute(f'LISTEN "{settings.EVENT_CHANNEL}"')
            self.connected.set()
            async for notify in listener.notifies():
                self._tell_all(json.loads(notify.payload))

    def _tell_all(self, message: dict[str, Any]) -> None:
        for watcher in tuple(self.watchers):
            watcher.offer(message)


async def _session() -> psycopg.AsyncConnection[Any]:
    """A session that may LISTEN: past the pooler, where there is one."""
    if settings.LIVE_DATABASE_URL:
        return await psycopg.AsyncConnection.connect(settings.LIVE_DATABASE_URL, autocommit=True, connect_timeout=5)
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    return await psycopg.AsyncConnection.connect(**parameters, autocommit=True)


_hubs: dict[asyncio.AbstractEventLoop, Hub] = {}


def hub() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())


async def stream(tenant_ids: frozenset[int] | None) -> AsyncGenerator[bytes, None]:
    """Server-sent events for one watcher: `hello` once live, then a message per event, and a comment to keep alive."""
    watcher, here = Watcher(tenant_ids), hub()
    here.join(watcher)
    try:
        yield b"retry: 2000\n\n"
        await asyncio.wait_for(here.connected.wait(), timeout=10)
        yield b"event: hello\ndata: {}\n\n"
        while True:
            try:
                message = await asyncio.wait_for(watcher.queue.get(), timeout=PING_SECONDS)
            except TimeoutError:
                yield b": alive\n\n"
                continue
            yield b"event: change\ndata: " + json.dumps(message).encode() + b"\n\n"
    finally:
        here.leave(watcher)
