"""Pages and API of elevated access: asked for on the locked case, decided in place, with proof for what is grave."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from cases.models import Case
from escalations.models import Incident
from tenants.models import Grant, User
from tests.api.conftest import Hand, errors, with_key
from tests.cast import NOON, Cast
from tests.grants.hands import WHY, approved, asked, restricted, taken
from tests.sign_in.hands import sign_in_at

ASK = {"reach": "case", "reason": WHY, "minutes": "60"}


@pytest.fixture
def case(cast: Cast) -> Case:
    cache.clear()
    return restricted(cast)


def signed_in(person: User, age: float = 0.0) -> Client:
    client = Client()
    sign_in_at(client, person, age)
    return client


def by_session(person: User) -> Hand:
    """At the API as the browser comes: what takes a person takes no key."""
    return Hand(client=signed_in(person))


def text(answer: Any) -> str:
    return answer.content.decode()


def test_access_is_asked_for_on_the_locked_case_and_approved_on_the_access_page(cast: Cast, case: Case) -> None:
    agent, lead, page = signed_in(cast.agent), signed_in(cast.lead), f"/cases/{case.reference}/"
    assert "Request access" in text(agent.get(page))
    wrong = agent.post(f"{page}grants/", {**ASK, "reason": "short"})
    assert wrong.status_code == 422 and "at least 10 characters" in text(wrong) and "short" in text(wrong)
    assert agent.post(f"{page}grants/", ASK).url == f"{page}?tab=access"
    assert "You asked for 60 minutes" in text(agent.get(page))
    again = agent.post(f"{page}grants/", ASK)
    assert again.status_code == 409 and "asked for access" in text(again)
    listed = text(lead.get("/access/"))
    assert "Amy Agent" in listed and WHY.split("'")[0] in listed
    grant = Grant.objects.get()
    assert lead.post(f"/access/{grant.pk}/approvals/", {"minutes": "25", "back": "case"}).url == f"{page}?tab=access"
    grant.refresh_from_db()
    assert (grant.state, grant.minutes, grant.decided_by) == ("granted", 25, cast.lead)
    second = signed_in(cast.manager).post(f"/access/{grant.pk}/denials/", {"words": "No"})
    assert second.status_code == 409 and "granted by Lea Lead" in text(second)
    opened = text(agent.get(page, {"tab": "access"}))
    assert "You see this under a grant" in opened and "Approved by Lea Lead" in opened
    assert agent.post(f"/access/{grant.pk}/revocations/").status_code == 302
    assert "Request access" in text(agent.get(page))


def test_a_denial_is_read_on_the_case_with_its_words(cast: Cast, case: Case) -> None:
    grant = asked(cast, case)
    signed_in(cast.lead).post(f"/access/{grant.pk}/denials/", {"words": "Ask their administrator first."})
    page = text(signed_in(cast.agent).get(f"/cases/{case.reference}/"))
    assert "denied your last request" in page and "Ask their administrator first." in page


def test_glass_is_broken_with_a_confirmation_and_waits_for_its_review(cast: Cast, case: Case) -> None:
    agent, lead = signed_in(cast.agent), signed_in(cast.lead)
    address = f"/cases/{case.reference}/break-glass/"
    unsure = agent.post(address, {**ASK, "minutes": "30"})
    assert unsure.status_code == 422 and "Confirm that it cannot wait." in text(unsure)
    assert agent.post(address, {**ASK, "minutes": "30", "sure": "on"}).status_code == 302
    assert "You see this under a grant" in text(agent.get(f"/cases/{case.reference}/"))
    grant = Grant.objects.get()
    assert "Glass broken" in text(lead.get("/access/", {"show": "review"}))
    assert lead.post(f"/access/{grant.pk}/reviews/", {"words": "Fine"}).status_code == 422
    assert lead.post(f"/access/{grant.pk}/reviews/", {"justified": "no", "words": "It could wait."}).status_code == 302
    assert "Not justified" in text(agent.get(f"/access/{grant.pk}/"))


def test_a_lead_gives_access_on_the_page(cast: Cast, case: Case) -> None:
    lead, address = signed_in(cast.lead), f"/cases/{case.reference}/gifts/"
    refused = lead.post(address, {**ASK, "to": cast.eu_agent.pk})
    assert refused.status_code == 422 and "give the whole tenant" in text(refused)
    assert lead.post(address, {**ASK, "reach": "tenant", "to": cast.eu_agent.pk}).status_code == 302
    assert "You see this under a grant" in text(signed_in(cast.eu_agent).get("/tenants/birch/"))


def test_an_incident_asks_for_a_tenant(cast: Cast, case: Case) -> None:
    Incident.objects.create(reference="INC-9", title="Ingest", severity="SEV1", started_at=NOON)
    agent = signed_in(cast.agent)
    assert "Request access to a restricted tenant" in text(agent.get("/incidents/INC-9/"))
    answer = agent.post("/incidents/INC-9/grants/", {"tenant": "birch", "reason": WHY, "minutes": "60"})
    grant = Grant.objects.get()
    assert answer.url == f"/access/{grant.pk}/" and grant.reach == "tenant"
    assert "Amy Agent" in text(agent.get("/incidents/INC-9/"))


def test_what_is_grave_asks_for_fresh_proof_and_nothing_happens_without(cast: Cast, case: Case) -> None:
    grant = asked(cast, case, cast.agent2)
    stale = signed_in(cast.lead, age=3_600)
    here = f"/cases/{case.reference}"
    for path, values in (
        (f"/access/{grant.pk}/approvals/", {"minutes": "30"}),
        (f"{here}/gifts/", {**ASK, "to": cast.agent.pk}),
        (f"{here}/break-glass/", {**ASK, "minutes": "30", "sure": "on"}),
    ):
        answer = stale.post(path, values)
        assert answer.status_code == 302 and answer.url.startswith("/accounts/"), path
    told = {"case": case.reference, "reason": WHY, "minutes": 30}
    for path, body in (
        (f"grants/{grant.pk}/approvals/", {}),
        ("grants/gifts/", {**told, "to": "me"}),
        ("grants/break-glass/", told),
    ):
        answer = stale.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")
        assert errors(answer, 403) == {(None, "reauthentication_required")}, path
    assert list(Grant.objects.values_list("state", flat=True)) == ["requested"]
    assert stale.post(f"/access/{grant.pk}/denials/", {"words": "Not now"}).status_code == 302


def test_the_lists_page_by_key_and_filter(cast: Cast, case: Case) -> None:
    lead = signed_in(cast.lead)
    for person in (cast.agent, cast.agent2, cast.manager):
        taken(cast, case, person)
    assert "Abe Second" not in text(lead.get("/access/", {"show": "force", "person": "amy"}))
    assert "Nobody works under a grant" in text(lead.get("/access/", {"show": "force", "tenant": "acme"}))
    hand = with_key(cast.lead)
    first = hand.get("grants/", list="force", size=2).json()
    rest = hand.get("grants/", list="force", size=2, after=first["next"]).json()
    names = [row["person"]["name"] for row in first["results"] + rest["results"]]
    assert sorted(names) == ["Abe Second", "Amy Agent", "Max Manager"] and rest["next"] is None


def test_the_api_does_all_of_it_once_per_key(cast: Cast, case: Case) -> None:
    agent, lead, manager = (by_session(person) for person in (cast.agent, cast.lead, cast.manager))
    told = {"case": case.reference, "reason": WHY, "minutes": 60}
    made = [agent.post("grants/", key="k-1", **told) for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201] and made[0].json() == made[1].json()
    assert errors(agent.post("grants/", **told), 409) == {(None, "already_asked")}
    here = f"grants/{made[0].json()['id']}/"
    assert errors(lead.post(f"{here}approvals/", minutes=90)) == {("minutes", "bad_minutes")}
    done, same = (lead.post(f"{here}approvals/", key="k-2", minutes=20).json() for _ in range(2))
    assert done == same
    assert (done["standing"], done["minutes"], done["decided_by"]["email"]) == ("open", 20, cast.lead.email)
    assert errors(manager.post(f"{here}denials/", words="No"), 409) == {(None, "decided")}
    assert agent.get(f"cases/{case.reference}/timeline/").status_code == 200
    assert lead.post(f"{here}revocations/", words="Done").json()["standing"] == "revoked"
    assert errors(agent.get(f"cases/{case.reference}/timeline/"), 403) == {(None, "grant_needed")}
    glass = agent.post("grants/break-glass/", **told).json()
    assert (glass["standing"], glass["break_glass"]) == ("open", True)
    seen = manager.post(f"grants/{glass['id']}/reviews/", justified=True, words="Urgent").json()
    assert (seen["justified"], seen["reviewed_by"]["name"]) == (True, "Max Manager")
    given = lead.post("grants/gifts/", to=cast.agent2.email, **told).json()
    assert (given["standing"], given["person"]["email"]) == ("open", cast.agent2.email)
    again = agent.post("grants/", **{**told, "reason": "And once more, for the second trace."}).json()
    assert agent.post(f"grants/{again['id']}/withdrawals/").json()["standing"] == "withdrawn"


def test_the_api_names_what_is_wrong(cast: Cast, case: Case) -> None:
    agent = with_key(cast.agent)
    told = {"case": case.reference, "reason": WHY, "minutes": 60}
    assert errors(agent.post("grants/", **{**told, "minutes": 481})) == {("minutes", "max_value")}
    assert errors(agent.post("grants/", **{**told, "reason": "short"})) == {("reason", "min_length")}
    assert errors(agent.post("grants/", reason=WHY, minutes=60)) == {("case", "one_of")}
    assert errors(agent.post("grants/", **{**told, "case": "BIRCH-9999"})) == {("case", "unknown_case")}
    assert errors(agent.get("grants/999999/"), 404) == {(None, "not_found")}
    assert errors(with_key(cast.auditor).post("grants/break-glass/", **told), 403) == {(None, "forbidden")}
    mine: Hand = with_key(cast.eu_agent)
    grant = approved(cast, asked(cast, case))
    assert errors(mine.get(f"grants/{grant.pk}/"), 404) == {(None, "not_found")}
    assert mine.get("grants/").json()["results"] == []
