"""Who watches a case."""

from __future__ import annotations

from typing import Any

from django import template

from cases.models import Case, Watcher

register = template.Library()


@register.inclusion_tag("cases/_watch.html", takes_context=True)
def watch_button(context: template.Context, case: Case) -> dict[str, Any]:
    """Begin or end watching, with how many do; nothing for whom may not."""
    request = context["request"]
    watchers = set(Watcher.objects.filter(case=case).values_list("user_id", flat=True))
    return {
        "case": case,
        "may": request.actor.can("case.watch") and request.actor.reads_content(case.tenant_id, case.pk),
        "mine": request.actor.user_id in watchers,
        "count": len(watchers),
        "csrf_token": context.get("csrf_token"),
    }
