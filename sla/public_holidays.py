"""Public holidays of a country as plain dates, from the maintained `holidays` package.

They are expanded once, when a calendar version is made, and kept with it: a later release of the package may know a
holiday better, but it must not move a due instant that was promised already. A new calendar version takes it up.
"""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import holidays

from sla.calendars import CalendarError


def expand(country: str, subdivision: str, years: Iterable[int]) -> dict[date, str]:
    """Holidays by date, with their names. Raises CalendarError for an unknown country or subdivision."""
    try:
        found = holidays.country_holidays(country, subdiv=subdivision or None, years=list(years))
    except NotImplementedError as error:
        place = f"{country}-{subdivision}" if subdivision else country
        raise CalendarError(f"No holidays are known for “{place}”: use ISO 3166 codes, such as DE and BY.") from error
    return dict(sorted(found.items()))


@lru_cache(maxsize=512)
def check_place(country: str, subdivision: str) -> None:
    """Raises CalendarError for an unknown country or subdivision."""
    expand(country, subdivision, [2026])
