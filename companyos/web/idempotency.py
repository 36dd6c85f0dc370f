"""Idempotency-Key: the same create asked for twice happens once and answers the same.

The key's row is inserted first, in the request's transaction: a second request with the key waits for the first to
commit, then replays its answer. A request that failed leaves no row, so it may be mended and sent again under its key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response

from companyos.web.errors import Conflict, DomainError
from companyos.web.models import IdempotentRequest

KEPT_FOR = timedelta(days=2)
HEADER = "Idempotency-Key"
LONGEST_KEY = 200
Handler = Callable[..., Response]


def idempotent(*, required: bool = False) -> Callable[[Handler], Handler]:
    """Decorate a DRF handler that creates something. Needs request.actor, and a transaction around the request.

    A view's method `replayed(body, …)` raises when the one who asks may not see the remembered answer any more.

    The mark `idempotency` ("required" or "optional") on the handler is what the API's schema tells of it.
    """

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        def once(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
            key = _key(request, required)
            if not key:
                return handler(view, request, *args, **kwargs)
            # A savepoint of its own: whatever raises takes the key's row back with everything else.
            with transaction.atomic():
                row, fresh = _claim(request, key)
                if not fresh:
                    answer = _replay(row, _fingerprint(request))
                    if hasattr(view, "replayed"):
                        view.replayed(answer.data, *args, **kwargs)
                    return answer
                response = handler(view, request, *args, **kwargs)
                _keep(row, response)
            return response

        once.idempotency = "required" if required else "optional"  # type: ignore[attr-defined]
        return once

    return decorate


def _key(request: Request, required: bool) -> str:
    key = request.headers.get(HEADER, "").strip()
    if required and not key:
        raise DomainError(
            "idempotency_key_missing", f"Send {HEADER}: a random string per create, reused when retrying."
        )
    if len(key) > LONGEST_KEY or not key.isprintable():
        raise DomainError("idempotency_key_bad", f"{HEADER} has at most {LONGEST_KEY} printable characters.")
    return key


def _claim(request: Request, key: str) -> tuple[IdempotentRequest, bool]:
    actor = request._request.actor  # type: ignore[attr-defined]
    name = f"{actor.kind}:{actor.identifier}"
    fingerprint = _fingerprint(request)
    IdempotentRequest.objects.bulk_create(
        [IdempotentRequest(actor=name, key=key, fingerprint=fingerprint)], ignore_conflicts=True
    )
    # With ignore_conflicts the rows carry no ids: read back who holds the key.
    row = IdempotentRequest.objects.select_for_update().get(actor=name, key=key)
    return row, row.status is None and row.fingerprint == fingerprint


def _replay(row: IdempotentRequest, fingerprint: str) -> Response:
    if row.fingerprint != fingerprint:
        raise Conflict("idempotency_key_reused", f"This {HEADER} was used for another request; take a new one.")
    return Response(row.body, status=row.status, headers={"Idempotent-Replayed": "true"})


def _keep(row: IdempotentRequest, response: Response) -> None:
    if response.status_code >= 400:
        transaction.set_rollback(True)
        return
    row.status, row.body = response.status_code, response.data
    row.save(update_fields=["status", "body"])


def _fingerprint(request: Request) -> str:
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    if not hasattr(request.data, "keys"):
        digest.update(repr(request.data).encode())
        return digest.hexdigest()
    for name in sorted(request.data):
        values = request.data.getlist(name) if hasattr(request.data, "getlist") else [request.data[name]]
        for value in values:
            # repr: a JSON text may hold half a surrogate pair, which no encoding takes.
            digest.update(f"\n{name!r}=".encode())
            digest.update(_content(value))
    return digest.hexdigest()


def _content(value: Any) -> bytes:
    if not hasattr(value, "chunks"):
        return repr(value).encode()
    digest = hashlib.sha256(repr(value.name).encode())
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return digest.digest()


def forget_older_than(instant: datetime) -> int:
    """Drop remembered answers; a client that retries after that creates anew. Answers how many."""
    return IdempotentRequest.objects.filter(created_at__lt=instant).delete()[0]
