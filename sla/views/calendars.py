"""The calendars' pages: the list, a calendar in pictures with a promise to try out, and its draft."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from companyos.web.errors import Conflict, DomainError, NotFound
from companyos.web.gate import console_view, named
from sla import diary, scenarios, versions
from sla.calendars import CalendarError
from sla.documents import KEY, KEY_WORDS, CalendarDocument
from sla.drafts import drafting
from sla.drafts.changes import changes
from sla.drafts.drafting import CALENDAR, Unsound, may_edit
from sla.forms.calendars import CalendarDraftForm, initial, subdivisions, zones
from sla.models import Calendar, Draft
from tenants import audit
from tenants.models import Tenant, but_drills

PLACE = {"place": "policies", "tab": "calendars"}
NEW_WEEK = "Mon-Fri 09:00-17:00"


@console_view(GET="policy.read")
def calendars(request: HttpRequest) -> HttpResponse:
    """Every calendar with the policies that count in it, and the drafts under way."""
    lines = diary.lines(timezone.now())
    audit.listed(line.calendar for line in lines if line.calendar.tenant_id)
    drafts = Draft.objects.filter(kind=CALENDAR).select_related("author", "tenant").order_by("key")
    return render(request, "sla/calendars.html", {"lines": lines, "drafts": drafts, **PLACE})


@console_view(GET="policy.read", POST="policy.edit")
def calendar(request: HttpRequest, key: str) -> HttpResponse:
    """One version in pictures (`?version=`, else the newest), from a date on (`?from=`); POST begins its draft."""
    found = diary.versions(key)
    if request.method == "POST":
        drafting.begin(CALENDAR, key, actor=request.actor, now=timezone.now())
        return redirect("calendar_draft", key)
    shown = _version(found, request.GET.get("version"))
    if shown.tenant_id:
        audit.viewed(shown)
    now = timezone.now()
    context: dict[str, Any] = {"calendar": shown, "versions": found, "newest": found[0], **PLACE}
    context["policies"] = [one for one in diary.policies_in_force(now) if one.calendar.key == key]
    context["draft"] = Draft.objects.filter(kind=CALENDAR, key=key).select_related("author").first()
    context["may_edit"] = may_edit(request.actor, shown.tenant_id)
    trial = None
    try:
        context["pictures"] = diary.drawn(shown, _date(request.GET.get("from")), now)
        trial = _trial(request, shown)
    except CalendarError as error:
        context["trouble"] = str(error)
    context["trial"] = trial
    status = 422 if trial is not None and trial.error else 200
    return render(request, "sla/calendar.html", context, status=status)


@console_view(GET="policy.edit", POST="policy.edit")
def new_calendar(request: HttpRequest) -> HttpResponse:
    """Begins the draft of a calendar that is not there yet."""
    tenants = [one for one in Tenant.objects.filter(but_drills("")).order_by("name") if may_edit(request.actor, one.pk)]
    typed = {name: named(request, name) for name in ("key", "name", "tenant")}
    context: dict[str, Any] = {"tenants": tenants, "typed": typed, "shared": may_edit(request.actor, None), **PLACE}
    if request.method != "POST":
        return render(request, "sla/new_calendar.html", context)
    key = typed["key"].strip()
    try:
        if len(key) > 60 or not re.fullmatch(KEY, key):
            raise DomainError("key", f"“{key[:60]}” is not {KEY_WORDS}.", "key")
        if Calendar.objects.filter(key=key).exists() or Draft.objects.filter(kind=CALENDAR, key=key).exists():
            raise Conflict("taken", f"The key “{key}” is taken; choose another.", "key")
        told = {"key": key, "name": typed["name"].strip(), "time_zone": request.user.time_zone, "week": NEW_WEEK}
        told |= {"tenant": typed["tenant"]} if typed["tenant"] else {}
        drafting.begin(CALENDAR, key, actor=request.actor, now=timezone.now(), document=told)
    except DomainError as error:
        return render(request, "sla/new_calendar.html", {**context, "error": error}, status=error.status)
    return redirect("calendar_draft", key)


@console_view(GET="policy.edit", POST="policy.edit")
def draft(request: HttpRequest, key: str) -> HttpResponse:
    """The draft's form with its pictures. POST saves what is typed or (`show`) only shows it."""
    row = Draft.objects.filter(kind=CALENDAR, key=key).select_related("author", "tenant").first()
    if row is None:
        raise NotFound("not_found", "There is no draft of this calendar; it was activated or discarded.")
    drafting.require_reach(request.actor, row.tenant_id)
    if request.method != "POST":
        return _draft_page(request, row, CalendarDraftForm(initial(row.document)), row.edits)
    seen = _number(request.POST.get("seen"))
    form = CalendarDraftForm(request.POST)
    if "show" in request.POST or not form.is_valid():
        return _draft_page(request, row, form, seen)
    try:
        drafting.save(row.pk, _document(form, row), seen=seen, actor=request.actor, now=timezone.now())
    except Conflict as error:
        form.add_error(None, f"{error.message} What you typed is kept here.")
        return _draft_page(request, row, form, error.version or 0, status=409)
    messages.success(request, "Draft saved.")
    return redirect("calendar_draft", key)


def _draft_page(
    request: HttpRequest, row: Draft, form: CalendarDraftForm, seen: int, *, status: int = 200
) -> HttpResponse:
    """With the pictures of what is typed and the scenarios that fail under it, if it can be counted in."""
    context: dict[str, Any] = {"draft": row, "form": form, "seen": seen, **PLACE}
    base = drafting.newest(CALENDAR, row.key)
    context |= {"zones": zones(), "subdivisions": subdivisions(), "base": base}
    context["changes"] = changes(drafting.written(base), row.document) if base else []
    if form.is_valid():
        try:
            told = drafting.sound(CALENDAR, row.key, _document(form, row)).document
            assert isinstance(told, CalendarDocument)
            context |= {"pictures": _pictures(told), "sound": True}
            context["failures"] = scenarios.failing(CALENDAR, row.key, told, timezone.now())
        except Unsound as error:
            form.show_problems(error.problems)
        except CalendarError as error:
            form.add_error(None, str(error))
    if form.errors and request.method == "POST":
        status = 422 if status == 200 else status
    return render(request, "sla/calendar_draft.html", context, status=status)


def _pictures(told: CalendarDocument) -> diary.Pictures:
    now = timezone.now()
    holidays = versions.drafted_holidays(told, now)
    spec = told.spec(holidays=frozenset(holidays))
    return diary.pictures(spec, diary.today(spec, now), holidays, dict(told.closed_days))


def _document(form: CalendarDraftForm, row: Draft) -> dict[str, Any]:
    return form.document(row.key, row.tenant.slug if row.tenant else "")


def _version(found: list[Calendar], asked: str | None) -> Calendar:
    number = _number(asked)
    return next((one for one in found if one.version == number), found[0])


def _trial(request: HttpRequest, shown: Calendar) -> diary.Trial | None:
    at, amount = request.GET.get("at", ""), request.GET.get("amount", "")
    return diary.try_out(shown.spec(), at, amount) if at or amount else None


def _date(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 1971 <= found.year <= 2199 else None


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0
