"""Macros: filled with the case's data, suggested by its signals."""

from __future__ import annotations

import pytest

from cases import intake, macros
from cases.models import Macro
from companyos.web.errors import NotFound
from tests.cast import NOON, Cast

BODY = "Dear {first_name} of {tenant}: {reference} ({error_ids}) on {resource}. {incident} — {agent} {unknown}"


def macro(key: str = "delay", **values: object) -> Macro:
    return Macro.objects.create(**{"key": key, "title": key, "topic": "ingestion", "body": BODY, **values})


def test_the_text_is_filled_and_what_is_missing_stays_in_sight(cast: Cast) -> None:
    macro()
    case = intake.enrich(cast.open_case(resource="ingest", error_ids=["INGEST-429", "E-2"]), NOON)
    _, text = macros.filled(case, "delay", cast.actor(cast.agent))
    assert text == (
        f"Dear Ada of Acme Analytics: {case.reference} (INGEST-429, E-2) on Event ingest."
        " {incident} — Amy Agent {unknown}"
    )


def test_a_customers_words_are_not_filled_again(cast: Cast) -> None:
    macro(body="{subject}")
    case = cast.open_case(subject="{agent} {reference} %s {0.__class__}")
    assert macros.filled(case, "delay", cast.actor(cast.agent))[1] == "{agent} {reference} %s {0.__class__}"


def test_an_unknown_or_retired_macro_is_not_found(cast: Cast) -> None:
    macro(active=False)
    for key in ("delay", "nothing"):
        with pytest.raises(NotFound):
            macros.filled(cast.open_case(), key, cast.actor(cast.agent))


def test_those_that_the_case_speaks_of_are_suggested_with_what_matched(cast: Cast) -> None:
    fits = macro("ingest", signals=["throttled", "INGEST-"])
    other = macro("billing", topic="billing", signals=["invoice"])
    case = cast.open_case(error_ids=["ingest-429"])
    found = macros.suggest(case, [fits, other], "Ingest is Throttled.")
    assert [one for one, _ in found] == [fits]
    assert "throttled" in found[0][1]
