"""Calendars in the console: pictures, a promise tried out, and drafts that refuse what cannot be counted in."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sla import defaults, diary, scenarios
from sla.documents import DocumentError, read_calendar
from sla.drafts import drafting
from sla.forms.calendars import CalendarDraftForm, grouped, initial
from sla.models import Calendar, Draft
from tests.cast import Cast

FORM = {
    "name": "Office hours",
    "time_zone": "Europe/Berlin",
    "week": "Mon-Thu 09:00-12:30 13:30-17:00\r\nFri 22:00-06:00",
    "country": "DE",
    "subdivision": "DE-BY",
    "closed_days": "2026-12-24 Christmas Eve",
    "openings": "2026-12-27 10:00-14:00",
    "day_length": "7 h",
}


@pytest.fixture
def house(cast: Cast) -> Cast:
    defaults.install(timezone.now())
    return cast


def sign_in(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def lead(house: Cast) -> Client:
    return sign_in(house.lead)


def begin(house: Cast, key: str = "office-hours") -> Draft:
    return drafting.begin("calendar", key, actor=house.actor(house.lead), now=timezone.now())


def page(answer: Any) -> str:
    return answer.content.decode()


# ── Reading ──────────────────────────────────────────────────────────────────
def test_the_list_shows_who_counts_in_each_calendar(house):
    told = page(sign_in(house.agent).get(reverse("calendars")))
    assert "Office hours" in told and "40 h" in told
    assert all(reverse("policy", args=[key]) in told for key in ("enterprise", "premium", "standard"))
    assert "New calendar" not in told


def test_a_calendar_is_drawn_with_its_week_and_the_next_90_days_and_told_as_tables(lead):
    told = page(lead.get(reverse("calendar", args=["office-hours"]), {"from": "2026-10-24"}))
    assert told.count('<g class="week-band">') == 5 and "<title>Mon 09:00–17:00</title>" in told
    assert told.count('<time datetime="2026-') > 60 and "October 2026" in told
    assert "Opening hours of the week, UTC" in told and "Every date as a table" in told
    assert "style=" not in told.split('<main class="shell-main"')[1].split("</main>")[0]


def test_a_promise_is_tried_out_in_the_calendars_time_and_in_ones_own(house, lead):
    house.lead.time_zone = "Asia/Tokyo"
    house.lead.save(update_fields=["time_zone"])
    address = reverse("calendar", args=["office-hours"])
    told = page(lead.get(address, {"at": "2026-01-16T14:00", "amount": "1 business day"}))
    assert "Mon 19 Jan 2026 14:00:00" in told and "Mon 19 Jan 2026 23:00:00 JST, your time" in told
    for at, amount in (("soon", "1 h"), ("2026-01-16T14:00", "some"), ("9998-12-31T14:00", "80000 h")):
        answer = lead.get(address, {"at": at, "amount": amount})
        assert answer.status_code == 422 and 'id="trial-error"' in page(answer)


def test_a_calendar_that_cannot_be_counted_in_still_has_its_page(lead):
    Calendar.objects.create(key="broken", name="Broken", weekly=[])
    told = page(lead.get(reverse("calendar", args=["broken"])))
    assert "The week is empty" in told
    assert "Broken" in page(lead.get(reverse("calendars")))


def test_an_older_version_is_shown_and_an_unknown_calendar_is_not_there(lead):
    Calendar.objects.create(key="office-hours", version=2, name="Longer hours", weekly=[[0, 480, 1080]])
    assert "Longer hours" in page(lead.get(reverse("calendar", args=["office-hours"])))
    older = page(lead.get(reverse("calendar", args=["office-hours"]), {"version": "1"}))
    assert "version 1 of 2" in older and "not the newest" in older
    assert lead.get(reverse("calendar", args=["nowhere"])).status_code == 404


def test_a_tenants_own_calendar_is_seen_by_those_who_reach_it(house):
    Calendar.objects.create(key="birch", name="Birch hours", tenant=house.birch, weekly=[[0, 480, 1080]])
    european = sign_in(house.eu_agent)
    assert "Birch hours" not in page(european.get(reverse("calendars")))
    assert european.get(reverse("calendar", args=["birch"])).status_code == 404
    assert "Birch hours" in page(sign_in(house.agent).get(reverse("calendars")))


# ── Drafts ───────────────────────────────────────────────────────────────────
def test_a_draft_is_begun_shown_and_saved_as_lines_of_text(house, lead):
    begun = lead.post(reverse("calendar", args=["office-hours"]))
    assert begun.url == reverse("calendar_draft", args=["office-hours"])
    form = page(lead.get(begun.url))
    assert "Mon-Fri 09:00-17:00" in form and 'list="zones"' in form and "Germany (DE)" in form
    shown = page(lead.post(begun.url, {**FORM, "seen": "0", "show": "1"}))
    assert "↳ 00:00–06:00" in shown and "Christmas Eve (own closed day)" in shown
    assert Draft.objects.get().edits == 0
    assert lead.post(begun.url, {**FORM, "seen": "0"}).status_code == 302
    document = read_calendar(Draft.objects.get().document)
    assert (document.time_zone, document.country, document.subdivision) == ("Europe/Berlin", "DE", "BY")
    assert document.closed_days == ((date(2026, 12, 24), "Christmas Eve"),)
    assert document.openings == ((date(2026, 12, 27), 600, 840),)
    assert document.day_length == timedelta(hours=7)
    assert (4, 1320, 1800) in document.week


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"week": "Mon 09:00-17:00 16:00-18:00"}, "Opening intervals overlap: Monday’s is still open at Monday 16:00"),
        ({"week": "Sun 22:00-06:00\nMon 05:00-09:00"}, "overlap: Sunday’s is still open at Monday 05:00"),
        ({"week": ""}, "The week is empty"),
        ({"week": "Mon-Fri nine to five"}, "“Mon-Fri nine to five” cannot be read"),
        ({"time_zone": "Mars/Olympus"}, "“Mars/Olympus” is not a time zone"),
        ({"closed_days": "2026-12-24 Eve\n24 December"}, "Line 2: “24 December” does not begin with a date"),
        ({"openings": "2026-12-27 10:00-14:00\n2026-12-28 ten"}, "Line 2: “ten” cannot be read"),
        ({"openings": "2026-12-27 10:00-14:00\n2026-12-27 13:00-15:00"}, "overlap"),
        ({"subdivision": "XX"}, "No holidays are known for “DE-XX”"),
        ({"subdivision": "BY", "country": ""}, "A subdivision needs its country"),
        ({"week": "Mon 9-17\nTue 09:00-17:00\nFunday 09:00-17:00"}, "“Mon 9-17” cannot be read"),
        ({"week": "Mon 9-17\nTue 09:00-17:00\nFunday 09:00-17:00"}, "“Funday 09:00-17:00” begins with no day"),
        ({"day_length": "25 h"}, "at most 24 hours"),
        ({"day_length": "0 h"}, "“0 h” is no working day: write a duration"),
        ({"day_length": "2 business days"}, "such as 8 h or 7 h 30 min"),
        ({"name": ""}, "It is missing: write a name"),
    ],
)
def test_what_cannot_be_counted_in_is_refused_with_its_field_and_line(more, words):
    form = CalendarDraftForm({**FORM, **more})
    assert form.is_valid()  # everything is kept as typed; the document's reader is who refuses
    with pytest.raises(DocumentError) as refused:
        read_calendar(form.document("office-hours", ""))
    form.show_problems(refused.value.problems)
    assert words in str(form.errors[next(iter(more))])


def test_an_unsound_draft_loses_nothing_that_was_typed(house, lead):
    begin(house)
    address = reverse("calendar_draft", args=["office-hours"])
    told = {**FORM, "week": "Mon 09:00-17:00 16:00-18:00", "seen": "0"}
    answer = lead.post(address, {**told, "show": "1"})
    words = "Opening intervals overlap: Monday’s is still open at Monday 16:00"
    assert answer.status_code == 422 and words in page(answer)
    assert "Mon 09:00-17:00 16:00-18:00" in page(answer) and 'value="Europe/Berlin"' in page(answer)
    assert lead.post(address, told).status_code == 302  # a draft may be unsound
    again = page(lead.get(address))
    assert words in again and "Draft saved" in again


def test_two_who_edit_at_once_are_told_and_the_second_keeps_what_was_typed(house, lead):
    row = begin(house)
    address = reverse("calendar_draft", args=["office-hours"])
    drafting.save(row.pk, row.document, seen=0, actor=house.actor(house.manager), now=timezone.now())
    answer = lead.post(address, {**FORM, "name": "Mine", "seen": "0"})
    assert answer.status_code == 409 and 'value="Mine"' in page(answer) and "kept here" in page(answer)
    assert lead.post(address, {**FORM, "name": "Mine", "seen": "1"}).status_code == 302
    assert lead.post(reverse("draft_removals", args=[row.pk]), {"seen": "2"}).status_code == 302
    assert lead.get(address).status_code == 404


def test_a_draft_shows_the_scenarios_that_it_breaks(house, lead):
    told = {"name": "Friday", "policy": "premium", "priority": "P2", "metric": "resolution", "opened": "Fri 14:00"}
    scenario = scenarios.read_scenario({**told, "expect": {"due": "Mon 14:00"}})
    scenarios.save(scenario, actor=house.actor(house.lead), now=timezone.now())
    begin(house)
    address = reverse("calendar_draft", args=["office-hours"])
    assert "Every scenario holds" in page(lead.get(address))
    longer = page(lead.post(address, {**FORM, "seen": "0", "show": "1"}))
    assert "it cannot be activated" in longer and "Mon 19 Jan 2026 14:00" in longer


def test_a_new_calendar_begins_as_a_draft(house, lead):
    assert lead.get(reverse("new_calendar")).status_code == 200
    answer = lead.post(reverse("new_calendar"), {"key": "bangalore", "name": "Bangalore", "tenant": ""})
    assert answer.url == reverse("calendar_draft", args=["bangalore"])
    assert lead.get(answer.url).status_code == 200
    for key, status in (("office-hours", 409), ("Not A Key", 422), ("", 422)):
        assert lead.post(reverse("new_calendar"), {"key": key, "name": "X", "tenant": ""}).status_code == status
    assert lead.post(reverse("new_calendar"), {"key": "x", "name": "X", "tenant": "nobody"}).status_code == 422


def test_an_agent_edits_nothing(house):
    begin(house)
    agent = sign_in(house.agent)
    assert agent.post(reverse("calendar", args=["office-hours"])).status_code == 403
    assert agent.get(reverse("calendar_draft", args=["office-hours"])).status_code == 403
    assert agent.get(reverse("new_calendar")).status_code == 403


# ── Text ─────────────────────────────────────────────────────────────────────
def test_neighbouring_days_of_the_same_hours_share_a_line():
    week = "Mon 09:00-17:00\nTue 09:00-17:00\nThu 09:00-17:00\nFri 22:00-06:00\nwhat is this"
    assert grouped(week) == "Mon-Tue 09:00-17:00\nThu 09:00-17:00\nFri 22:00-06:00\nwhat is this"


def test_an_unsound_draft_still_fills_the_form():
    told = initial({"week": 7, "closed_days": "x", "openings": [3, {"date": "2026-01-01"}]})
    assert (told["week"], told["closed_days"], told["openings"]) == ("7", "", "2026-01-01")


def test_a_trial_at_an_instant_with_a_zone_is_refused(house):
    spec = Calendar.objects.get(key="office-hours").spec()
    assert "without a zone" in diary.try_out(spec, "2026-01-16T14:00+01:00", "1 h").error
