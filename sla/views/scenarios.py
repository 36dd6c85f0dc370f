"""The scenarios' pages: how each stands, and writing one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from companyos.web.errors import Conflict, DomainError
from companyos.web.gate import console_view
from sla import scenarios
from sla.drafts.drafting import may_edit
from sla.forms.calendars import zones
from sla.forms.scenarios import ScenarioForm, initial
from sla.models import Draft, Policy
from sla.models import Scenario as Row
from sla.scenarios.documents import Scenario, sentence
from tenants import audit

PLACE = {"place": "policies", "tab": "scenarios"}


@console_view(GET="policy.read")
def scenario_list(request: HttpRequest) -> HttpResponse:
    """Every scenario, run just now against the policies in force and the drafts under way."""
    standings = scenarios.standings(timezone.now())
    audit.listed(one.row for one in standings if one.row.tenant_id)
    context = {
        "standings": standings,
        "passing": sum(not one.failures for one in standings),
        "blocked": sum(any(failures for _, failures in one.drafts) for one in standings),
        **PLACE,
    }
    return render(request, "sla/scenarios.html", context)


@console_view(GET="policy.edit", POST="policy.edit")
def new_scenario(request: HttpRequest) -> HttpResponse:
    begun = {"policy": request.GET.get("policy", "")}
    form = ScenarioForm(request.POST or None, policies=_policies(), initial=begun)
    return _answer(request, form, None)


@console_view(GET="policy.read", POST="policy.edit")
def scenario(request: HttpRequest, scenario_id: int) -> HttpResponse:
    """One scenario. POST saves it, only shows what comes out (`show`), or forgets it (`delete`)."""
    row = scenarios.get(scenario_id)
    if row.tenant_id:
        audit.viewed(row)
    if request.method == "POST" and "delete" in request.POST:
        gone = scenarios.delete(row.pk, actor=request.actor, seen=_seen(request))
        messages.success(request, f"“{gone.name}” is deleted.")
        return redirect("scenarios")
    told = scenarios.read(row)
    policies = _policies()
    if row.policy_key not in {key for key, _ in policies}:
        policies.append((row.policy_key, f"{row.policy_key} (no such policy)"))
    begun = initial(told) if told else {"name": row.name, "policy": row.policy_key}
    form = ScenarioForm(request.POST if request.method == "POST" else None, policies=policies, initial=begun)
    return _answer(request, form, row)


def _answer(request: HttpRequest, form: ScenarioForm, row: Row | None) -> HttpResponse:
    told: Scenario | None = scenarios.read(row) if row else None
    if request.method != "POST":
        return _page(request, form, row, told)
    if not form.is_valid():
        return _page(request, form, row, None, status=422)
    told = form.cleaned_data["scenario"]
    if "show" in request.POST:
        return _page(request, form, row, told)
    about = {"actor": request.actor, "now": timezone.now()}
    try:
        saved = scenarios.save(told, row_id=row.pk if row else None, seen=_seen(request), **about)
    except Conflict as error:
        form.add_error(None, error.message)
        return _page(request, form, row, told, seen=error.version, status=409)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return _page(request, form, row, told, status=error.status)
    messages.success(request, f"“{saved.name}” is saved.")
    return redirect("scenario", saved.pk)


def _page(
    request: HttpRequest,
    form: ScenarioForm,
    row: Row | None,
    told: Scenario | None,
    *,
    seen: int | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form, the scenario in one line and what comes out; after a conflict, what the other one saved."""
    stored = scenarios.read(row) if row else None
    context: dict[str, Any] = {"form": form, "row": row, "zones": zones(), **PLACE}
    context["seen"] = seen if seen is not None else _seen(request) if request.method == "POST" else row and row.version
    context["theirs"] = sentence(stored) if stored and status == 409 else ""
    context["may_edit"] = may_edit(request.actor, row.tenant_id) if row else True
    context["problems"] = scenarios.problems(row) if row and stored is None else []
    if told is not None:
        context |= {"line": sentence(told), "trials": scenarios.trials(told, timezone.now())}
    return render(request, "sla/scenario.html", context, status=status)


def _policies() -> list[tuple[str, str]]:
    """The keys of policies and of drafts of new ones, with their names."""
    found = {draft.key: f"{draft.key} (draft)" for draft in Draft.objects.filter(kind=Draft.Kind.POLICY)}
    newest = Policy.objects.exclude(tenant__is_drill=True).order_by("key", "-version").distinct("key")
    found |= {policy.key: f"{policy.name} ({policy.key})" for policy in newest}
    return sorted(found.items())


def _seen(request: HttpRequest) -> int:
    text = request.POST.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0
