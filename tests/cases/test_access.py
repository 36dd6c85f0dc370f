"""The checked way to a case, and verbs that hold even when handed somebody else's."""

from __future__ import annotations

import pytest

from cases import conversation, lifecycle
from cases.access import get_case
from companyos.web.errors import DomainError, Forbidden, NotFound
from tenants import isolation
from tenants.access import Actor
from tests.cases import way
from tests.cast import NOON, Cast


def test_a_foreign_case_is_as_absent_as_none(cast: Cast) -> None:
    reference = cast.open_case(cast.cleo).reference
    for person in (cast.eu_agent, cast.ada, cast.ann):
        actor = cast.actor(person)
        with isolation.scope(actor):
            messages = []
            for name in (reference, "BIRCH-9999"):
                with pytest.raises(NotFound) as refusal:
                    get_case(name, actor)
                messages.append(refusal.value.message.replace(name, "…"))
            assert len(set(messages)) == 1


def test_a_requester_finds_own_cases_and_their_administrator_the_tenants(cast: Cast) -> None:
    mine = cast.open_case(cast.ada)
    with isolation.scope(cast.actor(cast.ann)):
        assert get_case(mine.reference.lower(), cast.actor(cast.ann)).pk == mine.pk
    theirs = cast.open_case(cast.ann)
    with isolation.scope(cast.actor(cast.ada)), pytest.raises(NotFound):
        get_case(theirs.reference, cast.actor(cast.ada))


def test_a_role_that_may_not_read_finds_nothing(cast: Cast) -> None:
    nobody = Actor(kind="agent", name="X", role="stranger", tenant_ids=None)
    with pytest.raises(Forbidden):
        get_case(cast.open_case().reference, nobody)


def test_a_verb_handed_a_colleagues_or_a_foreign_case_does_nothing(cast: Cast) -> None:
    """Whatever slips past the door, the verb looks again with the actor's own eyes."""
    colleagues, foreign = cast.open_case(cast.ann), cast.open_case(cast.cleo)
    versions = (colleagues.version, foreign.version)
    ada = cast.actor(cast.ada)
    with isolation.scope(ada):
        for case in (colleagues, foreign):
            with pytest.raises(NotFound):
                conversation.reply(case, actor=ada, body="Mine now", now=NOON)
    europe = cast.actor(cast.eu_agent)
    with isolation.scope(europe), pytest.raises(NotFound):
        lifecycle.accept(foreign, actor=europe, priority="P0", owner=cast.agent, seen=None, now=NOON)
    for case in (colleagues, foreign):
        case.refresh_from_db()
    assert (colleagues.version, foreign.version) == versions
    assert foreign.status == "new"


def test_an_owner_must_reach_the_case(cast: Cast) -> None:
    foreign = cast.open_case(cast.cleo)
    for person in (cast.eu_agent, cast.auditor, cast.operator):
        with pytest.raises(DomainError) as refusal:
            lifecycle.accept(
                foreign, actor=cast.actor(cast.lead), priority="P1", owner=person, seen=None, now=NOON + way.MINUTE
            )
        assert refusal.value.field == "owner"
