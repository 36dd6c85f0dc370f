"""What an export carries is text and numbers in every spreadsheet, never a formula."""

import csv
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companyos.web.csv_export import cell, csv_response, lines

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
mean = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", " ", "\t", "\xa0", "\ufeff"]), st.sampled_from([*STARTS, "|", "%", "a", '"']), st.text()
    ),
)
rows = st.lists(st.lists(st.text() | mean, min_size=1, max_size=4), max_size=5)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text, newline="")))


@given(rows)
def test_no_cell_begins_a_formula_after_it_is_read_back(table):
    back = read("".join(lines(["name"], table)))
    assert len(back) == len(table) + 1
    for given_row, row in zip(table, back[1:], strict=True):
        assert len(row) == len(given_row)
        assert not any(value.lstrip(" \xa0\ufeff").startswith(STARTS) for value in row)


@given(st.text(alphabet=st.characters(exclude_characters="\x00=+-@|%\t\r\n＝＋－＠", exclude_categories=["Cs"])))
def test_harmless_text_comes_back_as_it_was(text):
    assert read("".join(lines(["a"], [[text]])))[1] == [text]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("  =1+1", "'  =1+1"),
        ("＝1+1", "'＝1+1"),
        ("-5", "'-5"),
        (-5, "-5"),
        (Decimal("-2.5"), "-2.5"),
        (None, ""),
        (True, "yes"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        ("a;=1", "a;=1"),
    ],
)
def test_each_kind_of_value_has_one_form(value, written):
    assert str(cell(value)) == written


def test_every_cell_is_quoted_so_that_no_separator_parts_it():
    assert "".join(lines(["a"], [["x;=1+1"]])).splitlines()[1] == '"x;=1+1"'


def test_the_download_is_read_at_once_and_never_cached():
    def rows():
        taken.append(1)
        yield ["Ä", 1]

    taken: list[int] = []
    response = csv_response("access of ../ACME-1.csv", ["name", "n"], rows())
    assert taken
    assert response["Content-Disposition"] == 'attachment; filename="access_of_..ACME-1.csv"'
    assert response["Cache-Control"] == "no-store"
    assert b"".join(response).decode() == '"name","n"\r\n"Ä","1"\r\n'
