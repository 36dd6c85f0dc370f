"""A case full of internal rows: none of their words reaches its customer through the widget."""

from django.core.files.base import ContentFile
from django.utils import timezone

from cases import conversation
from cases.models import Case, Evidence
from tenants import isolation
from tests.widget import support

WORD = "zweihundertgeheim"
INTERNAL_KEYS = {
    "owner", "priority", "severity", "tags", "clocks", "clock_set", "sla", "notes", "evidence", "enrichment", "version",
    "support_tier", "incident", "incident_reference", "macro", "channel", "config", "signals", "next_due_at",
}  # fmt: skip


def filled(reference, agent):
    """Every internal place of the case with the word in it."""
    now = timezone.now()
    with isolation.scope(agent):
        case = support.case_of(reference)
        conversation.note(case, actor=agent, body=f"{WORD} note", now=now)
        conversation.note(case, actor=agent, body=f"{WORD} mitigation", kind="mitigation", now=now)
        Evidence.objects.create(
            tenant=case.tenant,
            case=case,
            name=f"{WORD}.json",
            size=2,
            sha256="0" * 64,
            content_type="application/json",
            at=now,
            collected_by=WORD,
            file=ContentFile(b"{}", name="x.json"),
        )
        Case.objects.filter(pk=case.pk).update(
            tags=[WORD], enrichment={"proposal": {"reasons": [WORD]}}, incident_reference=WORD[:20]
        )


def keys(value):
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in keys(inner)}
    if isinstance(value, list):
        return {key for inner in value for key in keys(inner)}
    return set()


def test_no_internal_word_and_no_internal_field(ben, agent):
    reference = ben.opens()
    support.accepted(reference, agent)
    filled(reference, agent)
    support.says(reference, agent, "We are on it.")
    answers = [ben.get(path) for path in ("session", "cases", f"cases/{reference}")]
    answers.append(ben.post(f"cases/{reference}/messages", body="Thanks"))
    support.asks(reference, agent, "Please look again.")
    answers.append(ben.get(f"cases/{reference}"))
    answers.append(ben.post(f"cases/{reference}/messages", body="Looked"))
    support.resolved(reference, agent)
    answers.append(ben.post(f"cases/{reference}/rejections", reason="No"))
    support.resolved(reference, agent)
    answers.append(ben.post(f"cases/{reference}/confirmations"))
    answers.append(ben.post(f"cases/{reference}/surveys", score=5))
    answers.append(ben.post(f"cases/{reference}/reopenings", reason="Again"))
    for answer in answers:
        assert answer.status_code in (200, 201), answer.content
        assert WORD not in answer.content.decode()
        assert not keys(answer.json()) & INTERNAL_KEYS
