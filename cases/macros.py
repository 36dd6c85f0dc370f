"""Macros: which one fits, and its text filled with the case's data."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cases.models import Case, Macro
from companyos.web.errors import NotFound
from tenants.access import Actor

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def fill(body: str, values: dict[str, str]) -> str:
    """The body with its {placeholders} replaced; one without a value stays, in plain sight, for the agent to fill."""
    return PLACEHOLDER.sub(lambda found: values.get(found.group(1)) or found.group(0), body)


def values_for(case: Case, actor: Actor) -> dict[str, str]:
    """What a macro may name: requester, reference, subject, tenant, error_ids, resource, incident, agent."""
    names = [name.split() for name in (case.requester.name, actor.name)]
    affected = [row.resource.name for row in case.affected.select_related("resource")]
    return {
        "requester": case.requester.name,
        "first_name": names[0][0] if names[0] else "",
        "reference": case.reference,
        "subject": case.subject,
        "tenant": case.tenant.name,
        "error_ids": ", ".join(case.context.get("error_ids", [])),
        "resource": ", ".join(affected),
        "incident": case.incident_reference,
        "agent": actor.name,
    }


def filled(case: Case, key: str, actor: Actor) -> tuple[Macro, str]:
    """The macro and its text for this case; raises NotFound for an unknown or retired one."""
    macro = Macro.objects.filter(key=key, active=True).first()
    if macro is None:
        raise NotFound("not_found", "There is no such macro.")
    return macro, fill(macro.body, values_for(case, actor))


def matching(macro: Macro, haystack: str) -> list[str]:
    """The macro's signals that the text contains, case aside."""
    lowered = haystack.lower()
    return [signal for signal in macro.signals if signal.lower() in lowered]


def suggest(case: Case, macros: Iterable[Macro], text: str) -> list[tuple[Macro, list[str]]]:
    """The macros whose signals the case shows, most matches first, each with what matched."""
    haystack = " ".join([case.subject, text, *case.context.get("error_ids", []), case.context.get("resource", "")])
    scored = [(macro, matching(macro, haystack)) for macro in macros]
    return sorted(((m, hits) for m, hits in scored if hits), key=lambda pair: (-len(pair[1]), pair[0].title))
