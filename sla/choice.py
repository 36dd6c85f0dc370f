"""Which policy holds for a tenant, and what makes a policy sound. Pure."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

METRICS = ("accept", "first_response", "resolution", "next_update")
# A clock of these is followed by another of the same cycle each time it is met: the promise is made anew.
REPEATED = frozenset({"next_update"})
PRIORITIES = ("P0", "P1", "P2", "P3")
DEFAULT_SHARES = (50, 75, 90)


class Scoped(Protocol):
    """A policy version: for one tenant, one segment, one support tier, or (none of them) for all."""

    @property
    def key(self) -> str: ...
    @property
    def tenant_id(self) -> int | None: ...
    @property
    def segment(self) -> str: ...
    @property
    def tier(self) -> str: ...


P = TypeVar("P", bound=Scoped)


def most_specific(policies: Iterable[P], *, tenant_id: int, segment: str, tier: str) -> tuple[P | None, str]:
    """The policy that wins and why: a tenant's own, then its segment's, then its support tier's, then the default.

    Two of the same rank: the first in the order given.
    """
    ranked = list(policies)
    ranks = (
        (lambda p: p.tenant_id == tenant_id, "the tenant has a policy of its own"),
        (lambda p: p.tenant_id is None and p.segment != "" and p.segment == segment, f"segment {segment}"),
        (lambda p: p.tenant_id is None and p.tier != "" and p.tier == tier, f"support tier {tier}"),
        (lambda p: p.tenant_id is None and p.segment == "" and p.tier == "", "default policy"),
    )
    for applies, why in ranks:
        for policy in ranked:
            if applies(policy):
                return policy, why
    return None, "no policy applies"


def check_shares(shares: Iterable[int]) -> None:
    """Raises ValueError unless the shares are rising whole percentages between 1 and 99."""
    given = list(shares)
    if any(not 1 <= share <= 99 for share in given):
        raise ValueError("Alert shares are percentages from 1 to 99; the breach itself always raises one.")
    if given != sorted(set(given)):
        raise ValueError("Write the alert shares once each, rising.")
