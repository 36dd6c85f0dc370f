"""The pages of policies: read, drafted, previewed and activated, by those who may."""

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from companyos.events import dispatch
from sla import jobs, rollout
from sla.forms import policies as policy_forms
from sla.models import Clock, Draft, Job, Policy
from sla.views import exchange
from tenants.models import AuditEntry
from tests.factories import UserFactory


@pytest.fixture
def lead(cast):
    client = Client()
    client.force_login(cast.lead)
    return client


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def begun(client: Client, key: str = "enterprise", **more) -> Draft:
    answer = client.post(f"/service-levels/policies/{key}/", more)
    assert answer.status_code == 302
    return Draft.objects.get(key=key)


def form(draft: Draft, client: Client, **changed) -> dict[str, str]:
    """The draft's form as its page fills it in, with some of it changed."""
    context = client.get(f"/service-levels/drafts/{draft.pk}/").context
    filled = {"seen": str(draft.edits), "name": context["document"].get("name", ""), "shares": context["shares"]}
    filled["calendar"] = context["document"].get("calendar", "")
    for _, cells in context["matrix"]:
        for cell in cells:
            filled |= {f"amount.{cell.name}": cell.number, f"unit.{cell.name}": cell.unit}
    return filled | {name.replace("__", "."): value for name, value in changed.items()}


def work() -> None:
    while jobs.step(timezone.now()):
        pass


def test_the_list_says_what_is_in_force_and_who_gets_what(cast, lead):
    listed = page(lead, "/service-levels/")
    assert "Support tiers" in listed
    assert "Version 1" in listed
    assert 'href="/service-levels/calendars/"' in listed
    told = page(lead, "/service-levels/?tenant=acme")
    assert "Enterprise, version 1</a>: support tier enterprise." in told
    page(lead, "/service-levels/?tenant=nobody", 404)
    assert 'aria-current="page"' in told


def test_a_policys_page_shows_its_targets_and_what_each_version_changed(cast, lead):
    told = page(lead, "/service-levels/policies/standard/")
    assert "2 business days" in told
    assert "In force" in told
    assert "The example policy." in told
    page(lead, "/service-levels/policies/nothing/", 404)


def test_the_way_from_a_draft_to_moved_clocks_and_a_line_on_the_case(cast, lead):
    case = cast.open_case(now=timezone.now())
    clock = Clock.objects.get(clock_set=case.clock_set, metric="first_response")
    metric = f"amount.first_response.{clock.priority}"
    draft = begun(lead)
    answer = lead.post(f"/service-levels/drafts/{draft.pk}/", form(draft, lead) | {metric: "7"})
    assert answer.status_code == 302
    draft.refresh_from_db()
    told = page(lead, f"/service-levels/drafts/{draft.pk}/")
    assert "What changes" in told
    assert "Activate…" not in told

    lead.post(f"/service-levels/drafts/{draft.pk}/previews/", {"seen": draft.edits})
    job = Job.objects.get(kind="preview")
    assert "Look again" in page(lead, f"/service-levels/runs/{job.pk}/")
    work()
    told = page(lead, f"/service-levels/drafts/{draft.pk}/")
    assert "1 case of 1 tenant. Due times: " in told
    assert "Activate…" in told
    assert "From a later instant on" in page(lead, f"/service-levels/drafts/{draft.pk}/activations/")

    answer = lead.post(
        f"/service-levels/drafts/{draft.pk}/activations/", {"seen": draft.edits, "when": "now", "reason": "Agreed."}
    )
    assert answer.headers["Location"] == "/service-levels/policies/enterprise/"
    while rollout.step(timezone.now()):
        pass
    clock.refresh_from_db()
    assert clock.policy == Policy.objects.get(key="enterprise", version=2)
    while dispatch.deliver_one(timezone.now()):
        pass
    case.refresh_from_db()
    assert case.next_due_at == min(
        due for due in Clock.objects.filter(clock_set=case.clock_set).values_list("due_at", flat=True) if due
    )
    moved = Policy.objects.get(key="enterprise", version=2).rollout.clocks
    assert f"{moved} open clocks now count by version 2" in page(lead, "/service-levels/policies/enterprise/")
    line = page(lead, f"/cases/{case.reference}/")
    assert "Enterprise, version 2" in line
    assert "Agreed." in line
    assert "became version" not in page(lead, "/service-levels/policies/enterprise/?version=1")


def test_a_preview_names_the_cases_that_would_breach_at_once(cast, lead):
    def previewed() -> Job:
        draft = Draft.objects.filter(key="enterprise").first() or begun(lead)
        minutes = str(5 + draft.edits)
        amounts = {f"amount.first_response.P{number}": minutes for number in range(4)}
        units = {f"unit.first_response.P{number}": "min" for number in range(4)}
        lead.post(f"/service-levels/drafts/{draft.pk}/", form(draft, lead) | amounts | units)
        draft.refresh_from_db()
        lead.post(f"/service-levels/drafts/{draft.pk}/previews/", {"seen": draft.edits})
        work()
        return Job.objects.filter(kind="preview").latest("pk")

    def cost(job: Job) -> int:
        with CaptureQueriesContext(connection) as asked:
            page(lead, f"/service-levels/runs/{job.pk}/")
        return len(asked)

    cases = [cast.open_case(now=timezone.now() - timedelta(minutes=10)) for _ in range(3)]
    first = previewed()
    told = page(lead, f"/service-levels/runs/{first.pk}/")
    assert len(first.result["breaching"]) == 3
    assert all(f'href="/cases/{case.reference}/">{case.reference}</a>' in told for case in cases)
    shown = AuditEntry.objects.filter(kind="list", actor_ref=cast.lead.pk).latest("pk")
    assert set(shown.shown) == {case.reference for case in cases}
    before = cost(first)
    for _ in range(3):
        cast.open_case(now=timezone.now() - timedelta(minutes=10))
    second = previewed()
    assert (len(second.result["breaching"]), cost(second)) == (6, before)


def test_a_draft_that_cannot_be_read_is_kept_as_typed_and_says_what_is_wrong(cast, lead):
    draft = begun(lead)
    cell = "amount__first_response__P0"
    lead.post(f"/service-levels/drafts/{draft.pk}/", form(draft, lead, shares="90, fast", **{cell: "soon"}))
    told = page(lead, f"/service-levels/drafts/{draft.pk}/")
    assert 'value="soon"' in told
    assert 'value="90, fast"' in told
    assert "cannot be read as an amount of time" in told
    assert "First response P0:" in told
    assert "targets." not in told
    answer = lead.post(f"/service-levels/drafts/{draft.pk}/previews/", {"seen": 1}, follow=True)
    assert not Job.objects.exists()
    assert "cannot be read" in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "unit", "amount", "basis"),
    [
        ("1 h 30 min", "h", "1 h 30 min", "elapsed"),
        ("1 h 30 min", "min-business", "1 h 30 min", "business"),
        ("2 business days", "h", "2 business days", "business"),
        ("1.5", "h", "1 h 30 min", "elapsed"),
        ("1,5 h", "min", "1 h 30 min", "elapsed"),
        ("2.5", "days", "2.5 business days", "business"),
        ("90", "min", "1 h 30 min", "elapsed"),
    ],
)
def test_a_whole_amount_is_taken_whatever_the_unit_beside_it(typed, unit, amount, basis):
    told = policy_forms.typed({"amount.resolution.P0": typed, "unit.resolution.P0": unit}, {})
    expected = {"priority": "P0", "metric": "resolution", "amount": amount, "basis": basis}
    assert told["targets"] == [expected]


@pytest.mark.parametrize("unit", ["h", "min-business", "days", "s"])
@pytest.mark.parametrize(
    "typed", ["two", "-3", "1 h and 30", "1,000", "1.0001 h", "999999999", "0", "0.0", "two h", "x, y"]
)
def test_what_cannot_be_read_stays_in_its_box_however_often_it_is_saved(typed, unit):
    name = "resolution.P0"
    first = policy_forms.typed({f"amount.{name}": typed, f"unit.{name}": unit}, {})
    cell = next(one for _, cells in policy_forms.matrix(first) for one in cells if one.name == name)
    assert (cell.number, cell.unit) == (typed, unit)
    assert policy_forms.typed({f"amount.{name}": cell.number, f"unit.{name}": cell.unit}, {}) == first


def test_the_fix_of_an_amount_suits_its_box(cast, lead):
    draft = begun(lead)
    answer = lead.post(
        f"/service-levels/drafts/{draft.pk}/",
        form(draft, lead, amount__resolution__P0="two", amount__resolution__P1="0"),
        follow=True,
    )
    told = answer.content.decode()
    assert "“two” cannot be read as an amount of time: write a number such as 90 with “min”, or an amount" in told
    assert "promise nothing by leaving it out (an empty box)" in told
    assert 'aria-invalid="true" aria-describedby="error-resolution.P0"' in told


def test_a_stale_form_saves_nothing_and_keeps_what_was_typed(cast, lead):
    draft = begun(lead)
    typed = form(draft, lead, name="Second")
    lead.post(f"/service-levels/drafts/{draft.pk}/", form(draft, lead, name="First"))
    answer = lead.post(f"/service-levels/drafts/{draft.pk}/", typed)
    assert answer.status_code == 409
    assert "Somebody saved this draft since you opened it" in answer.content.decode()
    assert 'value="Second"' in answer.content.decode()
    assert Draft.objects.get().document["name"] == "First"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"when": "at", "at": "never"}, 422),
        ({"when": "at", "at": "2026-02-31T09:00"}, 422),
        ({"when": "at", "at": "2020-01-01T09:00"}, 422),
        ({"when": "now", "reason": ""}, 422),
        ({"seen": "7"}, 409),
        ({}, 409),  # not previewed
    ],
)
def test_an_activation_that_is_refused_says_why(cast, lead, told, status):
    draft = begun(lead)
    if told:
        lead.post(f"/service-levels/drafts/{draft.pk}/previews/", {"seen": 0})
        work()
    asked = {"seen": "0", "when": "now", "reason": "Because."} | told
    answer = lead.post(f"/service-levels/drafts/{draft.pk}/activations/", asked)
    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()
    assert Policy.objects.filter(key="enterprise").count() == 1


def test_a_later_instant_is_read_in_the_viewers_zone(cast, lead):
    cast.lead.time_zone = "Asia/Tokyo"
    cast.lead.save()
    draft = begun(lead)
    lead.post(f"/service-levels/drafts/{draft.pk}/previews/", {"seen": 0})
    work()
    day = (timezone.now() + timedelta(days=40)).date()
    asked = {"seen": 0, "when": "at", "at": f"{day}T09:00", "reason": "Because."}
    assert lead.post(f"/service-levels/drafts/{draft.pk}/activations/", asked).status_code == 302
    made = Policy.objects.get(key="enterprise", version=2)
    assert f"{made.active_from:%Y-%m-%d %H:%M}" == f"{day} 00:00"
    assert "To come" in page(lead, "/service-levels/policies/enterprise/?version=2")


def test_a_new_policy_begins_with_whom_it_is_for(cast, lead):
    asked = {"key": "acme", "name": "Acme", "scope": "tenant", "tenant": "acme"}
    answer = lead.post("/service-levels/new-policy/", asked)
    draft = Draft.objects.get(key="acme")
    assert (answer.status_code, draft.tenant) == (302, cast.acme)
    assert "Acme" in page(lead, "/service-levels/")
    for wrong in ({"key": "Not a key"}, {"scope": ""}, {"tenant": ""}, {"key": "standard"}, {"tenant": "nobody"}):
        answer = lead.post("/service-levels/new-policy/", asked | {"key": "other"} | wrong)
        assert answer.status_code in (409, 422), wrong
        assert 'role="alert"' in answer.content.decode()


def test_retiring_is_previewed_and_activated_as_well(cast, lead):
    draft = begun(lead, retires="1")
    assert "This ends the policy" in page(lead, f"/service-levels/drafts/{draft.pk}/")
    lead.post(f"/service-levels/drafts/{draft.pk}/previews/", {"seen": 0})
    work()
    asked = {"seen": 0, "when": "now", "reason": "Nobody has it."}
    lead.post(f"/service-levels/drafts/{draft.pk}/activations/", asked)
    assert "No policy holds for Acme Analytics" in page(lead, "/service-levels/?tenant=acme")
    assert "Retired" in page(lead, "/service-levels/policies/enterprise/?version=2")


def test_a_draft_is_discarded_or_taken_up_again_after_another_version(cast, lead):
    draft = begun(lead)
    first = Policy.objects.get(key="enterprise")
    first.pk, first.version = None, 2
    first.save()
    assert "Version 2 was published since" in page(lead, f"/service-levels/drafts/{draft.pk}/")
    lead.post(f"/service-levels/drafts/{draft.pk}/rebases/", {"seen": 0})
    assert "was published since" not in page(lead, f"/service-levels/drafts/{draft.pk}/")
    lead.post(f"/service-levels/drafts/{draft.pk}/removals/", {"seen": 1})
    assert not Draft.objects.exists()
    page(lead, f"/service-levels/drafts/{draft.pk}/", 404)


def test_agents_read_and_do_not_write_and_a_regions_lead_keeps_to_the_region(cast):
    agent = Client()
    agent.force_login(cast.agent)
    shown = page(agent, "/service-levels/")
    assert "New policy" not in shown
    assert "Replays" not in shown, "a tab that would only be refused"
    assert 'href="/service-levels/"' in shown.partition('class="tabbar"')[2], "reached on a phone too"
    assert "Change…" not in page(agent, "/service-levels/policies/standard/")
    assert agent.post("/service-levels/policies/standard/").status_code == 403
    assert agent.get("/service-levels/new-policy/").status_code == 403
    eu = Client()
    eu.force_login(UserFactory(role="lead", regions=["eu"]))
    assert "takes somebody who reaches all of them" in page(eu, "/service-levels/policies/standard/")
    assert eu.post("/service-levels/policies/standard/").status_code == 403
    asked = {"key": "birch", "name": "Birch", "scope": "tenant", "tenant": "birch"}
    assert eu.post("/service-levels/new-policy/", asked).status_code == 422
    assert eu.post("/service-levels/new-policy/", asked | {"key": "a", "tenant": "acme"}).status_code == 302


def test_a_file_of_more_items_than_a_form_holds_is_taken_in_parts(cast, lead, monkeypatch):
    monkeypatch.setattr(exchange, "MOST_TICKED", 1)
    text = lead.get("/service-levels/export/").content.decode().replace("amount: 4 h", "amount: 3 h")
    answer = lead.post("/service-levels/import/", {"text": text})
    assert answer.status_code == 422
    assert "import the file in parts" in answer.content.decode()


def test_a_file_is_shown_first_and_then_read_into_drafts(cast, lead):
    exported = lead.get("/service-levels/export/")
    assert "attachment" in exported.headers["Content-Disposition"]
    assert AuditEntry.objects.filter(kind=AuditEntry.Kind.EXPORT, additional_data__what="service levels").count() == 1
    text = exported.content.decode().replace("amount: 8 h", "amount: 6 h")
    file = io.BytesIO(text.encode())
    file.name = "levels.yaml"
    answer = lead.post("/service-levels/import/", {"file": file})
    assert "What would change" in answer.content.decode()
    assert not Draft.objects.exists()
    assert 'value=":policy:standard" aria-label="Take policy standard" checked' in answer.content.decode()
    refused = lead.post("/service-levels/import/", {"text": text, "take": "1"})
    assert (refused.status_code, Draft.objects.exists()) == (422, False)
    assert "Tick at least one" in refused.content.decode() and "Take policy standard" in refused.content.decode()
    lead.post("/service-levels/import/", {"text": text, "take": "1", "item": ":policy:standard"})
    draft = Draft.objects.get()
    assert draft.key == "standard"
    other = text.replace("amount: 6 h", "amount: 5 h")
    told = lead.post("/service-levels/import/", {"text": other}).content.decode()
    assert f'value="{draft.pk}.0:policy:standard" aria-label="Take policy standard">' in told, "not ticked"
    late = lead.post("/service-levels/import/", {"text": other, "take": "1", "item": ":policy:standard"})
    assert late.status_code == 409 and "changed since you looked" in late.content.decode()
    answer = lead.post("/service-levels/import/", {"text": "policies: [{}]"})
    assert answer.status_code == 422
    assert "policies.1.key" in answer.content.decode()
    assert lead.post("/service-levels/import/", {}).status_code == 422
