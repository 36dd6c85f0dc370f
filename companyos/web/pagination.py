"""Keyset pages: a page begins after a row, not after a count, so it costs the same at any depth and skips nothing."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db.models import F, Model, Q, QuerySet

from companyos.web.errors import DomainError

Row = TypeVar("Row", bound=Model)
MAX_SIZE = 200
LONGEST_CURSOR = 200
LARGEST = 1e300
Value = datetime | float


@dataclass(frozen=True)
class Sort:
    """An order by a column of instants or of numbers, then by id in the same direction; rows without one come last."""

    name: str
    field: str
    descending: bool = False
    numeric: bool = False

    def told(self, value: Value | None) -> str | float | None:
        """The column's value as a cursor carries it."""
        return value.isoformat() if isinstance(value, datetime) else value

    def heard(self, told: object) -> Value | None:
        """The value that a cursor carries. Raises ValueError for what `told` does not write."""
        if told is None:
            return None
        if self.numeric:
            if isinstance(told, bool) or not isinstance(told, int | float) or not abs(told) <= LARGEST:
                raise ValueError("not a number")
            return float(told)
        if not isinstance(told, str):
            raise ValueError("not an instant")
        at = datetime.fromisoformat(told)
        if at.tzinfo is None:
            raise ValueError("an instant without its zone")
        return at

    def order(self) -> tuple[Any, Any]:
        column, tie = F(self.field), F("pk")
        if self.descending:
            return column.desc(nulls_last=True), tie.desc()
        return column.asc(nulls_last=True), tie.asc()

    def backwards(self) -> tuple[Any, Any]:
        column, tie = F(self.field), F("pk")
        if self.descending:
            return column.asc(nulls_first=True), tie.asc()
        return column.desc(nulls_first=True), tie.desc()

    def beyond(self, value: Value | None, pk: int) -> Q:
        """The rows that come after (value, pk)."""
        step = "lt" if self.descending else "gt"
        nowhere = Q(**{f"{self.field}__isnull": True})
        if value is None:
            return nowhere & Q(**{f"pk__{step}": pk})
        same = Q(**{self.field: value, f"pk__{step}": pk})
        return Q(**{f"{self.field}__{step}": value}) | same | nowhere

    def short_of(self, value: Value | None, pk: int) -> Q:
        """The rows that come before (value, pk)."""
        step = "gt" if self.descending else "lt"
        nowhere = Q(**{f"{self.field}__isnull": True})
        if value is None:
            return ~nowhere | Q(**{f"pk__{step}": pk})
        return Q(**{f"{self.field}__{step}": value}) | Q(**{self.field: value, f"pk__{step}": pk})


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page. `next_cursor` is None on the last, `previous_cursor` on the first.

    `has_previous` says that the page isn't the first, also when it is an empty one past the end.
    """

    items: list[Row]
    next_cursor: str | None
    has_previous: bool
    previous_cursor: str | None = None


def page(
    rows: QuerySet[Row], sort: Sort, *, after: str | None = None, before: str | None = None, size: int = 50
) -> Page[Row]:
    """The `size` rows after the cursor, or those just before it; `before` wins when both are given.

    Raises DomainError("bad_cursor") for a cursor that this order did not make.
    """
    size = min(size, MAX_SIZE)
    if before:
        return _page_before(rows, sort, before, size)
    if after:
        rows = rows.filter(sort.beyond(*_read(after, sort, "after")))
    found = _first(rows, sort.order(), size + 1)
    items = found[:size]
    return Page(
        items=items,
        next_cursor=cursor_of(items[-1], sort) if len(found) > size else None,
        has_previous=bool(after),
        previous_cursor=cursor_of(items[0], sort) if after and items else None,
    )


def _page_before(rows: QuerySet[Row], sort: Sort, before: str, size: int) -> Page[Row]:
    found = _first(rows.filter(sort.short_of(*_read(before, sort, "before"))), sort.backwards(), size + 1)
    items, more = found[:size][::-1], len(found) > size
    return Page(
        items=items,
        next_cursor=cursor_of(items[-1], sort) if items else None,
        has_previous=more,
        previous_cursor=cursor_of(items[0], sort) if more else None,
    )


def _first(rows: QuerySet[Row], order: tuple[Any, Any], count: int) -> list[Row]:
    """The first rows, chosen by themselves and then joined: PostgreSQL guesses few to survive the joins under row-level
    security, and would join and sort them all instead of walking the order's index."""
    chosen = rows.select_related(None).order_by(*order).values("pk")[:count]
    joined = rows.filter(pk__in=chosen) if rows.query.select_related else rows
    return list(joined.order_by(*order)[:count])


def cursor_of(row: Model, sort: Sort) -> str:
    parts = [sort.name, sort.told(getattr(row, sort.field)), row.pk]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _read(cursor: str, sort: Sort, field: str) -> tuple[Value | None, int]:
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError("longer than any cursor of ours")
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        name, value, pk = json.loads(text)
        if name != sort.name or not isinstance(pk, int) or not 0 <= pk < 2**63:
            raise ValueError("of another order")
        return sort.heard(value), pk
    except (ValueError, TypeError, binascii.Error) as error:
        message = "This page mark is damaged or belongs to another order; start at the first page."
        raise DomainError("bad_cursor", message, field=field) from error
