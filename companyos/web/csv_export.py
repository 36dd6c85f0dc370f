"""CSV for spreadsheets: the one writer of every export. What people wrote stays text, and is never run as a formula."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from io import StringIO
from itertools import chain
from numbers import Number
from tempfile import SpooledTemporaryFile
from typing import Any

from defusedcsv import csv as defused
from django.http import FileResponse
from django.utils.text import get_valid_filename

# What makes a spreadsheet read a cell as a formula, also in full width; a tab or a line break may hide one behind it.
FORMULA_STARTS = ("=", "+", "-", "@", "|", "%", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BLANKS = " \xa0\u3000\u200b\ufeff"
IN_MEMORY = 1_000_000  # bytes; beyond it the export waits on disk


def cell(value: Any) -> str | Number:
    """Real numbers stay numbers, also negative ones; all else becomes text that begins with no formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Number):
        return value
    text = (value.isoformat() if isinstance(value, date) else str(value)).replace("\x00", "")
    # Some programs drop blanks before the text. The quote sign is what spreadsheets take for "this is text".
    return f"'{text}" if text.lstrip(BLANKS).startswith(FORMULA_STARTS) else text


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The file, one row at a time. Every cell is quoted, so that a semicolon never parts one in two."""
    buffer = StringIO()
    writer = defused.writer(buffer, quoting=csv.QUOTE_ALL)
    for row in chain([header], rows):
        writer.writerow([cell(value) for value in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> FileResponse:
    """A download. The rows are read here and now, because the request's scope is over when the answer is sent.

    `rows` may be an iterator (`queryset.iterator()`): it is never held in memory as a whole.
    """
    file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed with the response
    for line in lines(header, rows):
        file.write(line.encode())
    file.seek(0)
    response = FileResponse(
        file, as_attachment=True, filename=get_valid_filename(name), content_type="text/csv; charset=utf-8"
    )
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
