"""Elevated access in the console: the lists, one grant with what was looked at under it, and every deed."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from cases.access import get_case
from cases.models import Case
from companyos.web.errors import DomainError
from companyos.web.gate import NUL, console_view, named
from companyos.web.pagination import Sort, page
from escalations import forms, grant_lists, grants
from escalations import incidents as incident_verbs
from tenants.models import AuditEntry, Grant, Tenant, but_drills
from tenants.reauthentication import challenge, is_recent

NEWEST_LOOK = Sort("looked", "timestamp", descending=True)
DONE = {
    "grants": "Access requested. Leads have been told; you see the decision here.",
    "break-glass": "The glass is broken. Leads have been told and review it.",
    "gifts": "Access given.",
}


# ── Reading ──────────────────────────────────────────────────────────────────
@console_view(GET="grant.read")
def lists(request: HttpRequest) -> HttpResponse:
    """To decide, in force, to review, mine, history; the query string is the whole state."""
    default = "decide" if request.actor.can("grant.approve") else "mine"
    one = grant_lists.LISTS.get(request.GET.get("show", ""), grant_lists.LISTS[default])
    asked = {name: request.GET.get(name, "").replace(NUL, "").strip()[:100] for name in ("tenant", "person")}
    found = grant_lists.rows(one.key, request.actor, **asked)
    context = {
        "lists": grant_lists.LISTS.values(),
        "list": one,
        "page": page(found, one.sort, after=request.GET.get("after")),
        "asked": asked,
        "tenants": Tenant.objects.filter(but_drills("")).order_by("name")[:100],
        "late": timezone.now() - grants.REVIEW_WITHIN,
        "place": "access",
    }
    return render(request, "escalations/access.html", context)


@console_view(GET="grant.read")
def grant(request: HttpRequest, grant_id: int) -> HttpResponse:
    """One grant, what may be done with it now, and every look that was taken under it."""
    return _show(request, grant_lists.get_grant(grant_id, request.actor))


def _show(request: HttpRequest, found: Grant, error: DomainError | None = None) -> HttpResponse:
    looks = AuditEntry.objects.filter(grant=found).select_related("actor", "content_type")
    context = {
        "grant": found,
        "page": page(looks, NEWEST_LOOK, after=request.GET.get("after")),
        "late": timezone.now() - grants.REVIEW_WITHIN,
        "error": error,
        "place": "access",
    }
    return render(request, "escalations/grant.html", context, status=error.status if error else 200)


# ── Asking, taking, giving ───────────────────────────────────────────────────
@console_view(GET="grant.request", POST="grant.request")
def requests(request: HttpRequest, reference: str) -> HttpResponse:
    return _ask(request, _case(request, reference), "grants", grants.request)


@console_view(GET="grant.break_glass", POST="grant.break_glass")
def broken_glass(request: HttpRequest, reference: str) -> HttpResponse:
    return _ask(request, _case(request, reference), "break-glass", grants.break_glass, proof="break the glass")


@console_view(GET="grant.approve", POST="grant.approve")
def gifts(request: HttpRequest, reference: str) -> HttpResponse:
    return _ask(request, _case(request, reference), "gifts", grants.give, proof="give this access")


def _case(request: HttpRequest, reference: str) -> Case:
    return get_case(reference, request.actor, viewed=False, content=False)


def _ask(request: HttpRequest, case: Case, noun: str, verb: Callable[..., Grant], proof: str = "") -> HttpResponse:
    """The form on a page of its own; the case's page has it too and posts here."""
    told = request.POST if request.method == "POST" else None
    more = {"giver": request.actor.user_id} if noun == "gifts" else {}
    form = forms.FORMS[noun](told, **more)
    if told is None:
        return _show_form(request, case, noun, form, 200)
    if proof and not is_recent(request):
        return challenge(request, proof)
    if not form.is_valid():
        return _show_form(request, case, noun, form, 422)
    values = {name: value for name, value in form.cleaned_data.items() if name != "sure"}
    try:
        with transaction.atomic():
            verb(grants.about_case(case), actor=request.actor, now=timezone.now(), **values)
    except DomainError as error:
        form.refuse(error)
        return _show_form(request, case, noun, form, error.status)
    messages.success(request, DONE[noun])
    return _to_case(case.reference)


def _show_form(request: HttpRequest, case: Case, noun: str, form: forms.AccessForm, status: int) -> HttpResponse:
    context = {"case": case, "noun": noun, "form": form, "place": "access"}
    return render(request, "escalations/ask.html", context, status=status)


def _to_case(reference: str) -> HttpResponse:
    return redirect(f"{reverse('case', args=[reference])}?tab=access")


@console_view(POST="grant.request")
def incident_requests(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask for access to a restricted tenant because of an incident."""
    incident = incident_verbs.get_incident(reference)
    tenant = Tenant.objects.filter(slug=named(request, "tenant")).first()
    if tenant is None:
        raise DomainError("unknown_tenant", "Choose a tenant.", "tenant")
    form = forms.RequestForm({**request.POST.dict(), "reach": Grant.Reach.TENANT})
    if not form.is_valid():
        raise DomainError("bad_minutes", "Say for how many minutes, from 5 to 480.", "minutes")
    subject = grants.about_incident(incident, tenant)
    made = grants.request(subject, actor=request.actor, now=timezone.now(), **form.cleaned_data)
    messages.success(request, DONE["grants"])
    return redirect("grant", made.pk)


# ── Deciding, giving back ────────────────────────────────────────────────────
@console_view(POST="grant.approve")
def approvals(request: HttpRequest, grant_id: int) -> HttpResponse:
    return _deed(request, grant_id, forms.ApprovalForm, grants.approve, "Approved.", proof="approve this access")


@console_view(POST="grant.approve")
def denials(request: HttpRequest, grant_id: int) -> HttpResponse:
    return _deed(request, grant_id, forms.WordsForm, grants.deny, "Denied.")


@console_view(POST="grant.request")
def withdrawals(request: HttpRequest, grant_id: int) -> HttpResponse:
    return _deed(request, grant_id, None, grants.withdraw, "The request is taken back.")


@console_view(POST="grant.request")
def revocations(request: HttpRequest, grant_id: int) -> HttpResponse:
    return _deed(request, grant_id, forms.WordsForm, grants.revoke, "Revoked; it holds from the next request on.")


@console_view(POST="grant.approve")
def reviews(request: HttpRequest, grant_id: int) -> HttpResponse:
    return _deed(request, grant_id, forms.ReviewForm, grants.review, "Reviewed.")


def _deed(
    request: HttpRequest,
    grant_id: int,
    form_class: type[forms.AccessForm] | None,
    verb: Callable[..., Grant],
    done: str,
    proof: str = "",
) -> HttpResponse:
    """A refusal is shown on the grant as it is now, so that a second decision sees the first."""
    found = grant_lists.get_grant(grant_id, request.actor)
    if proof and not is_recent(request):
        return challenge(request, proof)
    form = form_class(request.POST) if form_class else None
    try:
        if form is not None and not form.is_valid():
            field, words = next(iter(form.errors.items()))
            raise DomainError("invalid", f"{field.capitalize()}: {words[0]}", field)
        with transaction.atomic():
            verb(found, actor=request.actor, now=timezone.now(), **(form.cleaned_data if form else {}))
    except DomainError as error:
        return _show(request, grant_lists.get_grant(grant_id, request.actor), error)
    messages.success(request, done)
    on_case = request.POST.get("back") == "case" and found.subject_kind == "case"
    return _to_case(found.subject_reference) if on_case else redirect("grant", found.pk)
