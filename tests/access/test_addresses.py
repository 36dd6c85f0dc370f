"""Every address × method × role, found by introspection, against the table: refused exactly who lacks the right."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from companyos.routes import Route, routes
from tenants import isolation
from tenants.access import ALWAYS_IN_SCOPE, PERMISSIONS, SYSTEM
from tenants.models import User
from tenants.portal import visits
from tests.access.world import Hand, World, build, undone, with_key, with_session
from tests.api.conftest import with_token
from tests.factories import UserFactory, key_for

# One walk for all of them: it asks for every address as everybody.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("addresses")]

ROUTES = routes()
PEOPLE = ("agent", "lead", "manager", "auditor", "operator")
SCOPES = ("case.read", "case.note")
# The right that a deed takes besides, of whoever is not the one that it is about.
BESIDES = {
    "access/<int:grant_id>/revocations/": "grant.approve",
    "api/v1/grants/<int:grant_id>/revocations/": "grant.approve",
}
NUL = "\x00"
Asked = list[tuple[Route, str]]
Refusals = set[tuple[str, str]]


def behind(*doors: str) -> Asked:
    """Each address behind these doors with each method that it answers."""
    return [(route, method) for route in ROUTES if route.door in doors for method in route.rights]


def lacking(asked: Asked, may: frozenset[str]) -> Refusals:
    return {(method, route.path) for route, method in asked if route.rights[method] not in may}


@dataclass
class Walked:
    """What came of it all: who was refused what for the lack of its right, and what was wrong anywhere."""

    refused: dict[str, Refusals] = field(default_factory=dict)
    wrong: dict[str, list[object]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def walked(django_db_setup: None, django_db_blocker: pytest.FixtureRequest, tmp_path_factory) -> Walked:
    """One world for all; each request is undone, and in the end the world as well."""
    kept = {"location": tmp_path_factory.mktemp("files")}
    place = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": kept}
    storages = {**settings.STORAGES, "default": place}
    with django_db_blocker.unblock(), override_settings(STORAGES=storages), transaction.atomic():
        world, found = build(), Walked()
        found.wrong["requests"] = []
        _walk_people(world, found)
        _walk_keys(world, found)
        _walk_customers(world, found)
        found.wrong["doors"] = outsiders(world)
        found.wrong["pages"] = pages_not_opened(world)
        found.wrong["null pages"] = pages_broken_by_null(world)
        found.wrong["null deeds"] = deeds_broken_by_null(world)
        transaction.set_rollback(True)
    return found


# ── Who is refused what ──────────────────────────────────────────────────────
def refusals(world: World, hand: Hand, asked: Asked, wrong: list[object], *, hollow: bool = False) -> Refusals:
    """The addresses and methods that this hand is refused for the lack of exactly the right that they declare.

    `hollow` asks for what is not there, which is quicker: the right is asked before anything is looked for.
    """
    cache.clear()
    found = set()
    for route, method in asked:
        with undone():
            body = world.body_for(route) if method != "GET" else None
            answer = hand.ask(method, world.path(route, hollow=hollow), body)
        words = "" if answer.streaming or answer.status_code != 403 else answer.content.decode()
        right = route.rights[method]
        if f"it takes {right}." in words or f"lacks the scope {right};" in words:
            found.add((method, route.path))
        elif ("it takes" in words or "lacks the scope" in words) and BESIDES.get(route.path, "none") not in words:
            wrong.append((method, route.path, "asks for another right than it declares"))
        elif answer.status_code >= 500:
            wrong.append((method, route.path, answer.status_code))
    return found


def _walk_people(world: World, found: Walked) -> None:
    asked = behind("console", "api")
    for role in PEOPLE:
        hand = with_session(getattr(world.cast, role))
        hollow = role not in ("agent", "operator")  # who between them may nearly all that the others may
        found.refused[role] = refusals(world, hand, asked, found.wrong["requests"], hollow=hollow)


def _walk_keys(world: World, found: Walked) -> None:
    with undone():
        with isolation.scope(SYSTEM):
            robot = User.objects.get(is_service=True)
            service = with_key(key_for(robot, *(PERMISSIONS["service"] - ALWAYS_IN_SCOPE)))
            narrow = with_key(key_for(world.cast.lead, *SCOPES))
        for who, hand in (("service", service), ("narrow key", narrow)):
            found.refused[who] = refusals(world, hand, behind("api"), found.wrong["requests"], hollow=True)


def _walk_customers(world: World, found: Walked) -> None:
    """By the widget's token at the widget, by a visit at the portal, where what one may not see is absent."""
    for who, person in (("requester", world.cast.ada), ("requester-admin", world.cast.ann)):
        with undone():
            with isolation.scope(SYSTEM):
                widget, link = with_token(person), visits.new_link(world.cast.actor(person))[0]
            by_token, visitor = Hand(headers=widget.headers), Hand()
            found.refused[who] = refusals(world, by_token, behind("widget"), found.wrong["requests"])
            visitor.client.get(reverse("portal_enter", args=[link]))
            for route, method in behind("portal"):
                with undone():
                    answer = visitor.ask(method, world.path(route))
                if not answer.streaming and b"There is no such page" in answer.content:
                    found.refused[who].add((method, route.path))


@pytest.mark.parametrize("role", PEOPLE)
def test_people_are_refused_exactly_what_the_table_does_not_give_them(walked: Walked, role: str) -> None:
    asked = behind("console", "api")
    assert len(asked) > 100
    assert walked.refused[role] == lacking(asked, PERMISSIONS[role])


def test_a_service_account_is_refused_exactly_what_is_above_its_ceiling(walked: Walked) -> None:
    assert walked.refused["service"] == lacking(behind("api"), PERMISSIONS["service"])


def test_a_key_is_refused_exactly_what_its_scopes_leave_out(walked: Walked) -> None:
    assert walked.refused["narrow key"] == lacking(behind("api"), ALWAYS_IN_SCOPE | set(SCOPES))


@pytest.mark.parametrize("role", ["requester", "requester-admin"])
def test_customers_may_at_the_widget_and_the_portal_what_the_table_gives_them(walked: Walked, role: str) -> None:
    assert walked.refused[role] == lacking(behind("widget", "portal"), PERMISSIONS[role])


def test_no_address_fails_or_asks_for_another_right_than_it_declares(walked: Walked) -> None:
    assert walked.wrong["requests"] == []


# ── Doors ────────────────────────────────────────────────────────────────────
DOORS: dict[str, dict[str, set[int]]] = {
    "console": {"stranger": {302}, "customer": {302}, "without a role": {403}},
    "api": {"stranger": {401}, "customer": {401}, "without a role": {401, 403}},
    "widget": {"stranger": {401}, "staff": {401}, "without a role": {401}},
    "portal": {"stranger": {403}, "staff": {403}, "without a role": {403}},
}


def outsiders(world: World) -> list[object]:
    """Answers to those whose door it is not that are none of the expected ones."""
    cache.clear()
    with isolation.scope(SYSTEM):
        customer = Hand(headers=with_token(world.cast.ann).headers)
    bare = with_session(UserFactory(email="bare@support.example"))
    hands = {
        "stranger": Hand(),
        "staff": with_session(world.cast.lead),
        "customer": customer,
        "without a role": bare,
    }
    wrong: list[object] = []
    for door, expected in DOORS.items():
        for route, method in behind(door)[::4]:  # the doors are the same few functions everywhere
            for who, statuses in expected.items():
                with undone():
                    answer = hands[who].ask(method, world.path(route, hollow=True))
                to_sign_in = answer.get("Location", "/accounts/").startswith("/accounts/")
                if answer.status_code not in statuses or not to_sign_in:
                    wrong.append((who, method, route.path, answer.status_code))
    return wrong


def test_nobody_comes_in_by_the_door_of_others(walked: Walked) -> None:
    assert walked.wrong["doors"] == []


def pages_not_opened(world: World) -> list[object]:
    """Pages that lead to nothing although the lead may open them: then the walk above was among nothing, too."""
    cache.clear()
    hand, wrong = with_session(world.cast.lead), []
    for route, method in behind("console", "api"):
        if method != "GET" or route.rights[method] not in PERMISSIONS["lead"] or "<int:key_id>" in route.path:
            continue  # the only key belongs to somebody else
        with undone():
            answer = hand.ask(method, world.path(route))
        if answer.status_code not in (200, 302, 303):
            wrong.append((route.path, answer.status_code))
    return wrong


def test_a_lead_opens_every_page_of_what_is_there(walked: Walked) -> None:
    """A new kind of thing in an address gets its word in tests/access/world.py."""
    assert walked.wrong["pages"] == []


# ── Null bytes, wherever a word goes in ──────────────────────────────────────
ASKED = ("q", "tenant", "owner", "status", "priority", "view", "sort", "after", "show", "tab", "mode", "requester")


def pages_broken_by_null(world: World) -> list[object]:
    """A page refuses them at its door, whatever they are called; an endpoint at the parameter that it knows."""
    hand, failed = with_session(world.cast.manager), []
    for route, method in behind("console", "api"):
        cache.clear()
        if method != "GET" or route.rights[method] not in PERMISSIONS["manager"]:
            continue
        one_by_one = route.door == "api" and "<" not in route.path
        queries = [{name: f"a{NUL}b"} for name in ASKED] if one_by_one else [dict.fromkeys(ASKED, f"a{NUL}b")]
        for query in queries:
            with undone():
                answer = hand.ask("GET", world.path(route), query)
            if answer.status_code >= 500 or (route.door == "console" and answer.status_code != 422):
                failed.append((route.path, query, answer.status_code))
    return failed


def deeds_broken_by_null(world: World) -> list[object]:
    """A page refuses them at its door as well; an endpoint's serializer checks all of its fields."""
    hand, failed = with_session(world.cast.manager), []
    cache.clear()
    for route, method in behind("console", "api"):
        if method == "GET" or route.rights[method] not in PERMISSIONS["manager"]:
            continue
        good = world.body_for(route)
        texts = [name for name, value in good.items() if isinstance(value, str)]
        with undone():
            answer = hand.ask(method, world.path(route), {**good, **dict.fromkeys(texts, f"a{NUL}b")})
        if answer.status_code >= 500 or (route.door == "console" and answer.status_code != 422):
            failed.append((route.path, answer.status_code))
    return failed


def test_null_bytes_break_no_page(walked: Walked) -> None:
    assert walked.wrong["null pages"] == []


def test_null_bytes_break_no_deed(walked: Walked) -> None:
    assert walked.wrong["null deeds"] == []
