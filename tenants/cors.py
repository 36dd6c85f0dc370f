"""Which pages may call the widget's endpoints from the browser: the origins that some tenant allows.

Only the browser's own rule is loosened here. Whose cases a page sees is settled by its token, which names one
origin and one tenant.
"""

from __future__ import annotations

from typing import Any

from corsheaders.signals import check_request_enabled
from django.core.cache import cache
from django.dispatch import receiver
from django.http import HttpRequest

from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import Tenant

WIDGET_PATH = "/api/v1/widget/"
_REMEMBERED = 60  # seconds; a tenant's new origin works after at most that long
_LONGEST_ORIGIN = 200


@receiver(check_request_enabled, dispatch_uid="tenants.cors")
def origin_allowed(sender: Any, request: HttpRequest, **kwargs: Any) -> bool:
    origin = request.headers.get("Origin", "")
    if not request.path.startswith(WIDGET_PATH) or not 0 < len(origin) <= _LONGEST_ORIGIN or "\x00" in origin:
        return False
    return origin in _allowed_origins()


def _allowed_origins() -> frozenset[str]:
    # One key holds them all: a key per origin would let anybody fill the cache.
    known = cache.get("widget-origins")
    if known is None:
        with isolation.scope(SYSTEM):
            known = frozenset(
                origin for origins in Tenant.objects.values_list("widget_origins", flat=True) for origin in origins
            )
        cache.set("widget-origins", known, _REMEMBERED)
    return known
