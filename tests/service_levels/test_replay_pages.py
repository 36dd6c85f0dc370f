"""The pages of replays: asked for, watched, cancelled, read side by side, taken away as a file."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from cases import conversation, lifecycle
from cases.models import Case
from companyos.web.errors import DomainError
from reporting import replays as report
from sla import jobs
from sla.models import Calendar, Job, Policy
from tenants.models import AuditEntry, User
from tests.cast import Cast

PAGE = "/service-levels/replays/"
HOUR = timedelta(hours=1)


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text(answer) -> str:
    assert answer.status_code in (200, 422), answer
    return answer.content.decode()


@pytest.fixture
def lead(cast: Cast) -> Client:
    return signed_in(cast.lead)


def last_month() -> datetime:
    first = timezone.localdate().replace(day=1) - timedelta(days=1)
    return datetime(first.year, first.month, 3, 9, tzinfo=UTC)


def answered(cast: Cast, minutes: int, requester=None) -> Case:
    """A case of last month that was accepted and answered so long after it came."""
    at = last_month()
    case = cast.open_case(requester or cast.ada, now=at)
    agent = cast.actor(cast.agent)
    case = lifecycle.accept(case, actor=agent, priority="P1", owner=cast.agent, seen=None, now=at + HOUR / 6)
    conversation.reply(case, actor=agent, body="We look into it.", now=at + timedelta(minutes=minutes))
    return case


@pytest.fixture
def strict(cast: Cast) -> Policy:
    """Half an hour to the first response; the policies of the day gave a P1 an hour."""
    calendar = Calendar.objects.get(key="office-hours")
    row = Policy.objects.create(key="strict", name="Strict", calendar=calendar, active_from=timezone.now())
    row.targets.create(metric="first_response", priority="P1", amount=HOUR / 2)
    row.targets.create(metric="first_response", priority="P2", amount=HOUR / 2)
    row.targets.create(metric="first_response", priority="P3", amount=HOUR / 2)
    row.targets.create(metric="first_response", priority="P0", amount=HOUR / 2)
    return row


def ask(client: Client, tried: Policy, **more: str):
    return client.post(PAGE, {"period": "month", "alternative": f"policy:{tried.pk}", "everybody": "1", **more})


def work() -> None:
    while jobs.step(timezone.now()):
        pass


def test_a_replay_from_the_question_to_the_list_of_cases(cast: Cast, lead: Client, strict: Policy) -> None:
    slow, quick = answered(cast, 45), answered(cast, 20)
    assert "Nothing was replayed yet" in text(lead.get(PAGE)) and "Strict, version 1" in text(lead.get(PAGE))
    asked = ask(lead, strict, metric="first_response")
    page = asked.url
    waiting = text(lead.get(page))
    assert "Waits for the worker" in waiting and "<progress" in waiting and "Look again" in waiting
    bar = lead.get(page, headers={"HX-Request": "true"})
    assert "<html" not in text(bar) and "replay-progress" in text(bar) and "HX-Refresh" not in bar
    work()
    assert lead.get(page, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    told = text(lead.get(page))
    assert "−50.0 points" in told and "worse" in told and "+1</strong>" in told
    assert slow.reference in told and quick.reference not in told
    assert re.search(rf'href="/cases/{slow.reference}/clocks/\d+/"', told)
    assert slow.reference in text(lead.get(f"{page}?move=worse"))
    assert "None of this kind" in text(lead.get(f"{page}?move=better"))
    assert "Strict, version 1" in text(lead.get(PAGE)) and "Done" in text(lead.get(PAGE))
    shown = AuditEntry.objects.filter(kind="list", actor_ref=cast.lead.pk).order_by("-pk")
    assert any(slow.reference in row.shown for row in shown)


def test_the_list_as_a_file(cast: Cast, lead: Client, strict: Policy) -> None:
    slow = answered(cast, 45)
    page = ask(lead, strict, metric="first_response").url
    work()
    file = lead.post(f"{page}exports/", {"move": "worse"})
    rows = list(csv.DictReader(StringIO(b"".join(file.streaming_content).decode())))
    assert [(row["Case"], row["Metric"], row["Was"], row["Would be"]) for row in rows] == [
        (slow.reference, "First response", "kept", "breached")
    ]
    assert AuditEntry.objects.get(kind="export").additional_data["what"] == "cases that change sides in a replay"


def test_it_is_cancelled_by_a_button_and_says_that_it_is_not_whole(cast: Cast, lead: Client, strict: Policy) -> None:
    answered(cast, 45)
    page = ask(lead, strict).url
    assert lead.post(f"{page}cancellations/").url == page
    work()
    assert "not the whole period" in text(lead.get(page))
    again = lead.post(f"{page}cancellations/", follow=True)
    assert "has ended already" in text(again) and "toast-bad" in text(again)


def test_the_period_reads_as_it_was_entered(lead: Client, strict: Policy) -> None:
    page = ask(lead, strict, period="custom", since="2026-01-20", until="2026-02-23").url
    for address in (page, PAGE):
        assert "20 Jan 2026 to 23 Feb 2026" in text(lead.get(address))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"alternative": ""}, "Choose what to try"),
        ({"alternative": "policy:0"}, "not there any more"),
        ({"alternative": "policy:x9"}, "not there any more"),
        ({"period": "custom"}, "Write both days"),
        ({"period": "custom", "since": "2026-02-30", "until": "2026-03-01"}, "Write both days"),
        ({"period": "custom", "since": "2020-01-01", "until": "2026-01-01"}, "at most 366 days"),
        ({"period": "custom", "since": "2026-03-02", "until": "2026-03-01"}, "ends before it starts"),
        ({"period": "never"}, "Choose a period"),
        ({"metric": "mood"}, "no such metric"),
    ],
)
def test_what_makes_no_sense_is_told_beside_what_was_typed(
    lead: Client, strict: Policy, more: dict, words: str
) -> None:
    answer = ask(lead, strict, **more)
    assert answer.status_code == 422 and words in text(answer)
    assert not Job.objects.exists()
    if "alternative" not in more:
        assert f'value="policy:{strict.pk}" selected' in text(answer)


def test_a_failed_replay_says_why(cast: Cast, lead: Client, strict: Policy) -> None:
    page = ask(lead, strict).url
    Job.objects.update(params=Job.objects.get().params | {"alternative": {"source": "policy", "id": 0}})
    work()
    assert "The replay failed: What this replay was to try is not there" in text(lead.get(page))


# ── Who may, and who sees what ───────────────────────────────────────────────
def test_agents_and_auditors_do_not_replay(cast: Cast, strict: Policy) -> None:
    for person in (cast.agent, cast.auditor):
        client = signed_in(person)
        assert client.get(PAGE).status_code == client.post(PAGE, {}).status_code == 403


def test_a_run_is_its_askers_and_theirs_who_reach_everybody(cast: Cast, lead: Client, strict: Policy) -> None:
    answered(cast, 45)
    answered(cast, 45, cast.cleo)
    cast.lead.membership.regions = ["eu"]
    cast.lead.membership.save()
    mine, managers = ask(lead, strict, metric="first_response").url, ask(signed_in(cast.manager), strict).url
    work()
    assert lead.get(managers).status_code == 404
    assert lead.post(f"{managers}cancellations/").status_code == 404
    assert lead.post(f"{managers}exports/").status_code == 404
    told = text(lead.get(mine))
    assert "ACME-" in told and "BIRCH-" not in told
    listed = text(lead.get(PAGE))
    assert mine in listed and managers not in listed
    assert signed_in(cast.manager).get(mine).status_code == 200


def test_the_list_comes_in_pages(cast: Cast, lead: Client, strict: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        answered(cast, 45)
    page = ask(lead, strict, metric="first_response").url
    work()
    paged = report.page
    monkeypatch.setattr(report, "page", lambda rows, sort, after: paged(rows, sort, after=after, size=2))
    first = text(lead.get(f"{page}?move=worse"))
    (following,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = text(lead.get(page + following.replace("&amp;", "&")))
    found = [set(re.findall(r"ref nowrap\" href=\"([^\"]+)", shown)) for shown in (first, second)]
    assert [len(one) for one in found] == [2, 1] and not found[0] & found[1]


# ── Pure ─────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("preset", "today", "first", "after"),
    [
        ("month", date(2026, 3, 10), date(2026, 2, 1), date(2026, 3, 1)),
        ("month", date(2026, 1, 31), date(2025, 12, 1), date(2026, 1, 1)),
        ("quarter", date(2026, 2, 10), date(2025, 10, 1), date(2026, 1, 1)),
        ("quarter", date(2026, 12, 31), date(2026, 7, 1), date(2026, 10, 1)),
        ("days", date(2026, 3, 10), date(2026, 2, 8), date(2026, 3, 10)),
        ("custom", date(2026, 3, 10), date(2026, 1, 5), date(2026, 1, 8)),
    ],
)
def test_a_period_is_whole_days_of_ones_own_zone(preset: str, today: date, first: date, after: date) -> None:
    with timezone.override("America/New_York"):
        since, before = report.period(preset, "2026-01-05", "2026-01-07", today)
    zone = ZoneInfo("America/New_York")
    assert (since, before) == tuple(datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, after))


def test_a_day_that_no_calendar_has_is_refused() -> None:
    for words in ("", "tomorrow", "9999-12-31", "0001-01-01"):
        with pytest.raises(DomainError):
            report.period("custom", words, "2026-01-07", date(2026, 3, 10))


def counts(**given: float) -> dict[str, float]:
    return dict.fromkeys((*report.OUTCOME_NAMES, "late"), 0) | given


def test_both_sides_are_added_up_and_their_difference_signed() -> None:
    row = {
        "was": counts(kept=3, breached=1, open=2, late=7200),
        "would_be": counts(kept=1, breached=3, none=2, late=36000),
    }
    result = {"segments": {"smb": {"resolution": row, "accept": row}, "": {"resolution": row}}}
    told = report.comparison(result)
    assert [(one.name, [pair.name for pair in one.metrics]) for one in told.segments] == [
        ("No segment", ["Resolution"]),
        ("smb", ["Accept", "Resolution"]),
    ]
    assert (told.total.was.kept, told.total.would.breached, told.total.was.promised) == (9, 9, 18)
    assert told.total.attainment == report.Change(-50.0, "−50.0 points", "worse")
    assert (told.total.breaches.text, told.total.breaches.tone) == ("+6", "worse")
    assert (told.total.hours.text, told.total.hours.tone) == ("+24.0 h", "worse")
    assert told.total.would.undecided == [(6, "no promise")]
    assert [pair.name for pair in told.metrics] == ["Accept", "Resolution"]


def test_nothing_decided_is_no_figure_and_no_difference_is_said_so() -> None:
    undecided = {"was": counts(open=1), "would_be": counts(kept=1)}
    told = report.comparison({"segments": {"smb": {"resolution": undecided}}}).total
    assert (told.was.attainment, told.attainment) == (None, None)
    assert told.breaches.tone == "same"


def test_the_moves_add_up() -> None:
    result = {"moves": {"kept>breached": 4, "breached>kept": 2, "open>breached": 1}, "differences": 7}
    assert [(key, count) for key, _, count in report.moves(result)] == [
        ("", 7),
        ("worse", 4),
        ("better", 2),
        ("other", 1),
    ]


def test_one_person_cannot_fill_the_line(cast: Cast, lead: Client, strict: Policy) -> None:
    for _ in range(jobs.MOST_OPEN):
        assert ask(lead, strict).status_code == 302
    refused = ask(lead, strict)
    assert refused.status_code == 422 and "still open" in text(refused)
    assert Job.objects.count() == jobs.MOST_OPEN
