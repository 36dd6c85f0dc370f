"""Any order of deeds by anybody: content is seen under a grant in force alone, and nobody approves their own."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cases.models import Case
from companyos.web.errors import DomainError
from escalations import grants
from tenants import isolation
from tenants.models import Grant
from tests.cast import NOON, Cast
from tests.grants.hands import WHY, reads, restricted, run_out

PEOPLE = ("agent", "lead", "manager", "auditor", "eu_agent")
DECIDES = {"lead", "manager"}
ALLOWED = {
    ("requested", "granted"), ("requested", "denied"), ("requested", "withdrawn"), ("granted", "revoked"),
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """`which` chooses among the grants there are, `to` the person that a gift is for, `wide` the reach."""

    person: str
    deed: str
    which: int
    to: str
    wide: bool


DEEDS = ["request", "approve", "approve", "deny", "withdraw", "revoke", "give", "break_glass", "review", "run out"]
steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(PEOPLE),
        st.sampled_from(DEEDS),
        st.integers(0, 9),
        st.sampled_from(PEOPLE),
        st.booleans(),
    ),
    min_size=3,
    max_size=10,
)


def do(cast: Cast, case: Case, step: Step, made: list[Grant]) -> None:
    actor = cast.actor(getattr(cast, step.person))
    about = {"actor": actor, "now": NOON}
    fresh = {**about, "reach": "tenant" if step.wide else "case", "reason": WHY, "minutes": 30}
    subject = grants.about_case(case)
    with isolation.scope(actor):
        if step.deed == "request":
            made.append(grants.request(subject, **fresh))
        elif step.deed == "break_glass":
            made.append(grants.break_glass(subject, **fresh))
        elif step.deed == "give":
            made.append(grants.give(subject, to=getattr(cast, step.to), **fresh))
        elif made:
            one = made[step.which % len(made)]
            more = {"deny": {"words": "No"}, "review": {"words": "Yes", "justified": True}}.get(step.deed, {})
            getattr(grants, step.deed)(one, **about, **more)


def opened(cast: Cast, person: str, case: Case, ended: set[int]) -> bool:
    """What the rows say, read without the machinery under test: granted, and not run out."""
    user = getattr(cast, person)
    rows = Grant.objects.filter(user=user, state="granted").exclude(pk__in=ended)
    return any(row.reach == "tenant" or row.subject_id == case.pk for row in rows)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_content_is_seen_under_a_grant_in_force_alone(cast: Cast, story: list[Step]) -> None:
    before = transaction.savepoint()
    try:
        play(cast, story)
    finally:
        transaction.savepoint_rollback(before)


def play(cast: Cast, story: list[Step]) -> None:
    case, other = restricted(cast), cast.open_case(cast.cleo)
    made: list[Grant] = []
    ended: set[int] = set()
    for step in story:
        states = dict(Grant.objects.values_list("pk", "state"))
        if step.deed == "run out":
            running = Grant.objects.in_force().first()
            if running:
                run_out(running)
                ended.add(running.pk)
        else:
            try:
                do(cast, case, step, made)
            except DomainError:
                assert dict(Grant.objects.values_list("pk", "state")) == states, "a refusal leaves no trace"
        for row in Grant.objects.select_related("user", "decided_by", "reviewed_by"):
            was = states.get(row.pk)
            assert was in (None, row.state) or (was, row.state) in ALLOWED
            assert row.user not in (row.decided_by, row.reviewed_by)
            if was == "requested" and row.state == "granted":
                assert step.person in DECIDES
        for person in PEOPLE:
            for one in (case, other):
                assert reads(cast, getattr(cast, person), one) == opened(cast, person, one, ended), (person, step)
