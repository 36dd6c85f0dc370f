"""The composer: replies, notes, drafts, macros; and a note made public."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from cases import conversation, dials, lifecycle, macros
from cases.access import get_case
from cases.models import Case, Macro, Note
from cases.views import page
from cases.views.deeds import changed
from companyos.web.errors import DomainError
from companyos.web.gate import console_view, named
from sla import clocks

SENT = {"": "Reply sent.", "start": "Reply sent; in progress.", "wait": "Reply sent; waiting on the customer."}


@console_view(POST="case.reply")
def replies(request: HttpRequest, reference: str) -> HttpResponse:
    """Send a public reply; `next` moves the case in the same commit, the answer first."""
    case = get_case(reference, request.actor, viewed=False)
    following = request.POST.get("next", "")
    try:
        with transaction.atomic():
            _send(request, case, following)
    except DomainError as error:
        return _refused(request, case, "reply", error)
    return changed(request, case, SENT.get(following, SENT[""]), composer=True)


def _send(request: HttpRequest, case: Case, following: str) -> None:
    about = {"actor": request.actor, "seen": _seen(request), "now": timezone.now()}
    body, files = request.POST.get("body", ""), request.FILES.getlist("files")
    macro = Macro.objects.filter(key=named(request, "macro")).first()
    if following == "wait":
        lifecycle.wait(case, ask=body, files=files, macro=macro, **about)
        return
    conversation.reply(case, body=body, files=files, macro=macro, **about)
    if following == "start":
        lifecycle.start(case, **{**about, "seen": None})


@console_view(POST="case.note")
def notes(request: HttpRequest, reference: str) -> HttpResponse:
    """Add an internal note, or a mitigation that was applied."""
    case = get_case(reference, request.actor, viewed=False)
    kind = request.POST.get("kind") or Note.Kind.NOTE
    try:
        conversation.note(case, actor=request.actor, body=request.POST.get("body", ""), kind=kind, now=timezone.now())
    except DomainError as error:
        return _refused(request, case, "note", error)
    words = "Mitigation written down." if kind == Note.Kind.MITIGATION else "Internal note added."
    return changed(request, case, words, composer=True)


@console_view(POST="case.reply")
def publications(request: HttpRequest, reference: str, note_id: int) -> HttpResponse:
    """Make a note public: it is sent to the customer now."""
    case = get_case(reference, request.actor, viewed=False)
    note = get_object_or_404(Note, pk=note_id, case=case)
    conversation.publish(case, note, actor=request.actor, now=timezone.now())
    return changed(request, case, "The note was sent to the customer.")


@console_view(POST="case.note")
def drafts(request: HttpRequest, reference: str) -> HttpResponse:
    """Keep the draft; 204, or back to the case without JavaScript."""
    case = get_case(reference, request.actor, viewed=False)
    conversation.save_draft(
        case, actor=request.actor, mode=request.POST.get("mode", ""), body=request.POST.get("body", "")
    )
    return HttpResponse(status=204) if request.headers.get("X-Draft") else redirect("case", case.reference)


@console_view(GET="case.reply")
def macro(request: HttpRequest, reference: str, key: str) -> HttpResponse:
    """A macro's text filled for this case: as text for the composer, else as the reply's draft."""
    case = get_case(reference, request.actor, viewed=False)
    found, text = macros.filled(case, key, request.actor)
    if request.headers.get("X-Macro"):
        return HttpResponse(text, content_type="text/plain; charset=utf-8")
    context = page.parts(request, case) | {"macro": found, "macro_text": text}
    return render(request, "cases/macro.html", context)


def _seen(request: HttpRequest) -> int | None:
    value = request.POST.get("seen", "")
    return int(value) if value.isdecimal() and len(value) < 10 else None


def _refused(request: HttpRequest, case: Case, mode: str, error: DomainError) -> HttpResponse:
    """The composer again, with what was written and why it was not sent."""
    now = timezone.now()
    shown = dials.latest_cycle(clocks.readings([case.clock_set_id], now)[case.clock_set_id])
    box = page.composer(request, case, shown) | {"mode": mode, "error": error}
    box["drafts"] = {**box["drafts"], mode: request.POST.get("body", "")}
    context = {"case": case, "composer": box, "back": reverse("case", args=[case.reference])}
    template = "cases/_composer.html" if request.htmx else "cases/composer.html"
    return render(request, template, context, status=error.status)
