"""Deeds on a case by a form: its GET shows the form, its POST does the deed and answers the changed parts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django_htmx.http import trigger_client_event

from cases import dials, foresight, forms
from cases.access import get_case
from cases.models import Case
from cases.views import page
from companyos.web.errors import DomainError
from companyos.web.gate import View, console_view
from sla import clocks


def deed(form_class: type[forms.DeedForm]) -> View:
    """The view of one transition or property: /cases/<reference>/<noun>/. Form and deed take the same right."""
    right = form_class.right()

    @console_view(GET=right, POST=right)
    def view(request: HttpRequest, reference: str) -> HttpResponse:
        case = get_case(reference, request.actor, viewed=False)
        form = form_class(case, request.actor, request.POST if request.method == "POST" else None)
        if request.method != "POST":
            return show(request, case, form)
        status = attempt(form)
        return changed(request, case, form.done) if status == 200 else show(request, case, form, status)

    return view


def attempt(form: forms.DeedForm) -> int:
    """Do the form's deed: 200, or the status of the refusal, which the form then shows."""
    if not form.is_valid():
        return 422
    try:
        with transaction.atomic():
            form.perform(timezone.now())
    except DomainError as error:
        form.refuse(error)
        return error.status
    return 200


def show(request: HttpRequest, case: Case, form: forms.DeedForm, status: int = 200) -> HttpResponse:
    """The form: in the dialog for htmx, else as a page of its own."""
    template = "cases/_deed.html" if request.htmx else "cases/deed.html"
    return render(request, template, {"case": case, "form": form, **_foreseen(case, form)}, status=status)


def _foreseen(case: Case, form: forms.DeedForm) -> dict[str, Any]:
    now = timezone.now()
    if form.noun == "priorities":
        return {"retargetings": foresight.of_priorities(case, now)}
    if not form.verb:
        return {}
    readings = clocks.readings([case.clock_set_id], now)[case.clock_set_id]
    return {"effects": foresight.of_move(form.verb, dials.latest_cycle(readings))}


def changed(request: HttpRequest, case: Case, words: str, *, composer: bool = False) -> HttpResponse:
    """After a deed: for htmx the changed parts and a toast, else back to the case."""
    if not request.htmx:
        messages.success(request, words)
        return redirect("case", case.reference)
    fresh = get_case(case.reference, request.actor, viewed=False)
    parts = page.parts(request, fresh) | {"done": words, "with_composer": composer}
    return trigger_client_event(render(request, "cases/_changed.html", parts), "deed-done", {"words": words})
