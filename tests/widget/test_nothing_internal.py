"""A case full of internal rows: none of their words reaches its customer through the widget."""

from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from cases import conversation, widget_urls
from cases.models import Case, Evidence
from companyos.events import log
from tenants import actors, isolation
from tenants.models import Requester
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


def download(ben, answer) -> str:
    """The route of a file's bytes, which are the customer's own."""
    (attached,) = answer.json()["messages"][-1]["attachments"]
    found = ben.get(attached["path"])
    bytes_ = ben.client.get(found.json()["url"])
    assert b"".join(bytes_.streaming_content) == b"429\n"
    assert bytes_["Access-Control-Allow-Origin"] == ben.origin
    return found.resolver_match.route


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
    support.asks(reference, agent, "And once more.")
    answers.append(ben.post(f"cases/{reference}/disputes"))
    support.resolved(reference, agent)
    answers.append(ben.post(f"cases/{reference}/rejections", reason="No"))
    support.resolved(reference, agent)
    answers.append(ben.post(f"cases/{reference}/confirmations"))
    answers.append(ben.post(f"cases/{reference}/surveys", score=5))
    answers.append(ben.post(f"cases/{reference}/reopenings", reason="Again"))
    file = SimpleUploadedFile("log.txt", b"429\n")
    answers.append(ben.post(f"cases/{reference}/attachments", files=file))
    answers.append(ben.post("portal-links", key=""))
    asked = {str(answer.resolver_match.route) for answer in answers} | {download(ben, answers[-2])}
    assert asked == {f"api/v1/widget/{route.pattern}" for route in widget_urls.urlpatterns}, (
        "a new way out is not tested"
    )
    for answer in answers:
        assert answer.status_code in (200, 201), answer.content
        assert WORD not in answer.content.decode()
        assert not keys(answer.json()) & INTERNAL_KEYS


# What a requester's own scope may show; every other table of every app must be empty in it.
SHOWN_TO_REQUESTERS = {
    "tenants.Tenant",
    "tenants.Requester",
    "tenants.Resource",
    "tenants.AuditEntry",  # own deeds only
    "cases.Case",
    "cases.Message",
    "cases.Attachment",
    "cases.Survey",
    "web.IdempotentRequest",  # own answers only
}
OWN_APPS = ("tenants", "sla", "cases", "escalations", "integrations", "reporting", "events", "web")
# Of no tenant and of no case: configuration, and the support side's own people.
SHARED = {
    "cases.Macro",
    "cases.Runbook",
    "events.Heartbeat",
    "reporting.FeedbackRule",
    "sla.Calendar",
    "sla.Policy",
    "sla.Target",
    "tenants.ApiKey",
    "tenants.Membership",
    "tenants.User",
    "tenants.User_groups",
    "tenants.User_user_permissions",
}


def test_the_database_itself_shows_a_requester_no_internal_row(ben, agent):
    reference = ben.opens()
    support.accepted(reference, agent)
    filled(reference, agent)
    with isolation.scope(agent):
        case = support.case_of(reference)
        conversation.save_draft(case, actor=agent, mode="note", body=WORD)
    with isolation.scope(actors.of_requester(requester_of(ben))):
        models = [m for app in OWN_APPS for m in apps.get_app_config(app).get_models(include_auto_created=True)]
        shown = {model._meta.label for model in models if model._base_manager.exists()}
    assert shown - SHARED <= SHOWN_TO_REQUESTERS
    assert {"cases.Case", "cases.Message"} <= shown


def requester_of(customer) -> Requester:
    with isolation.scope(support.SYSTEM):
        return Requester.objects.get(external_id=customer.id)


def test_the_live_stream_carries_ids_and_names_only(ben, agent, monkeypatch):
    sent = []
    execute = connection.cursor().__class__.execute

    def listen(cursor, statement, parameters=None):
        if "pg_notify" in str(statement):
            sent.extend(parameters[1])
        return execute(cursor, statement, parameters)

    monkeypatch.setattr(connection.cursor().__class__, "execute", listen)
    reference = ben.opens()
    support.accepted(reference, agent)
    filled(reference, agent)
    assert sent
    assert all(set(log.json.loads(words)) == {"id", "name", "tenant", "subject"} for words in sent)
    assert not any(WORD in words for words in sent)
