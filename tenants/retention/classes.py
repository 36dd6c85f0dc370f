"""The classes of data that retention knows. Each app brings its own; the assembly (companyos.retention) names them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from companyos.web.errors import DomainError

LONGEST_DAYS = 36_500


@dataclass(frozen=True)
class Found:
    """What would go of the tenants asked for; `held` would, were it not for a legal hold."""

    by_tenant: dict[int, int] = field(default_factory=dict)
    held: int = 0
    size: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.by_tenant.values())


class DataClass(Protocol):
    """`unit` is what is counted ("cases"); `least_days` the shortest period that a policy may set."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def words(self) -> str: ...
    @property
    def least_days(self) -> int: ...
    @property
    def usual_days(self) -> int: ...

    def find(self, tenant_ids: Collection[int], before: datetime) -> Found:
        """What is older than `before`, without touching it."""
        ...

    def take(self, tenant_id: int, days: int, at: datetime) -> int:
        """Take away one bounded batch of what was older than `days` at the instant `at`; 0 when nothing is left."""
        ...


def assembled(name: str) -> Any:
    """What the assembly says under this name."""
    return import_string(f"{settings.DATA_RULES}.{name}")


@cache
def classes() -> dict[str, DataClass]:
    found = [import_string(path) for path in assembled("CLASSES")]
    return {one.key: one for one in found}


def functions(name: str) -> list[Callable[..., Any]]:
    return [import_string(path) for path in assembled(name)]


def function(name: str) -> Callable[..., Any]:
    return import_string(assembled(name))  # type: ignore[no-any-return]


def named(key: str) -> DataClass:
    try:
        return classes()[key]
    except KeyError:
        known = ", ".join(classes())
        raise DomainError(
            "unknown_class", f"There is no data class {key[:40]}; take one of {known}.", "data_class"
        ) from None


def check_days(one: DataClass, days: int) -> None:
    """Refuse a period that is too short for the class, or longer than a century."""
    if days < one.least_days:
        raise DomainError("too_short", f"{one.title} are kept for at least {one.least_days} days.", "days")
    if days > LONGEST_DAYS:
        raise DomainError(
            "too_long", f"At most {LONGEST_DAYS:,} days; leave the class without a policy to keep all.", "days"
        )


def before(days: int, at: datetime) -> datetime:
    return at - timedelta(days=days)
