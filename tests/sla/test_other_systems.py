"""Worked examples out of other systems' documentation, each with its page, counted by our functions.

The facts are the pages'; where a page's rule is another than ours, or its arithmetic does not hold, the test says so
and holds ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sla.calendars import CalendarSpec, business_due, business_time
from sla.ledger import Entry, Target, advance, fold, owed

HOUR = timedelta(hours=1)


def week(opens: int, closes: int, days: range = range(5)) -> tuple[tuple[int, int, int], ...]:
    return tuple((day, opens * 60, closes * 60) for day in days)


NINE_TO_FIVE = week(9, 17)


@dataclass(frozen=True)
class Example:
    """One example: opened, promised, due, all on the wall of the calendar's zone."""

    page: str
    address: str
    opened: str
    hours: float
    due: str
    weekly: tuple[tuple[int, int, int], ...] = NINE_TO_FIVE
    zone: str = "UTC"
    holidays: tuple[str, ...] = ()

    @property
    def spec(self) -> CalendarSpec:
        closed = frozenset(date.fromisoformat(day) for day in self.holidays)
        return CalendarSpec(self.page, 1, self.zone, self.weekly, holidays=closed)

    def on_the_wall(self, words: str) -> datetime:
        return datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(self.zone))


# 20 November 2026 is a Friday.
EXAMPLES = [
    Example(
        "Airclou Helpdesk: Business Hours",
        "https://airclou.com/docs/helpdesk/admin/business-hours",
        "2026-11-20T16:00",
        4,
        "2026-11-23T12:00",
    ),
    Example(
        "Ticket0: Business-hours SLA, opened exactly at closing",
        "https://docs.ticket0.ai/docs/sla/business-hours",
        "2026-11-20T17:00",
        4,
        "2026-11-23T13:00",
        zone="Europe/Copenhagen",
    ),
    Example(
        "Ticket0: Business-hours SLA, opened on a Saturday",
        "https://docs.ticket0.ai/docs/sla/business-hours",
        "2026-11-21T03:15",
        4,
        "2026-11-23T13:00",
        zone="Europe/Copenhagen",
    ),
    Example(
        "Eccentex: Business Hours",
        "https://docs.eccentex.com/doc1/Business-Hours.2059763917.html",
        "2026-11-24T11:00",
        8,
        "2026-11-25T11:00",
    ),
    Example(
        "Switch CRM guide: Business Hours, Example Calculation",
        "https://crm.switchlabs.dev/guide/slas/business-hours",
        "2026-11-19T15:00",
        4,
        "2026-11-20T11:00",
    ),
    Example(
        "Matrix42 Service Desk: Example 5, Service level units in hours and days",
        "https://help.matrix42.com/020_ESM/10_Service_Management/004Service_Desk_Guide/Starting_with_Service_Desk/"
        "Example_5%3A_Service_level_units_in_hours_and_days",
        "2009-04-30T12:00",
        24,
        "2009-05-06T09:00",
        week(8, 17),
        "Europe/Berlin",
        ("2009-05-01",),
    ),
    Example(
        "GLPI pull request 22678: SLA escalation date incorrect with calendar, case 1",
        "https://github.com/glpi-project/glpi/pull/22678",
        "2026-11-23T10:00",
        4,
        "2026-11-23T14:00",
        week(8, 18),
    ),
    Example(
        "GLPI pull request 22678: SLA escalation date incorrect with calendar, case 2",
        "https://github.com/glpi-project/glpi/pull/22678",
        "2026-11-23T17:00",
        4,
        "2026-11-24T11:00",
        week(8, 18),
    ),
    Example(
        "Zammad issue 390: Wrong calculation: Time to escalation, as the maintainer counted it",
        "https://github.com/zammad/zammad/issues/390",
        "2016-11-09T23:00",
        48,
        "2016-11-14T21:00",
        week(9, 21, range(7)),
        "Europe/Berlin",
        ("2016-11-13",),
    ),
    Example(
        "Salesforce milestones guide: first response in 4 business hours over a holiday",
        "https://calculator7.snowdaycalculatornow.com/business-hours-milstones-calculation-salesforce/",
        "2026-11-19T15:00",
        4,
        "2026-11-23T11:00",
        holidays=("2026-11-20",),
    ),
    Example(
        "Freshdesk: Upcoming changes to day-based SLAs in business hours, a day as 24 business hours, 09:00 to 21:00",
        "https://support.scaly.se/sv-SE/support/solutions/articles/202000116945",
        "2026-11-23T09:00",
        24,
        "2026-11-24T21:00",
        week(9, 21, range(7)),
    ),
    Example(
        "Freshdesk: Upcoming changes to day-based SLAs in business hours, a day as 24 business hours, 09:00 to 13:00",
        "https://support.scaly.se/sv-SE/support/solutions/articles/202000116945",
        "2026-11-23T09:00",
        24,
        "2026-11-28T13:00",
        week(9, 13, range(7)),
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.page)
def test_the_documented_due_time_is_ours(example: Example) -> None:
    opened, due = example.on_the_wall(example.opened), example.on_the_wall(example.due)
    amount = example.hours * HOUR
    assert business_due(example.spec, opened, amount) == due
    assert business_time(example.spec, opened, due) == amount


def at(words: str) -> datetime:
    return datetime.fromisoformat(words).replace(tzinfo=UTC)


def test_servicenow_a_day_of_24_hours_takes_three_working_days() -> None:
    """ServiceNow, “SLA duration and schedules” (c_SLATimingsAndSchedules): a duration of one day on a 9-to-5 schedule
    is 24 h spread over three working days. Ours: “1 business day” is the calendar's day length, 8 h; 24 h are three."""
    office = CalendarSpec("Office", 1, "UTC", NINE_TO_FIVE)
    assert business_due(office, at("2026-11-23T09:00"), 24 * HOUR) == at("2026-11-25T17:00")
    assert business_due(office, at("2026-11-23T09:00"), office.day_length) == at("2026-11-23T17:00")


def test_freshdesk_one_day_was_the_days_open_hours() -> None:
    """Freshdesk, “Upcoming changes to day-based SLAs in business hours”: before the change one business day was all
    open hours of a day (12 h from 09:00 to 21:00), after it 24 open hours. Ours says it per calendar, and never
    changes a version: a day length of 12 h is the first, 24 h the second."""
    monday = at("2026-11-23T09:00")
    for length, due in ((12 * HOUR, "2026-11-23T21:00"), (24 * HOUR, "2026-11-24T21:00")):
        spec = CalendarSpec("Twelve hours", 1, "UTC", week(9, 21, range(7)), day_length=length)
        assert business_due(spec, monday, spec.day_length) == at(due)


def test_matrix42_a_day_is_the_same_hour_of_the_next_working_day() -> None:
    """Matrix42, “Example 5”: one day from Thursday 12:00 over the holiday of 1 May is Monday 12:00. With a day length
    of the nine open hours ours says the same; with the default of eight it is an hour earlier."""
    closed, berlin = frozenset({date(2009, 5, 1)}), ZoneInfo("Europe/Berlin")
    thursday = datetime(2009, 4, 30, 12, tzinfo=berlin)
    for length, hour in ((9 * HOUR, 12), (8 * HOUR, 11)):
        spec = CalendarSpec("Matrix42", 1, "Europe/Berlin", week(8, 17), holidays=closed, day_length=length)
        assert business_due(spec, thursday, spec.day_length) == datetime(2009, 5, 4, hour, tzinfo=berlin)


def test_nine_minds_example_does_not_add_up_and_ours_does() -> None:
    """Nine Minds, “11.3. Setting Up Business Hours”: Friday 16:00, four hours, 08:00 to 17:00 is said to be Tuesday
    11:00, being one hour on Friday and three on Monday. One and three hours end on Monday at 11:00: ours."""
    spec = CalendarSpec("Nine Minds", 1, "UTC", week(8, 17))
    assert business_due(spec, at("2026-11-20T16:00"), 4 * HOUR) == at("2026-11-23T11:00")


def test_zendesk_calendar_and_business_hours_of_one_ticket() -> None:
    """“How to configure Zendesk SLA calendar and business hours” (eesel.ai): Friday 17:00 and eight calendar hours are
    Saturday 01:00. For business hours its table says Monday 09:00 and yet counts eight hours on Monday; those end at
    17:00: ours."""
    friday = at("2026-11-20T17:00")
    office = CalendarSpec("Office", 1, "UTC", NINE_TO_FIVE)
    assert Target(8 * HOUR).due(friday, 8 * HOUR) == at("2026-11-21T01:00")
    assert Target(8 * HOUR, "business", office).due(friday, 8 * HOUR) == at("2026-11-23T17:00")


def test_glpi_an_hour_before_the_due_instant_is_an_hour_of_the_calendar() -> None:
    """GLPI pull request 22678: an escalation one hour before the deadline of Tuesday 11:00 came on Tuesday at 00:00
    instead of 10:00. Ours: three quarters of the four hours are used up at 10:00."""
    target = Target(4 * HOUR, "business", CalendarSpec("GLPI", 1, "UTC", week(8, 18)), (75,))
    entries = [Entry("started", at("2026-11-23T17:00"), target)]
    assert owed(entries, frozenset(), at("2026-11-30T00:00")).shares == ((75, at("2026-11-24T10:00")),)


def test_pending_over_closing_time_moves_the_due_time_by_open_hours_only() -> None:
    """A customisation of osTicket as tendered (freelancer.com, “SLA Ticket”): 8 h in a 09:00 to 18:00 week from Monday
    16:00 are Tuesday 15:00; pending from 17:00 for two open hours, to Tuesday 10:00, makes it Tuesday 17:00."""
    target = Target(8 * HOUR, "business", CalendarSpec("Osticket", 1, "UTC", week(9, 18)))
    entries = [Entry("started", at("2026-11-23T16:00"), target)]
    assert fold(entries).due_at == at("2026-11-24T15:00")
    entries += advance(entries, Entry("paused", at("2026-11-23T17:00")))
    entries += advance(entries, Entry("resumed", at("2026-11-24T10:00")))
    assert fold(entries).due_at == at("2026-11-24T17:00")


def test_jira_sample_calendar_has_forty_hours() -> None:
    """Jira Service Management Data Center, “Create and edit SLA calendars”: the sample calendar counts 09:00 to 17:00,
    Monday to Friday, the default one 24×7."""
    monday = at("2026-11-23T00:00")
    assert (
        business_time(CalendarSpec("Sample 9-5", 1, "UTC", NINE_TO_FIVE), monday, monday + 7 * 24 * HOUR) == 40 * HOUR
    )
    always = tuple((day, 0, 1440) for day in range(7))
    assert business_time(CalendarSpec("24/7", 1, "UTC", always), monday, monday + 7 * 24 * HOUR) == 168 * HOUR


def test_teamlead_breaks_are_gaps_between_intervals() -> None:
    """HelpDesk for Jira (Teamlead), “Calendars (SLA 3.0)”: Monday 07:00 to 21:00 with breaks at 11:00 and at 16:00, an
    hour each, and intervals that overlap are refused. Ours: three intervals, twelve hours."""
    broken = ((0, 420, 660), (0, 720, 960), (0, 1020, 1260))
    spec = CalendarSpec("Breaks", 1, "UTC", broken)
    assert business_time(spec, at("2026-11-23T00:00"), at("2026-11-24T00:00")) == 12 * HOUR
    assert business_due(spec, at("2026-11-23T10:30"), HOUR) == at("2026-11-23T12:30")
    with pytest.raises(ValueError, match="overlap"):
        CalendarSpec("Overlap", 1, "UTC", (*broken, (0, 600, 700)))
