"""The library of runbooks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from cases.models import Runbook
from companyos.web import markup
from companyos.web.gate import console_view


@console_view(GET="case.read")
def runbooks(request: HttpRequest) -> HttpResponse:
    books = Runbook.objects.prefetch_related("macros").order_by("topic", "title")
    return render(request, "cases/runbooks.html", {"books": books, "place": "runbooks"})


@console_view(GET="case.read")
def runbook(request: HttpRequest, key: str) -> HttpResponse:
    """One runbook; its Markdown is rendered and sanitised."""
    book = get_object_or_404(Runbook.objects.prefetch_related("macros"), key=key)
    runs = book.runs.select_related("case").order_by("-queued_at")[:10]
    context = {"book": book, "body": markup.from_markdown(book.body), "runs": runs, "place": "runbooks"}
    return render(request, "cases/runbook.html", context)
