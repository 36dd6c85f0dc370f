"""Opening a case: what is taken, what is refused; numbers without a race; enrichment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from cases import intake, lifecycle
from cases.intake import Report
from cases.models import Case, CaseNumber, CaseResource
from companyos.events.models import Event
from companyos.web.errors import DomainError, NotFound
from sla import clocks
from tenants import isolation
from tenants.access import SYSTEM
from tests.cast import NOON, Cast, assemble


# ── Bad input ────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"subject": "x" * 10_000}, "subject"),
        ({"subject": "   "}, "subject"),
        ({"subject": "a\x00b"}, "subject"),
        ({"description": ""}, "description"),
        ({"description": "a\x00b"}, "description"),
        ({"description": "x" * 50_001}, "description"),
        ({"error_ids": ["E-1"] * 21}, "error_ids"),
        ({"error_ids": ["E\x00"]}, "error_ids"),
        ({"error_ids": ["x" * 501]}, "error_ids"),
        ({"trace_links": ["javascript:alert(1)"]}, "trace_links"),
        ({"trace_links": ["data:text/html,x"]}, "trace_links"),
        ({"page_url": "javascript:alert(1)"}, "page_url"),
        ({"app_version": "v" * 61}, "app_version"),
        ({"resource": "r\x00"}, "resource"),
    ],
)
def test_bad_input_is_refused_by_field_and_opens_nothing(cast: Cast, told: dict, field: str) -> None:
    with pytest.raises(DomainError) as refusal:
        cast.open_case(**told)
    assert refusal.value.field == field
    assert (Case.objects.count(), Event.objects.count(), CaseNumber.objects.count()) == (0, 0, 0)


def test_markup_and_signs_of_every_kind_are_kept_as_text(cast: Cast) -> None:
    words = "<script>alert('x')</script> {{ 7*7 }} %s \\ ' \" \u202e \U0001f600 caf\u00e9"
    case = cast.open_case(subject=words, description=f"{words}\n\nsecond  line")
    assert case.subject == words
    assert case.messages.get().body == f"{words}\n\nsecond  line"


def test_a_subject_of_the_longest_length_is_taken_and_breaks_into_one_line(cast: Cast) -> None:
    assert len(cast.open_case(subject="x" * 200).subject) == 200
    assert cast.open_case(subject="two\r\nlines\tof  it").subject == "two lines of it"


def test_nobody_opens_a_case_for_a_requester_out_of_reach(cast: Cast) -> None:
    for actor in (cast.actor(cast.ada), cast.actor(cast.eu_agent)):
        with pytest.raises(NotFound):
            intake.open_case(Report("A", "B"), requester=cast.cleo, actor=actor, now=NOON)


def test_the_description_is_the_requesters_first_message_whoever_files_it(cast: Cast) -> None:
    report = Report("By phone", "She called.")
    case = intake.open_case(report, requester=cast.ada, actor=cast.actor(cast.agent), now=NOON, channel="phone")
    first = case.messages.get()
    assert (first.author_kind, first.author_name) == ("requester", "Ada Moreno")
    running = {r.metric: r.state for r in clocks.readings([case.clock_set_id], NOON)[case.clock_set_id]}
    assert running == {"accept": "running", "first_response": "running"}, "the agent's filing is no first response"


# ── Numbers ──────────────────────────────────────────────────────────────────
@pytest.mark.django_db(transaction=True)
def test_eight_openings_at_once_get_eight_numbers_without_a_gap() -> None:
    with isolation.scope(SYSTEM):
        cast = assemble()
    gate = Barrier(8)

    def open_one(n: int) -> str:
        gate.wait()
        try:
            with isolation.scope(cast.actor(cast.ada)):
                return cast.open_case(subject=f"At once {n}").reference
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        references = list(pool.map(open_one, range(8)))
    assert sorted(references) == [f"ACME-{n}" for n in range(1001, 1009)]


def test_a_number_is_not_used_again_and_each_tenant_counts_for_itself(cast: Cast) -> None:
    assert cast.open_case().reference == "ACME-1001"
    assert cast.open_case(cast.cleo).reference == "BIRCH-1001"
    assert cast.open_case().reference == "ACME-1002"


# ── Enrichment ───────────────────────────────────────────────────────────────
def test_enrichment_freezes_the_resource_and_says_why(cast: Cast) -> None:
    case = intake.enrich(cast.open_case(resource="ingest", error_ids=["INGEST-429"]), NOON)
    affected = CaseResource.objects.get(case=case)
    assert (affected.snapshot.health, affected.snapshot.config) == ("red", {"quota_eps": 5000})
    assert affected.found_by == "The customer chose it"
    proposal = case.enrichment["proposal"]
    assert proposal["priority"] == case.priority == "P1"
    reasons = " ".join(proposal["reasons"])
    assert "Event ingest is red" in reasons
    assert "Accepted events" in reasons
    assert "INGEST-429 is throttling" in reasons


def test_the_snapshot_stays_as_it_was_when_the_resource_changes(cast: Cast) -> None:
    case = intake.enrich(cast.open_case(resource="ingest"), NOON)
    resource = CaseResource.objects.get(case=case).resource
    resource.health, resource.config = "ok", {"quota_eps": 9000}
    resource.save()
    frozen = CaseResource.objects.get(case=case).snapshot
    assert (frozen.health, frozen.config) == ("red", {"quota_eps": 5000})


def test_enrichment_happens_once(cast: Cast) -> None:
    case = intake.enrich(cast.open_case(resource="ingest"), NOON)
    version, events = case.version, Event.objects.filter(name="case.enriched").count()
    again = intake.enrich(case, NOON + timedelta(minutes=5))
    assert Event.objects.filter(name="case.enriched").count() == events == 1
    assert CaseResource.objects.count() == 1
    assert again.enriched_at == NOON
    assert again.version <= version + 1


def test_a_confirmed_priority_is_left_alone(cast: Cast) -> None:

    case = cast.open_case(resource="ingest")
    agent = cast.actor(cast.agent)
    case = lifecycle.accept(case, actor=agent, priority="P3", owner=cast.agent, seen=None, now=NOON)
    assert intake.enrich(case, NOON).priority == "P3"


def test_the_provisional_clock_follows_the_proposal(cast: Cast) -> None:
    case = cast.open_case(subject="How does it work?", description="A question.", resource="ingest")
    assert case.priority == "P3"
    case = intake.enrich(case, NOON + timedelta(seconds=5))
    first = next(
        r for r in clocks.readings([case.clock_set_id], NOON)[case.clock_set_id] if r.metric == "first_response"
    )
    assert (case.priority, first.due_at) == ("P1", NOON + timedelta(hours=1))


def test_past_cases_are_the_tenants_own(cast: Cast) -> None:
    earlier = NOON - timedelta(days=3)
    mine = cast.open_case(subject="Ingest delays since Monday", now=earlier)
    cast.open_case(cast.cleo, subject="Ingest delays of Birch", now=earlier)
    case = intake.enrich(cast.open_case(subject="Ingest delays again"), NOON)
    assert [past["reference"] for past in case.enrichment["past_cases"]] == [mine.reference]


def test_odd_telemetry_breaks_no_enrichment(cast: Cast) -> None:
    resource = cast.acme.resources.get()
    for signals in ([], {"slis": ["x", None, 3, {"status": "red"}]}, {"slis": None}, {"slis": {"a": 1}}):
        resource.signals = signals
        resource.save()
        assert intake.enrich(cast.open_case(resource="ingest"), NOON).enriched_at == NOON
