"""`/live/`: who may watch what, answered by the live process."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from companyos.events.stream import stream
from tenants import actors
from tenants.access import Actor


async def live(request: HttpRequest) -> HttpResponseBase:
    """Server-sent events of what changes in the viewer's reach. Only an ASGI process holds a connection per viewer."""
    if not isinstance(request, ASGIRequest):
        return HttpResponse("Live updates come from the live process.", status=503, content_type="text/plain")
    actor = await sync_to_async(_viewer)(request)
    if actor is None or not actor.can("console.use"):
        response: HttpResponseBase = HttpResponse("Sign in first.", status=401, content_type="text/plain")
    else:
        response = StreamingHttpResponse(stream(actor.tenant_ids), content_type="text/event-stream")
        response["Cache-Control"] = "no-store"
        response["X-Accel-Buffering"] = "no"
    return _readable_by_own_pages(request, response)


def _viewer(request: HttpRequest) -> Actor | None:
    user = request.user
    return actors.of_user(user) if user.is_authenticated else None  # type: ignore[arg-type]


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
