"""From a closure to the backlogs: rows of FeedbackRule say which, this says how."""

from __future__ import annotations

from datetime import datetime

from cases.models import Case, Resolution, Survey
from companyos.events import log
from reporting.models import FeedbackItem, FeedbackRule
from tenants.access import system_named

FEEDBACK = system_named("Feedback")


def raise_for(case: Case, now: datetime) -> list[FeedbackItem]:
    """An item in each backlog that the case's last resolution speaks to. Idempotent per cycle."""
    resolution = case.resolutions.filter(cycle=case.cycle).order_by("-at", "-id").first()
    if resolution is None:
        return []
    survey = Survey.objects.filter(case=case, cycle=case.cycle).first()
    items = []
    for rule in FeedbackRule.objects.filter(resolution_code=resolution.code, active=True).order_by("backlog"):
        item, made = FeedbackItem.objects.get_or_create(
            case=case,
            cycle=case.cycle,
            backlog=rule.backlog,
            defaults={
                "tenant_id": case.tenant_id,
                "title": title(rule, case, resolution),
                "segment": case.tenant.segment,
                "detail": resolution.preventive_action or resolution.summary,
                "annual_revenue": case.tenant.annual_revenue,
                "score": survey.score if survey else None,
                "at": now,
            },
        )
        if made:
            _tell(case, item, now)
            items.append(item)
    return items


def title(rule: FeedbackRule, case: Case, resolution: Resolution) -> str:
    values = {
        "segment": case.tenant.segment,
        "tenant": case.tenant.name,
        "tier": case.tenant.support_tier,
        "subject": case.subject,
        "root_cause": resolution.root_cause or case.subject,
    }
    words = rule.title
    for name, value in values.items():
        words = words.replace("{" + name + "}", value)
    return words[:300]


def take_score(case: Case, cycle: int, score: int) -> None:
    """The survey may be answered after the closure; the backlog then learns the score."""
    FeedbackItem.objects.filter(case=case, cycle=cycle, score__isnull=True).update(score=score)


def _tell(case: Case, item: FeedbackItem, now: datetime) -> None:
    log.record(
        "feedback.raised",
        tenant_id=case.tenant_id,
        subject=("case", case.pk),
        actor=FEEDBACK,
        payload={"backlog": item.backlog, "title": item.title, "item": item.pk},
        at=now,
    )
