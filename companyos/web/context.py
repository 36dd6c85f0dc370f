"""What every page's frame needs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """`live_url`: where this page's server-sent events come from; same host, another port where LIVE_PORT says so."""
    if settings.LIVE_PORT:
        host = request.get_host().rpartition(":")[0] or request.get_host()
        live_url = f"{request.scheme}://{host}:{settings.LIVE_PORT}/live/"
    else:
        live_url = "/live/"
    return {"live_url": live_url, "actor": getattr(request, "actor", None)}
