"""Service levels as a YAML file: downloaded, and read back as drafts after a look at what would change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from companyos.web.errors import DomainError
from companyos.web.gate import console_view, named
from sla.drafts import exchange as rules
from sla.drafts.exchange import Refused
from sla.drafts.yaml_text import MOST_BYTES
from sla.fields import Problem
from sla.views.policies import PLACE
from tenants import audit

TOO_LARGE = f"The file is too large; {MOST_BYTES:,} bytes are the most."
MOST_TICKED = 900  # a form has no more than 1,000 fields


@console_view(GET="policy.read")
def export(request: HttpRequest) -> HttpResponse:
    """Everything that the viewer reaches, as a file."""
    audit.exported("service levels")
    answer = HttpResponse(rules.export(), content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="service-levels-{timezone.localdate():%Y-%m-%d}.yaml"'
    return answer


@console_view(GET="policy.edit", POST="policy.edit")
def exchange(request: HttpRequest) -> HttpResponse:
    """A file or a pasted text: shown first, and with `take` read into drafts."""
    context: dict[str, Any] = {**PLACE, "text": ""}
    if request.method != "POST":
        return render(request, "sla/exchange.html", context)
    try:
        context["text"] = text = _text(request)
        if "take" in request.POST:
            taken = rules.take(text, actor=request.actor, now=timezone.now(), items=_items(request))
            drafts = sum(entry.outcome != "same" and entry.kind != "scenario" for entry in taken)
            kept = sum(entry.outcome != "same" and entry.kind == "scenario" for entry in taken)
            messages.success(request, f"{drafts} drafts and {kept} scenarios written. Nothing is in force by it yet.")
            return redirect("policies")
        context |= _compared(request, text)
    except DomainError as error:
        if error.status in (403, 404):
            raise
        context["problems"] = error.problems if isinstance(error, Refused) else [Problem("", error.message)]
        if error.field == "item":  # the file is sound, only the choice is not
            context |= _compared(request, text)
        return render(request, "sla/exchange.html", context, status=error.status)
    return render(request, "sla/exchange.html", context)


def _compared(request: HttpRequest, text: str) -> dict[str, Any]:
    """What the file would change, item by item."""
    entries = rules.plan(text, actor=request.actor)
    differs = sum(entry.outcome != "same" for entry in entries)
    if differs > MOST_TICKED:
        message = f"{differs:,} items differ, and {MOST_TICKED} are the most to choose from: import the file in parts."
        raise DomainError("too_many", message, "file")
    return {"entries": entries, "differs": differs, "replaces": any(entry.replaces for entry in entries)}


def _items(request: HttpRequest) -> list[str]:
    items = request.POST.getlist("item")
    if not items:
        raise DomainError("required", "Tick at least one item, or leave the page: nothing is ticked.", "item")
    return items


def _text(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    if file is None:
        text = named(request, "text")
    elif (file.size or 0) > MOST_BYTES:
        raise DomainError("too_large", TOO_LARGE, "file")
    else:
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DomainError("not_text", "The file is not a text in UTF-8.", "file") from error
    if not text.strip():
        raise DomainError("required", "Choose a file or paste its text.", "file")
    return text.replace("\r\n", "\n")
