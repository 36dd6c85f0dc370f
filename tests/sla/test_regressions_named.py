"""Each failure of another system that we know of, and the tests that keep it out: all of them are there and name it."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.architecture.source import ROOT

ON_CASES = "tests/cases/test_failures_elsewhere.py"
LEDGER, CLOCKS, TIME = "tests/sla/test_ledger.py", "tests/sla/test_clocks.py", "tests/sla/test_business_time.py"

# The thread → (what a test must say of it, where the tests stand).
NAMED: dict[str, tuple[str, list[str]]] = {
    "zammad 5177: an update clock hid the first-response clock": (
        "5177",
        [
            f"{CLOCKS}::test_next_due_is_only_a_view_and_hides_no_clock",
            f"{ON_CASES}::test_zammad_5177_the_update_clock_hides_no_other",
        ],
    ),
    "zammad 3551: reply and pending in one submit lost the fulfilment": (
        "3551",
        [f"{CLOCKS}::test_answer_and_pause_in_one_submit_lose_neither"],
    ),
    "zammad 5925: a note turned public never counted": (
        "5925",
        ["tests/cases/test_next_update.py::test_a_published_note_is_an_update_from_that_instant_on"],
    ),
    "zammad 1322: the customer's note by web did not resume": (
        "1322",
        [f"{ON_CASES}::test_zammad_1322_any_sign_of_the_customer_resumes"],
    ),
    "zammad 3140: escalated while the customer's turn": (
        "3140",
        [
            f"{LEDGER}::test_a_paused_clock_stands_still_and_has_no_due_instant",
            f"{ON_CASES}::test_zammad_3140_nothing_escalates_while_it_is_the_customers_turn",
        ],
    ),
    "zammad 4432: alerts in the night": (
        "4432",
        [
            "tests/sla/test_sweep.py::test_no_warning_for_a_clock_that_no_longer_runs",
            f"{ON_CASES}::test_zammad_4432_2157_a_closed_case_alerts_nobody",
        ],
    ),
    "zammad 2157: alerts for closed tickets": (
        "2157",
        [
            f"{LEDGER}::test_no_alert_for_a_clock_that_no_longer_runs",
            f"{ON_CASES}::test_zammad_4432_2157_a_closed_case_alerts_nobody",
        ],
    ),
    "zammad 534: a calendar's change was not propagated": (
        "534",
        [
            "tests/service_levels/test_drafts.py"
            "::test_zammad_534_a_calendars_change_reaches_every_policy_that_counts_in_it"
        ],
    ),
    "zammad 188: a reopened ticket escalated at once": (
        "188",
        [
            f"{CLOCKS}::test_reopening_is_a_new_cycle_with_full_targets_and_the_old_one_intact",
            f"{ON_CASES}::test_zammad_188_904_reopened_or_merged_nothing_escalates_at_once",
        ],
    ),
    "zammad 904: a merged ticket escalated at once": (
        "904",
        [
            f"{CLOCKS}::test_the_merged_loser_is_cancelled_and_never_escalates",
            f"{ON_CASES}::test_zammad_188_904_reopened_or_merged_nothing_escalates_at_once",
        ],
    ),
    "zammad 390: nobody could explain a due time": (
        "390",
        [f"{ON_CASES}::test_zammad_390_anybody_can_have_a_due_time_explained"],
    ),
    "frappe/helpdesk 3776: pause and resolve lost the hold; deadlines in the viewer's zone": (
        "3776",
        [
            f"{LEDGER}::test_a_pause_and_an_end_in_one_instant_lose_nothing",
            f"{ON_CASES}::test_frappe_helpdesk_3776_wait_then_resolve_keeps_the_hold_and_a_due_time_has_no_viewer",
        ],
    ),
    "frappe/helpdesk 2449: hold added as wall time": (
        "2449",
        [f"{LEDGER}::test_business_time_consumed_is_open_time_minus_pauses"],
    ),
    "frappe/helpdesk 2212: lunch breaks impossible": ("2212", [f"{TIME}::test_a_lunch_break_stops_the_clock"]),
    "frappe/helpdesk 1528: lunch breaks impossible": ("1528", [f"{TIME}::test_a_lunch_break_stops_the_clock"]),
    "frappe/helpdesk 1643: no resolution SLA, yet shown failed": (
        "1643",
        [
            f"{CLOCKS}::test_no_target_is_no_clock",
            f"{ON_CASES}::test_frappe_helpdesk_1643_no_promise_is_no_failure",
        ],
    ),
    "glpi 6902: a change of priority forgot earlier pauses": (
        "6902",
        [
            f"{LEDGER}::test_a_retarget_keeps_start_and_pauses",
            f"{ON_CASES}::test_glpi_6902_15605_a_change_of_priority_keeps_earlier_pauses",
        ],
    ),
    "glpi 15605: a change of priority forgot earlier pauses": (
        "15605",
        [
            f"{LEDGER}::test_a_retarget_keeps_start_and_pauses",
            f"{ON_CASES}::test_glpi_6902_15605_a_change_of_priority_keeps_earlier_pauses",
        ],
    ),
    "chatwoot 10178: the next-reply clock ran on after resolve": (
        "10178",
        [f"{ON_CASES}::test_chatwoot_10178_nothing_is_owed_after_the_resolution_though_the_customer_spoke_last"],
    ),
    "chatwoot 15024: the miss duration kept growing": (
        "15024",
        [
            f"{LEDGER}::test_breached_then_met_keeps_both_instants_and_lateness_stops",
            f"{ON_CASES}::test_chatwoot_15024_a_miss_stops_growing_when_it_is_met",
        ],
    ),
    "chatwoot 13392: business hours ignored in one of two code paths": (
        "13392",
        [f"{ON_CASES}::test_chatwoot_13392_one_function_answers_due_everywhere"],
    ),
    "OTRS pull request 787: an hour off around daylight saving": (
        "787",
        [
            f"{TIME}::test_nine_to_five_is_nine_to_five_on_the_wall_when_the_clocks_change",
            "tests/sla/test_zones.py::test_business_time_equals_the_slow_reference_over_ten_years_of_changes",
        ],
    ),
    "dbt_zendesk 154: an hour off around daylight saving": (
        "154",
        ["tests/sla/test_zones.py::test_business_time_equals_the_slow_reference_over_ten_years_of_changes"],
    ),
    "znuny 514: a clock not started for one creation path": (
        "514",
        [
            f"{ON_CASES}::test_znuny_514_every_way_to_a_case_starts_its_clocks",
            f"{ON_CASES}::test_znuny_514_only_intake_makes_a_set_of_clocks",
        ],
    ),
    "Jira Service Management's repair re-judges history by today's goals": (
        "Jira Service Management",
        [f"{ON_CASES}::test_jira_repair_a_new_version_judges_no_ended_clock_again"],
    ),
    "Zendesk applies a policy only at the next ticket event": (
        "Zendesk applies",
        [f"{ON_CASES}::test_zendesk_a_new_version_reaches_a_case_that_nobody_touches"],
    ),
    "Chatwoot's SLA is over after the first resolve": (
        "Chatwoot",
        [f"{ON_CASES}::test_chatwoot_the_promise_outlives_the_first_resolution"],
    ),
}


@cache
def functions_of(path: str) -> dict[str, str]:
    """The tests of a module by name, each with its docstring."""
    found = [node for node in ast.parse((ROOT / path).read_text()).body if isinstance(node, ast.FunctionDef)]
    return {node.name: ast.get_docstring(node) or "" for node in found}


@pytest.mark.parametrize("failure", NAMED)
def test_each_failure_has_tests_that_name_it(failure: str) -> None:
    words, nodes = NAMED[failure]
    for node in nodes:
        path, _, name = node.partition("::")
        assert name in functions_of(path), node
        assert words in name + functions_of(path)[name], f"{node} does not name {words}"


def test_the_table_is_whole() -> None:
    assert len(NAMED) == 27
