"""Alert rules: the list with its trial, one rule, and switching or removing it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from companyos.web.errors import Conflict, DomainError
from companyos.web.gate import console_view
from escalations import alert_rules as verbs
from escalations import alert_words, alerts
from escalations.models import AlertRule
from escalations.rules import Moment
from escalations.views.alert_forms import RuleForm, TryForm
from sla import policies
from tenants import audit

MOST = 200


@console_view(GET="policy.read")
def alert_rules(request: HttpRequest) -> HttpResponse:
    """All rules in reach, or those of one policy; and what they would do at a share that is tried out."""
    found = AlertRule.objects.select_related("tenant", "channel", "reassign_to").prefetch_related("people")
    policy = request.GET.get("policy", "")
    keys = sorted(set(AlertRule.objects.exclude(policy_key="").values_list("policy_key", flat=True)))
    if policy in keys:
        found = found.filter(policy_key__in=["", policy])
    rows = list(found[:MOST])
    audit.listed(rows)
    context = {
        "rows": [(rule, alert_words.when(rule), alert_words.then(rule), _may(request, rule)) for rule in rows],
        "policy": policy,
        "policies": keys,
        "place": "service-levels",
        "tab": "alerts",
        **_trial(request),
    }
    return render(request, "escalations/alert_rules.html", context)


def _trial(request: HttpRequest) -> dict[str, Any]:
    asked = "share" in request.GET
    form = TryForm(request.GET if asked else None)
    if not asked or not form.is_valid():
        return {"trial": form, "tried": None}
    told, tenant = form.cleaned_data, form.cleaned_data["tenant"]
    chosen = policies.choose(tenant, timezone.now())
    moment = Moment(
        tenant_id=tenant.pk,
        policy_key=chosen.policy.key if chosen.policy else "",
        metric=told["metric"],
        share=told["share"],
        priority=told["priority"],
        segment=tenant.segment,
        tier=tenant.support_tier,
    )
    warns = chosen.policy is not None and (moment.share == 100 or moment.share in chosen.policy.shares)
    fitting = [(rule, alert_words.then(rule)) for rule in alerts.plan_for(tenant, moment).rules]
    return {"trial": form, "tried": told, "chosen": chosen, "warns": warns, "fitting": fitting}


def _may(request: HttpRequest, rule: AlertRule) -> bool:
    return verbs.may_edit(request.actor, rule.tenant_id)


@console_view(GET="policy.edit", POST="policy.edit")
def new(request: HttpRequest) -> HttpResponse:
    return _form(request, None)


@console_view(GET="policy.read", POST="policy.edit")
def alert_rule(request: HttpRequest, rule_id: int) -> HttpResponse:
    found = verbs.get_rule(rule_id)
    audit.viewed(found)
    return _form(request, found)


def _form(request: HttpRequest, found: AlertRule | None) -> HttpResponse:
    initial = {"version": found.version if found else 0}
    form = RuleForm(
        request.POST if request.method == "POST" else None, instance=found, initial=initial, actor=request.actor
    )
    status = 200
    if request.method == "POST":
        status = _saved(request, form, found)
        if status == 200:
            messages.success(request, "Rule saved. It holds from the next alert on.")
            return redirect("alert-rules")
    context = {
        "form": form,
        "rule": found,
        "may": found is None or _may(request, found),
        "place": "service-levels",
        "tab": "alerts",
    }
    return render(request, "escalations/alert_rule.html", context, status=status)


def _saved(request: HttpRequest, form: RuleForm, found: AlertRule | None) -> int:
    """200, or the status of the refusal, which the form then shows."""
    if not form.is_valid():
        return 422
    people = list(form.cleaned_data["people"])
    seen = form.cleaned_data["version"] or 0
    try:
        with transaction.atomic():
            verbs.save(found, form.values(), people, actor=request.actor, seen=seen)
    except DomainError as error:
        form.refuse(error)
        return error.status
    return 200


@console_view(POST="policy.edit")
def switches(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Turn a rule on or off."""
    rule = verbs.switch(verbs.get_rule(rule_id), request.POST.get("enabled") == "yes", actor=request.actor)
    messages.success(request, f"“{rule.name}” is {'on' if rule.enabled else 'off'}.")
    return redirect("alert-rules")


@console_view(GET="policy.edit", POST="policy.edit")
def removals(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Asks first."""
    rule, error = verbs.get_rule(rule_id), None
    if request.method == "POST":
        seen = request.POST.get("version", "")
        try:
            with transaction.atomic():
                verbs.remove(rule, actor=request.actor, seen=int(seen) if seen.isdecimal() and len(seen) < 9 else 0)
        except Conflict as conflict:
            error = conflict
        else:
            messages.success(request, f"“{rule.name}” is removed.")
            return redirect("alert-rules")
    context = {
        "rule": verbs.get_rule(rule_id),
        "when": alert_words.when(rule),
        "then": alert_words.then(rule),
        "error": error,
        "place": "service-levels",
        "tab": "alerts",
    }
    return render(request, "escalations/alert_rule_removal.html", context, status=409 if error else 200)
