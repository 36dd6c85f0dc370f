"""The forecast as people and programs meet it: order, pages, chips, the report, the API."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from cases import queue
from cases.forecast import scores
from cases.models import Case, Forecast
from companyos.web.errors import DomainError
from companyos.web.pagination import cursor_of, page
from tests.alerts import hands
from tests.cast import NOON, Cast
from tests.factories import key_for

pytestmark = pytest.mark.django_db
RISKS = [0.25, None, 0.75, 0.25, 0.1 + 0.2, None, 0.0]
BIN = {"low": 0.0, "high": 0.1, "count": 9, "forecast": 0.05, "observed": 0.04}


def speak(now, **more: object) -> Forecast:
    figures = {
        "held_out_from": NOON.isoformat(), "held_out_clocks": 60, "held_out": 400, "base_rate": 0.2,
        "bins": [BIN], "due_only_bins": [BIN],
        "months": [{"month": "2026-03", "count": 400, "brier": 0.1, "due_only": 0.125}],
    }  # fmt: skip
    told = {"parameters": {}, "basis": "history", "brier": 0.1, "due_only_brier": 0.125, "figures": figures, **more}
    return Forecast.objects.create(fitted_at=now, clocks=300, breaches=40, examples=2000, **told)


@pytest.fixture
def cases(cast: Cast) -> list[Case]:
    """Seven open cases whose risks are RISKS, worked out a minute ago."""
    now = timezone.now()
    made = [cast.open_case(now=now - timedelta(minutes=number + 2)) for number in range(len(RISKS))]
    for case, risk in zip(made, RISKS, strict=True):
        at = now - timedelta(minutes=1) if risk is not None else None
        told = {"breach_risk": risk, "breach_risk_at": at, "breach_risk_why": "first_response: P1, weekend"}
        Case.objects.filter(pk=case.pk).update(**told)
    return made


@pytest.fixture
def agent(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.agent)
    return client


def test_a_broken_promise_loses_its_chance_and_others_keep_theirs(cases) -> None:
    broken, other = cases[0], cases[2]
    Case.objects.filter(pk=other.pk).update(breach_risk_why="resolution: P1")
    for case in (broken, other):
        scores.forget(case, "first_response")
        case.refresh_from_db()
    assert (broken.breach_risk, broken.breach_risk_at, broken.breach_risk_why) == (None, None, "")
    assert other.breach_risk == 0.75


def test_pages_of_any_size_hold_every_case_once_the_riskiest_first(cases: list[Case]) -> None:
    sort = queue.SORTS["risk"]
    whole = [case.pk for case in page(Case.objects.all(), sort, size=50).items]
    risks = [Case.objects.get(pk=pk).breach_risk for pk in whole]
    assert risks == [0.75, 0.1 + 0.2, 0.25, 0.25, 0.0, None, None]
    for size in (1, 2, 3):
        seen, after, back = [], None, None
        while True:
            one = page(Case.objects.all(), sort, after=after, size=size)
            seen += [case.pk for case in one.items]
            if one.next_cursor is None:
                break
            after = one.next_cursor
        assert seen == whole
        back = page(Case.objects.all(), sort, before=cursor_of(one.items[0], sort), size=50).items
        assert [case.pk for case in back] == whole[: -len(one.items)]


def mark(told: str) -> str:
    return base64.urlsafe_b64encode(told.encode()).decode()


@pytest.mark.parametrize(
    "told", ['["risk","2026-03-10T12:00:00+00:00",1]', '["risk",true,1]', '["risk",NaN,1]', '["risk",1e999,1]',
             '["risk",[0.5],1]', '["due",0.5,1]'],
)  # fmt: skip
def test_a_mark_that_this_order_did_not_make_is_refused(db: None, told: str) -> None:
    with pytest.raises(DomainError) as refused:
        page(Case.objects.all(), queue.SORTS["due" if "due" in told else "risk"], after=mark(told))
    assert refused.value.code == "bad_cursor"


def test_sorting_by_risk_is_one_click(cases: list[Case], agent: Client) -> None:
    speak(timezone.now())
    before = agent.get("/?view=open").content.decode()
    assert 'href="?view=open&amp;sort=risk"' in before
    after = agent.get("/?view=open&sort=risk").content.decode()
    assert after.index(cases[2].reference) < after.index(cases[4].reference) < after.index(cases[1].reference)
    assert "75 % risk" in after
    assert "What speaks for it: P1, weekend." in after
    assert "Those likeliest to break" in after


def test_without_a_forecast_the_nearest_due_time_comes_first_and_it_is_said(cases: list[Case], agent: Client) -> None:
    shown = agent.get("/?view=open&sort=risk").content.decode()
    assert "There is no forecast yet" in shown
    asked = queue.parse(QueryDict("view=open&sort=risk"))
    assert asked.sort == "risk"
    assert queue.order("risk") == queue.SORTS["due"]
    speak(timezone.now())
    assert queue.order("risk") == queue.SORTS["risk"]
    speak(timezone.now(), parameters=None, reason="Too little history.")
    assert queue.order("risk") == queue.SORTS["due"]


def test_the_case_page_tells_what_speaks_for_it(cases: list[Case], agent: Client) -> None:
    assert "75 % risk" in agent.get(f"/cases/{cases[2].reference}/").content.decode()
    Case.objects.filter(pk=cases[2].pk).update(breach_risk_at=timezone.now() - timedelta(hours=2))
    assert "75 % risk" not in agent.get(f"/cases/{cases[2].reference}/").content.decode()


def test_the_api_gives_and_sorts_by_risk(cast: Cast, cases: list[Case]) -> None:
    speak(timezone.now())
    client = Client(headers={"authorization": f"Bearer {key_for(cast.agent)}"})
    rows = client.get("/api/v1/cases/?sort=risk&size=3").json()["results"]
    assert [row["breach_risk"] for row in rows] == [0.75, 0.1 + 0.2, 0.25]
    assert client.get(f"/api/v1/cases/{cases[1].reference}/").json()["breach_risk"] is None


def test_how_good_the_forecast_is(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.manager)
    assert "No forecast yet" in client.get("/reports/forecast/").content.decode()
    speak(NOON)
    shown = client.get("/reports/forecast/").content.decode()
    assert "takes 20 % off the error" in shown
    assert "<circle" in shown
    assert "2026-03" in shown
    speak(NOON + timedelta(days=1), parameters=None, reason="Too little history: 3 decided promises.")
    assert "Too little history: 3 decided promises." in client.get("/reports/forecast/").content.decode()


def test_the_breach_itself_takes_the_chance_away(cast: Cast) -> None:
    case = hands.answered(cast)
    told = {"breach_risk": 0.7, "breach_risk_at": NOON, "breach_risk_why": "resolution: P1"}
    Case.objects.filter(pk=case.pk).update(**told)
    hands.pass_until(NOON + timedelta(hours=7))
    case.refresh_from_db()
    assert case.breach_risk is None
