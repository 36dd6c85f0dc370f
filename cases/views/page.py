"""One case: the page, and the parts of it that refresh alone."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cases import dials, foresight, forms, lifecycle, queue, timeline
from cases.access import get_case
from cases.models import Case, Draft
from cases.views import context as contexts
from companyos.web.gate import console_view
from sla import clocks

TABS = {
    "case": "Case",
    "tenant": "Tenant",
    "incidents": "Incidents",
    "runbooks": "Runbooks",
    "related": "Related",
    "audit": "Audit",
}


@console_view(GET="case.read")
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """The whole page. The query string is the list's: the case stands beside the list it was opened from."""
    found = get_case(reference, request.actor)
    listing = queue.listing(queue.parse(request.GET), request.actor, timezone.now(), size=40)
    page = parts(request, found) | {"listing": listing, "query": listing.query, "place": "cases"}
    return render(request, "cases/case.html", page)


@console_view(GET="case.read")
def fresh(request: HttpRequest, reference: str) -> HttpResponse:
    """Header, timeline and context again, for a page that is open while the case changes."""
    found = get_case(reference, request.actor, viewed=False)
    return render(request, "cases/_changed.html", parts(request, found))


@console_view(GET="case.read")
def context(request: HttpRequest, reference: str, tab: str) -> HttpResponse:
    """One tab of the context column."""
    found = get_case(reference, request.actor, viewed=False)
    tab = tab if tab in TABS else "case"
    return render(request, "cases/_context.html", {"case": found, **_tab(request, found, tab)})


def parts(request: HttpRequest, found: Case) -> dict[str, Any]:
    """What header, conversation, composer and context show."""
    now = timezone.now()
    readings = clocks.readings([found.clock_set_id], now)[found.clock_set_id]
    shown = dials.latest_cycle(readings)
    only = request.GET.get("show", "")
    tab = request.GET.get("tab", "case") if request.GET.get("tab") in TABS else "case"
    return {
        "case": found,
        "dials": shown,
        "moves": moves(found, request),
        "entries": timeline.entries(found, only),
        "only": only,
        "composer": composer(request, found, shown),
        **_tab(request, found, tab),
    }


def moves(found: Case, request: HttpRequest) -> list[tuple[lifecycle.Move, str]]:
    """The moves possible now, each with the noun of its form; none for a role that only reads."""
    allowed = lifecycle.allowed_moves(found, request.actor)
    return [(move, forms.NOUN_OF_VERB[move.verb]) for move in allowed if move.verb in forms.NOUN_OF_VERB]


def composer(request: HttpRequest, found: Case, shown: list[dials.Dial]) -> dict[str, Any]:
    """Drafts, macros and what sending would do. `None` text means that there is no draft."""
    drafts = {draft.mode: draft.body for draft in Draft.objects.filter(case=found, user_id=request.actor.user_id)}
    mode = request.GET.get("mode") if request.GET.get("mode") in ("reply", "note") else "reply"
    verbs = {move.verb for move in lifecycle.allowed_moves(found, request.actor)}
    nexts = [
        {"key": verb, "name": name, "effects": foresight.of_move(verb, shown)}
        for verb, name in (("start", "Set In progress"), ("wait", "Set Waiting on customer"))
        if verb in verbs
    ]
    return {
        "mode": mode,
        "drafts": drafts,
        "nexts": nexts,
        "effects": foresight.of_reply(shown),
        "may_reply": request.actor.can("case.reply") and found.status != "closed",
        "may_note": request.actor.can("case.note"),
        "macros": contexts.macros(found),
    }


def _tab(request: HttpRequest, found: Case, tab: str) -> dict[str, Any]:
    return {"tabs": TABS, "tab": tab, "tab_template": f"cases/context/{tab}.html", **contexts.TABS[tab](request, found)}
