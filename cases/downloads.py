"""Downloads in two steps: where the right is checked and the look is noted, and where the bytes come from.

The first answers with a link that is good for a minute, for one file and one person. The second, under a path (or a
host) of its own, reads no cookie: it opens the scope of the person that the link names, so that whoever may no longer
see the file gets nothing. What it sends is a download and never a page of ours.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import FileResponse, HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from cases.models import Attachment, Evidence
from companyos.web.errors import Gone, NotFound
from tenants import actors, audit, isolation
from tenants.access import SYSTEM, Actor
from tenants.models import AuditEntry, Requester, User

LIFE = timedelta(seconds=60)
SALT = "cases.downloads"
KINDS: dict[str, type[Attachment] | type[Evidence]] = {"attachment": Attachment, "evidence": Evidence}
ALONE = "sandbox; default-src 'none'; frame-ancestors 'none'"


def link(stored: Attachment | Evidence | None, actor: Actor, *, origin: str = "") -> str:
    """The address of the bytes, for `actor` alone; notes the look. Raises NotFound for None.

    `origin` is the page of another origin that may fetch them with a script: the widget's.
    """
    if stored is None:
        raise NotFound("not_found", "There is no such file.")
    audit.viewed(stored, AuditEntry.Kind.FILE)
    told = {
        "kind": type(stored).__name__.lower(),
        "uuid": str(stored.uuid),
        "user": actor.user_id,
        "requester": actor.requester_id,
        "origin": origin,
    }
    name = stored.name.replace("/", "_").strip(".") or "file"
    return settings.FILES_ORIGIN + reverse("file", args=[signing.dumps(told, salt=SALT, compress=True), name])


def redirect(stored: Attachment | Evidence | None, actor: Actor) -> HttpResponseRedirect:
    """On to the bytes."""
    return HttpResponseRedirect(link(stored, actor))


@require_safe
def file(request: HttpRequest, signed: str, name: str) -> FileResponse:
    """The bytes. 410 when the link's minute is over, 404 when it is none or its person may not see the file now."""
    try:
        told = signing.loads(signed, salt=SALT, max_age=LIFE)
    except signing.SignatureExpired as error:
        words = "This link was good for a minute. Go back to where it was and choose the file again."
        raise Gone("link_expired", words) from error
    except signing.BadSignature as error:
        words = "This link is not whole. Go back to where it was and choose the file again."
        raise NotFound("link_broken", words) from error
    response = _bytes(_seen(told))
    if told["origin"]:
        response["Access-Control-Allow-Origin"] = told["origin"]
        response["Vary"] = "Origin"
    return response


def _seen(told: dict[str, Any]) -> Attachment | Evidence:
    actor = _person(told)
    if actor is not None:
        with isolation.scope(actor):
            stored = KINDS[told["kind"]].objects.filter(uuid=told["uuid"]).first()
        if stored is not None:
            return stored
    raise NotFound("not_found", "There is no such file.")


def _person(told: dict[str, Any]) -> Actor | None:
    """Whom the link was made for, with what they may see at this moment."""
    with isolation.scope(SYSTEM):
        if told["requester"]:
            requester = Requester.objects.filter(pk=told["requester"]).first()
            return actors.of_requester(requester) if requester else None
        user = User.objects.filter(pk=told["user"]).first()
        return actors.of_user(user) if user else None


def _bytes(stored: Attachment | Evidence) -> FileResponse:
    response = FileResponse(stored.file.open("rb"), as_attachment=True, filename=stored.name)
    response["Content-Type"] = "application/octet-stream"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = ALONE
    response["Referrer-Policy"] = "no-referrer"
    return response
