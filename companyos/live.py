"""`/live/`: who may watch what, answered by the live process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from companyos.events.stream import stream
from tenants import actors, isolation
from tenants.access import SYSTEM, Actor
from tenants.models import Grant

# A browser connects again by itself; then its reach is read anew, which is how a revocation gets here.
LONGEST_UNDER_GRANT = 300.0  # seconds


async def live(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events of what changes in the viewer's reach. Only an ASGI process holds a connection per viewer."""
    if not isinstance(request, ASGIRequest):
        return HttpResponse("Live updates come from the live process.", status=503, content_type="text/plain")
    actor, seconds = await sync_to_async(_viewer)(request)
    if actor is None or not actor.can("console.use"):
        response: HttpResponseBase = HttpResponse("Sign in first.", status=401, content_type="text/plain")
    else:
        response = StreamingHttpResponse(_within(stream(actor.tenant_ids), seconds), content_type="text/event-stream")
        response["Cache-Control"] = "no-store"
        response["X-Accel-Buffering"] = "no"
    return _readable_by_own_pages(request, response)


def _viewer(request: HttpRequest) -> tuple[Actor | None, float | None]:
    """Who watches, and for how many seconds at most: a reach that a grant widened ends with the grant."""
    user = request.user
    actor = actors.of_user(user) if user.is_authenticated else None  # type: ignore[arg-type]
    wide = [one.grant_id for one in actor.opened if one.case_id is None] if actor else []
    if not wide:
        return actor, None
    with isolation.scope(SYSTEM):
        left = Grant.objects.filter(pk__in=wide).seconds_left()
    return actor, min(left or 0.0, LONGEST_UNDER_GRANT)


async def _within(source: AsyncGenerator[bytes, None], seconds: float | None) -> AsyncGenerator[bytes, None]:
    """The stream, ended after so many seconds; without them, never."""
    ends = None if seconds is None else asyncio.get_running_loop().time() + seconds
    async with aclosing(source):
        while True:
            left = None if ends is None else ends - asyncio.get_running_loop().time()
            try:
                yield await asyncio.wait_for(anext(source), left)
            except (TimeoutError, StopAsyncIteration):
                return


def _readable_by_own_pages(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Where live has a port of its own, the console's page is another origin: the same host on the web's port."""
    origin = request.headers.get("Origin", "")
    host = request.get_host().rpartition(":")[0] or request.get_host()
    same_host = origin.rpartition(":")[0] in (f"http://{host}", f"https://{host}")
    if settings.LIVE_PORT and same_host and url_has_allowed_host_and_scheme(origin, {origin.partition("//")[2]}):
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Allow-Credentials"] = "true"
        response["Vary"] = "Origin"
    return response
