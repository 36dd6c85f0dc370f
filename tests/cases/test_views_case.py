"""Deeds by form: what they answer with and without htmx, and what a refusal looks like."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from cases import conversation, forms, lifecycle
from cases.models import Case, Draft, Message
from tests.cast import Cast

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def agent(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.agent)
    return client


@pytest.fixture
def case(cast: Cast) -> Case:
    return cast.open_case(now=timezone.now())


def accept(client: Client, case: Case, cast: Cast, **extra: str) -> object:
    data = {"priority": "P1", "owner": str(cast.agent.pk), "seen": "", "reason": "", **extra}
    return client.post(f"/cases/{case.reference}/acceptances/", data)


def test_only_who_reaches_the_tenant_is_offered_as_an_owner(cast: Cast, agent: Client, case: Case) -> None:
    cast.agent2.membership.segments = ["small business"]
    cast.agent2.membership.save()
    cast.lead.membership.tenants.add(cast.birch)
    cast.manager.membership.tenants.add(cast.acme, cast.birch)
    offered = [str(person) for person in forms.owners_for(case)]
    assert offered == ["Amy Agent", "Eve Europe", "Max Manager"]
    page = agent.get(f"/cases/{case.reference}/acceptances/").content.decode()
    assert "Eve Europe" in page and "Abe Second" not in page


@pytest.mark.parametrize("tab", ["case", "tenant", "incidents", "runbooks", "related", "audit"])
def test_every_tab_opens_alone_and_with_the_page(agent: Client, case: Case, tab: str) -> None:
    assert agent.get(f"/cases/{case.reference}/?tab={tab}").status_code == 200
    assert agent.get(f"/cases/{case.reference}/context/{tab}/", **HTMX).status_code == 200


@pytest.mark.parametrize(
    "noun",
    [
        "acceptances",
        "starts",
        "waits",
        "resumptions",
        "resolutions",
        "rejections",
        "closures",
        "reopenings",
        "dismissals",
        "assignments",
        "priorities",
        "tags",
    ],
)
def test_every_deed_has_a_form_as_a_page_and_as_a_partial(agent: Client, case: Case, noun: str) -> None:
    url = f"/cases/{case.reference}/{noun}/"
    assert b"<html" in agent.get(url).content
    assert b"<html" not in agent.get(url, **HTMX).content


def test_accepting_without_javascript_goes_back_to_the_case(agent: Client, case: Case, cast: Cast) -> None:
    answer = accept(agent, case, cast)
    assert answer.status_code == 302
    case = Case.objects.get(pk=case.pk)
    assert (case.status, case.priority, case.owner) == ("triage", "P1", cast.agent)


def test_a_deed_by_htmx_answers_the_changed_parts(agent: Client, case: Case, cast: Cast) -> None:
    url = f"/cases/{case.reference}/acceptances/"
    answer = agent.post(url, {"priority": "P1", "owner": cast.agent.pk}, **HTMX)
    page = answer.content.decode()
    assert answer.status_code == 200 and "deed-done" in answer["HX-Trigger"]
    assert 'id="case-head" hx-swap-oob="true"' in page and 'id="timeline" hx-swap-oob="true"' in page


def test_a_stale_version_is_a_conflict_and_changes_nothing(agent: Client, case: Case, cast: Cast) -> None:
    answer = accept(agent, case, cast, seen="1" if case.version != 1 else "99")
    assert answer.status_code == 409
    assert "changed while you were looking" in answer.content.decode()
    assert Case.objects.get(pk=case.pk).status == "new"


def test_a_resolution_without_evidence_says_what_is_missing(agent: Client, case: Case, cast: Cast) -> None:
    accept(agent, case, cast)
    agent.post(f"/cases/{case.reference}/starts/", {})
    answer = agent.post(
        f"/cases/{case.reference}/resolutions/", {"summary": "Raised the quota", "code": "quota"}, **HTMX
    )
    assert answer.status_code == 422
    assert "Add evidence" in answer.content.decode()
    answer = agent.post(f"/cases/{case.reference}/resolutions/", {"code": "quota"}, **HTMX)
    assert answer.status_code == 422 and "Write what was done" in answer.content.decode()


def test_a_transition_out_of_order_names_the_moves_that_are_possible(agent: Client, case: Case) -> None:
    answer = agent.post(f"/cases/{case.reference}/closures/", {})
    assert answer.status_code == 409 and "Accept" in answer.content.decode()


def test_a_reply_can_set_the_case_waiting_in_one_submit(agent: Client, case: Case, cast: Cast) -> None:
    accept(agent, case, cast)
    agent.post(f"/cases/{case.reference}/replies/", {"body": "Please send the logs.", "next": "wait"})
    case = Case.objects.get(pk=case.pk)
    assert case.status == "waiting" and case.first_response_at is not None
    assert Message.objects.filter(case=case, body="Please send the logs.").count() == 1


def test_an_empty_reply_keeps_the_composer_and_says_why(agent: Client, case: Case) -> None:
    answer = agent.post(f"/cases/{case.reference}/replies/", {"body": "  "}, **HTMX)
    assert answer.status_code == 422
    assert b'id="composer"' in answer.content and b"Write a message" in answer.content


def test_both_drafts_are_kept_and_found_again(agent: Client, case: Case) -> None:
    url = f"/cases/{case.reference}/drafts/"
    for mode in ("reply", "note"):
        assert agent.post(url, {"mode": mode, "body": f"half a {mode}"}, HTTP_X_DRAFT="1").status_code == 204
    page = agent.get(f"/cases/{case.reference}/").content.decode()
    assert "half a reply" in page and "half a note" in page
    agent.post(f"/cases/{case.reference}/replies/", {"body": "whole"})
    assert list(Draft.objects.filter(case=case).values_list("mode", flat=True)) == ["note"]


def test_markup_in_a_message_is_shown_as_text(agent: Client, case: Case) -> None:
    agent.post(f"/cases/{case.reference}/notes/", {"body": "<script>alert(1)</script> https://x.example/a?b=1"})
    page = agent.get(f"/cases/{case.reference}/").content.decode()
    assert "<script>alert(1)" not in page and "&lt;script&gt;" in page


def test_no_page_carries_inline_script_or_style(agent: Client, case: Case, cast: Cast) -> None:
    accept(agent, case, cast)
    for url in (
        "/",
        f"/cases/{case.reference}/",
        "/profile/",
        "/incidents/",
        "/runbooks/",
        "/reports/",
        "/notices/",
        "/tenants/acme/",
        "/reports/backlogs/product/",
        "/accounts/password/change/",
    ):
        answer = agent.get(url)
        page = answer.content.decode()
        assert answer.status_code == 200, url
        assert " style=" not in page and "<style" not in page and " onclick=" not in page, url
        assert "<script>" not in page, url


def test_an_auditor_reads_and_is_offered_no_deed(case: Case, cast: Cast) -> None:
    reader = Client()
    reader.force_login(cast.auditor)
    page = reader.get(f"/cases/{case.reference}/").content.decode()
    assert "Your role reads cases" in page and "data-move" not in page
    assert reader.post(f"/cases/{case.reference}/notes/", {"body": "x"}).status_code == 403


def test_a_note_is_sent_to_the_customer_by_its_button(cast: Cast, agent: Client, case: Case) -> None:
    note = conversation.note(case, actor=cast.actor(cast.agent), body="The quota is too low.", now=timezone.now())
    address = f"/cases/{case.reference}/notes/{note.pk}/publications/"
    assert address in agent.get(f"/cases/{case.reference}/").content.decode()
    assert agent.post(address).status_code == 302
    assert case.messages.filter(author_kind="support").get().body == "The quota is too low."
    assert address not in agent.get(f"/cases/{case.reference}/").content.decode()


def test_a_reply_that_waits_carries_its_files_and_macro_in_one_message(cast: Cast, agent: Client, case: Case) -> None:
    case = lifecycle.accept(
        case, actor=cast.actor(cast.agent), priority="P1", owner=cast.agent, seen=case.version, now=timezone.now()
    )
    file = SimpleUploadedFile("steps.txt", b"1. Collect the logs\n")
    told = {"body": "Please send the logs.", "next": "wait", "seen": case.version, "files": [file]}
    assert agent.post(f"/cases/{case.reference}/replies/", told).status_code == 302
    message = case.messages.get(author_kind="support")
    assert (message.asks, message.attachments.get().name) == (True, "steps.txt")
