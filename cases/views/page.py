"""One case: the page, and the parts of it that refresh alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from cases import dials, foresight, forms, lifecycle, queue, timeline
from cases.access import get_case, locked_files
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
    "access": "Access",
}
LOCKED_TABS = ("access",)


@console_view(GET="case.read")
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """The whole page. The query string is the list's: the case stands beside the list it was opened from."""
    found = get_case(reference, request.actor, content=False)
    listing = queue.listing(queue.parse(request.GET), request.actor, timezone.now(), size=40)
    page = parts(request, found) | {"listing": listing, "query": listing.query, "place": "cases"}
    return render(request, "cases/case.html", page)


@console_view(GET="case.read")
def fresh(request: HttpRequest, reference: str) -> HttpResponse:
    """Header, timeline and context again, for a page that is open while the case changes.

    When the access has ended meanwhile, the composer goes with the rest.
    """
    found = get_case(reference, request.actor, viewed=False, content=False)
    shown = parts(request, found)
    return render(request, "cases/_changed.html", shown | {"with_composer": shown["locked"]})


@console_view(GET="case.read")
def context(request: HttpRequest, reference: str, tab: str) -> HttpResponse:
    """One tab of the context column."""
    found = get_case(reference, request.actor, viewed=False, content=False)
    return render(request, "cases/_context.html", {"case": found, **_tab(request, found, tab)})


def parts(request: HttpRequest, found: Case) -> dict[str, Any]:
    """What header, conversation, composer and context show; of a locked case only the header and who may see it."""
    now = timezone.now()
    readings = clocks.readings([found.clock_set_id], now)[found.clock_set_id]
    shown = dials.latest_cycle(readings)
    only = request.GET.get("show", "")
    tab = _tab(request, found, request.GET.get("tab", "case"))
    if is_locked(request, found):
        return {"case": found, "locked": True, "dials": shown, "moves": [], **tab}
    entries = timeline.entries(found, only)
    timeline.mark_locked(entries, locked_files(found, request.actor))
    return {
        "case": found,
        "locked": False,
        "pause_reason": found.waiting_reason,
        "dials": shown,
        "moves": moves(found, request),
        "entries": entries,
        "only": only,
        "composer": composer(request, found, shown),
        **tab,
    }


def is_locked(request: HttpRequest, found: Case) -> bool:
    """Whether the case's content takes a grant that the viewer does not hold."""
    return not request.actor.reads_content(found.tenant_id, found.pk)


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


def _tab(request: HttpRequest, found: Case, asked: str) -> dict[str, Any]:
    if is_locked(request, found):
        names: Iterable[str] = LOCKED_TABS
    else:
        names = (name for name in TABS if name != "access" or found.tenant.restriction != "open")
    tabs = {name: TABS[name] for name in names}
    tab = asked if asked in tabs else next(iter(tabs))
    more = contexts.TABS[tab](request, found)
    return {"tabs": tabs, "tab": tab, "tab_template": f"cases/context/{tab}.html", **more}
