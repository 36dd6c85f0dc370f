"""Writing many rows of one model in one statement and little of Python's time.

The rows travel as one JSON text that PostgreSQL takes apart by the columns' types: a bulk write of the ORM spends most
of its time on getting each value ready. No signals are sent and nothing is filled in but the key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models


def insert(rows: Sequence[models.Model]) -> None:
    """Insert unsaved rows of one model in their order, and give each the key that it got."""
    if not rows:
        return
    columns = [column for column in rows[0]._meta.concrete_fields if not column.primary_key]
    names = ", ".join(f'"{column.column}"' for column in columns)
    table = rows[0]._meta.db_table
    with connection.cursor() as cursor:
        # Names of tables and columns, no values, here and below.
        cursor.execute(
            f'INSERT INTO "{table}" ({names}) SELECT {names} FROM {_given(columns)} RETURNING id',  # noqa: S608
            [_as_json(rows, columns)],
        )
        # They draw their numbers in their order; in which order the numbers are returned, nobody says.
        for row, (key,) in zip(rows, sorted(cursor.fetchall()), strict=True):
            row.pk = key
            row._state.adding, row._state.db = False, connection.alias


def update(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write the named columns (as attributes: `policy_id`) of rows of one model."""
    if not rows or not names:
        return
    meta = rows[0]._meta
    columns = [column for column in meta.concrete_fields if column.attname in names]
    changes = ", ".join(f'"{column.column}" = new."{column.column}"' for column in columns)
    given = [*(column for column in meta.concrete_fields if column.primary_key), *columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f'UPDATE "{meta.db_table}" old SET {changes} FROM {_given(given)} WHERE old.id = new.id',  # noqa: S608
            [_as_json(rows, given)],
        )


def _given(columns: Sequence[models.Field[Any, Any]]) -> str:
    types = ", ".join(f'"{column.column}" {column.db_type(connection)}' for column in columns)
    return f"json_to_recordset(%s::json) AS new ({types})"


def _as_json(rows: Sequence[models.Model], columns: Sequence[models.Field[Any, Any]]) -> str:
    named = [(column.column, column.attname) for column in columns]
    return json.dumps([{name: row.__dict__[key] for name, key in named} for row in rows], default=_text)


def _text(value: object) -> str:
    """An instant or a span as PostgreSQL reads it, to the microsecond."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"{value.days} days {value.seconds}.{value.microseconds:06} seconds"
    raise TypeError(f"{type(value).__name__} is written in no row yet.")
