"""Documents of policies and calendars: what is written reads back, and every fault is named with its fix."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sla import versions
from sla.amounts import AmountError, read_amount, write_amount
from sla.choice import METRICS, PRIORITIES
from sla.documents import (
    CalendarDocument,
    DocumentError,
    PolicyDocument,
    TargetDocument,
    digest,
    read_calendar,
    read_policy,
    write_calendar,
    write_policy,
)
from sla.models import Calendar, Policy
from tests.sla.conftest import system  # noqa: F401

OFFICE = {"key": "office", "name": "Office", "time_zone": "Europe/Berlin", "week": "Mon-Fri 09:00-17:00"}
GOLD = {
    "key": "gold",
    "name": "Gold",
    "tier": "premium",
    "calendar": "office",
    "shares": [50, 90],
    "targets": [
        {"priority": "P0", "metric": "first_response", "amount": "15 min"},
        {"priority": "P2", "metric": "resolution", "amount": "2 business days"},
        {"priority": "P1", "metric": "resolution", "amount": "1 h 30 min", "basis": "business"},
    ],
}
MICRO = timedelta(microseconds=1)
amounts = st.one_of(
    st.tuples(st.timedeltas(MICRO, timedelta(days=3660)), st.none()),
    st.tuples(st.none(), st.decimals("0.01", "9999.99", places=2)),
)


def problems(read, data) -> dict[str, str]:
    with pytest.raises(DocumentError) as refused:
        read(data)
    return {problem.path: problem.message for problem in refused.value.problems}


@given(amounts)
@settings(max_examples=60, deadline=None)
def test_an_amount_reads_back_as_it_was_written(amount):
    text = write_amount(*amount)
    assert read_amount(text) == amount
    assert write_amount(*read_amount(text)) == text


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("15 min", (timedelta(minutes=15), None)),
        ("4h", (timedelta(hours=4), None)),
        ("1 h 30 min", (timedelta(minutes=90), None)),
        ("90 min", (timedelta(minutes=90), None)),
        ("1.5 s", (timedelta(seconds=1.5), None)),
        ("1 business day", (None, Decimal(1))),
        ("2.50 business days", (None, Decimal("2.5"))),
    ],
)
def test_amounts_as_people_write_them(text, amount):
    assert read_amount(text) == amount


@pytest.mark.parametrize("text", ["", "soon", "2 days", "-4 h", "0 min", "0 business days", "4 h 4 h", "999999 h", "4"])
def test_other_amounts_are_refused(text):
    with pytest.raises(AmountError):
        read_amount(text)


@st.composite
def policies(draw):
    places = draw(st.sets(st.tuples(st.sampled_from(METRICS), st.sampled_from(PRIORITIES)), max_size=8))
    targets = []
    for metric, priority in sorted(places, key=lambda p: (METRICS.index(p[0]), p[1])):
        amount, days = draw(amounts)
        basis = "business" if days is not None else draw(st.sampled_from(["elapsed", "business"]))
        targets.append(TargetDocument(priority, metric, amount, days, basis))
    scope = draw(st.sampled_from(["", "tenant", "segment", "tier"]))
    shares = tuple(sorted(draw(st.sets(st.integers(1, 99), max_size=5))))
    more = {scope: "premium"} if scope else {}
    return PolicyDocument("key", draw(st.text("aZ é:#'", min_size=1).map(str.strip).filter(bool)), **more,
                          calendar="office", shares=shares, targets=tuple(targets))  # fmt: skip


@given(policies())
@settings(max_examples=40, deadline=None)
def test_a_policy_reads_back_as_it_was_written(policy):
    assert read_policy(write_policy(policy)) == policy


@st.composite
def calendars(draw):
    weekdays = draw(st.sets(st.integers(0, 6), min_size=1))
    opens = draw(st.integers(0, 1439))
    week = tuple(sorted((day, opens, opens + draw(st.integers(1, 1440))) for day in weekdays))
    days = draw(st.dictionaries(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.sampled_from(["Own", "Fête: #1"])))
    openings = tuple(sorted((day, 600, 900) for day in draw(st.sets(st.dates(date(2020, 1, 1), date(2040, 1, 1))))))
    closed, length = tuple(sorted(days.items())), timedelta(minutes=draw(st.integers(1, 1440)))
    return CalendarDocument("key", "Office", "acme", "Asia/Kathmandu", week, "DE", "BY", closed, openings, length)


@given(calendars())
@settings(max_examples=40, deadline=None)
def test_a_calendar_reads_back_as_it_was_written(calendar):
    assert read_calendar(write_calendar(calendar)) == calendar


def test_the_digest_names_the_content_and_not_its_order():
    assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1}) != digest({"a": 1, "b": [3]})


def test_every_fault_of_a_calendar_is_told_at_once():
    told = problems(
        read_calendar,
        {
            "key": "Office Hours",
            "time_zone": "Mars/Olympus",
            "week": "Mon 09:00-17:00\nMon 16:00-18:00",
            "country": "XX",
            "closed_days": [{"date": "2026-13-01"}, {"date": "2026-12-24"}, {"date": "2026-12-24"}],
            "openings": [{"date": "2026-12-19", "hours": "late"}],
            "day_length": "2 business days",
            "colour": "red",
        },
    )
    assert set(told) == {
        *("key", "name", "time_zone", "week", "country", "colour", "day_length"),
        *("closed_days.0.date", "closed_days.2.date", "openings.0.hours"),
    }
    assert told["time_zone"] == "“Mars/Olympus” is not a time zone of the IANA list, such as Europe/Berlin."
    assert told["week"] == "Opening intervals overlap: Monday’s is still open at Monday 16:00."
    assert told["country"] == "No holidays are known for “XX”: use ISO 3166 codes, such as DE and BY."
    assert told["colour"].startswith("There is no such field; the fields are key, name")


@pytest.mark.parametrize("week", ["", "   \n"])
def test_an_empty_week_is_refused(week):
    told = problems(read_calendar, OFFICE | {"week": week})
    assert told == {"week": "The week is empty: a calendar needs at least one opening interval."}


def test_an_unknown_subdivision_and_one_without_its_country_are_refused():
    assert set(problems(read_calendar, OFFICE | {"country": "DE", "subdivision": "ZZ"})) == {"subdivision"}
    assert set(problems(read_calendar, OFFICE | {"subdivision": "BY"})) == {"subdivision"}


def test_every_fault_of_a_policy_is_told_at_once():
    targets = [
        {"priority": "P7", "metric": "resolution", "amount": "4 h"},
        {"priority": "P0", "metric": "lunch", "amount": "4 h"},
        {"priority": "P1", "metric": "resolution"},
        {"priority": "P2", "metric": "resolution", "amount": "2 business days", "basis": "elapsed"},
        {"priority": "P3", "metric": "resolution", "amount": "2 weeks", "business_days": 2},
        {"priority": "P3", "metric": "accept", "amount": "1 h"},
        {"priority": "P3", "metric": "accept", "amount": "2 h"},
        "tomorrow",
    ]
    told = problems(
        read_policy,
        {"key": "gold", "name": 7, "segment": "health", "tier": "premium", "shares": [90, 50], "targets": targets},
    )
    assert set(told) == {
        *("name", "tier", "calendar", "shares", "targets.0.priority", "targets.1.metric", "targets.2.amount"),
        *("targets.3.basis", "targets.4.amount", "targets.4.business_days", "targets.6.metric", "targets.7"),
    }
    assert told["shares"] == "Write the alert shares once each, rising."
    assert told["targets.0.priority"] == "There is no “P7” here: write one of P0, P1, P2, P3."
    assert "write it as 15 min, 4 h, 1 h 30 min or 2 business days" in told["targets.4.amount"]
    assert told["targets.2.amount"] == "It is missing: write an amount of time, such as 4 h."


@pytest.mark.parametrize(
    ("more", "path", "words"),
    [
        ({"shares": [50, "fast"]}, "shares", "“fast” is no whole number: write at which percentages"),
        ({"shares": "half"}, "shares", "such as 50, 75, 90 (in YAML a list, [50, 75, 90])."),
        ({"name": ""}, "name", "It is missing: write a name, such as Standard support."),
        (
            {"targets": [{"priority": "P0", "metric": "resolution", "amount": "0 h"}]},
            "targets.0.amount",
            "promise nothing by leaving it out (an empty box)",
        ),
    ],
)
def test_a_fault_of_a_policy_says_how_to_mend_it(more, path, words):
    told = problems(read_policy, GOLD | more)
    assert set(told) == {path} and words in told[path]


def test_a_fault_among_many_days_quotes_its_day():
    told = problems(read_calendar, OFFICE | {"closed_days": [{"date": "24", "name": "December"}]})
    assert told["closed_days.0.date"].startswith("“24 December” does not begin with a date")


@pytest.mark.parametrize("data", [None, [], "gold", 7, {"targets": 7}, {1: 2}, {"key": ["gold"]}, {"targets": [None]}])
def test_nonsense_is_refused_and_never_breaks(data):
    assert problems(read_policy, data)
    assert problems(read_calendar, data)


def test_what_the_example_policy_says_is_a_sound_document(system):  # noqa: F811
    for policy in Policy.objects.all():
        document = versions.policy_document(policy)
        assert read_policy(write_policy(document)) == document
        spec = policy.calendar.spec()
        for row in policy.targets.all():
            target = document.target(row.metric, row.priority, spec)
            assert target.amount == (row.amount or spec.day_length * int(row.business_days))
            assert target.basis == row.basis
    calendar = versions.calendar_document(Calendar.objects.get())
    assert read_calendar(write_calendar(calendar)) == calendar
    assert calendar.spec().weekly == Calendar.objects.get().spec().weekly
