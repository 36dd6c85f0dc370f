"""Incidents and cases: which belong together, who says so."""

from __future__ import annotations

from datetime import datetime

from cases.change import changing, record
from cases.models import Case
from companyos.web.errors import DomainError, NotFound
from escalations.models import Incident, IncidentLink
from tenants.access import Actor, system_named

MATCHER = system_named("Incident matching")


def get_incident(reference: str) -> Incident:
    incident = Incident.objects.select_related("commander").filter(reference=reference.upper()).first()
    if incident is None:
        raise NotFound("not_found", f"There is no incident {reference[:20]}.")
    return incident


def suggest(case: Case, now: datetime) -> list[IncidentLink]:
    """Propose the unresolved incidents that touch a resource which the case affects. Idempotent."""
    names = dict(case.affected.values_list("resource__key", "resource__name"))
    known = set(IncidentLink.objects.filter(case=case).values_list("incident_id", flat=True))
    found = Incident.objects.filter(resource_keys__overlap=list(names)).exclude(status=Incident.Status.RESOLVED)
    made = []
    for incident in found.exclude(pk__in=known).order_by("-started_at"):
        shared = ", ".join(names[key] for key in incident.resource_keys if key in names)
        reason = f"Both affect {shared}"
        link = IncidentLink.objects.create(
            tenant_id=case.tenant_id, case=case, incident=incident, reason=reason, at=now
        )
        facts = {"incident": incident.reference, "title": incident.title, "why": reason}
        record(case, "incident.suggested", facts, actor=MATCHER, now=now, reason=reason)
        made.append(link)
    return made


def link(
    case: Case, incident: Incident, *, actor: Actor, now: datetime, seen: int | None = None, reason: str = ""
) -> IncidentLink:
    """The case belongs to the incident; confirms a suggestion or makes the link anew."""
    return _decide(case, incident, IncidentLink.LINKED, actor=actor, now=now, seen=seen, reason=reason)


def decline(
    case: Case, incident: Incident, *, actor: Actor, now: datetime, seen: int | None = None, reason: str = ""
) -> IncidentLink:
    """The case does not belong to the incident (any more)."""
    return _decide(case, incident, IncidentLink.DECLINED, actor=actor, now=now, seen=seen, reason=reason)


def _decide(
    case: Case, incident: Incident, state: str, *, actor: Actor, now: datetime, seen: int | None, reason: str
) -> IncidentLink:
    with changing(case, actor=actor, permission="incident.link", seen=seen, now=now) as change:
        row = IncidentLink.objects.select_for_update().filter(case=case, incident=incident).first()
        if row is None:
            if state == IncidentLink.DECLINED:
                raise DomainError("not_linked", f"{incident.reference} is not linked to {case.reference}.", "incident")
            row = IncidentLink(
                tenant_id=case.tenant_id, case=case, incident=incident, reason=reason or "Linked by hand"
            )
        elif row.state == state:
            return row
        row.state, row.decided_by, row.at = state, actor.name, now
        row.save()
        linked = IncidentLink.objects.filter(case=case, state=IncidentLink.LINKED).order_by("at")
        first = linked.select_related("incident").first()
        change.set(incident_reference=first.incident.reference if first else "")
        name = "incident.linked" if state == IncidentLink.LINKED else "incident.declined"
        change.record(name, {"incident": incident.reference, "title": incident.title, "why": row.reason}, reason)
    return row
