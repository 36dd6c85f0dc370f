"""Nobody learns of a tenant out of their reach: not its rows, its counts, its errors, nor that it exists.

Every address is asked twice, with that tenant in the database and without it. The two answers are the same, byte for
byte; so what is absent and what is hidden cannot be told apart.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.db import transaction
from django.test import Client, override_settings
from drf_spectacular.generators import SchemaGenerator

from cases import downloads
from companyos.widget_host import widget_token
from tenants import actors, isolation
from tenants.access import PERMISSIONS, SYSTEM
from tenants.models import Requester
from tenants.portal import gate, visits
from tests.cast import NOON
from tests.isolation import addresses
from tests.isolation.addresses import Answer, Ask
from tests.isolation.world import MARK, NUMBER, World, build, numbers_from

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("everything")]  # one walk for all of them

ORIGIN = "https://app.acorn.example"
# The last two are of a third tenant, which is there all the time.
MARKS = (MARK, str(NUMBER)[:7], "birch", "cleo")


# Whose doors are whose, as expressions that routes match.
CUSTOMERS = r"api/v1/widget/"
API = r"api/v1/(?!widget/)"
CONSOLE = r"(?!api/|portal/)"
PORTAL = r"portal/"
SUPPORT = rf"{API}|{CONSOLE}"
ANY = r""


@dataclass
class Eyes:
    """Somebody who looks, and what they ask."""

    asks: Callable[[dict[str, str], dict[str, str]], list[Ask]]
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))
    headers: dict[str, str] = field(default_factory=dict)
    twice: bool = True  # asks without the stranger too; once for each door is enough to tell the answers apart


@dataclass
class Seen:
    ask: Ask
    there: Answer  # with the stranger in the database
    absent: Answer | None  # without


def session(person: object) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def token(person: Requester) -> dict[str, str]:
    told = {"id": person.external_id, "name": person.name, "email": person.email, "role": person.role}
    signed = widget_token(person.tenant.widget_secret, person.tenant.slug, told, ORIGIN, timedelta(minutes=50))
    return {"Authorization": f"Bearer {signed}", "Origin": ORIGIN}


def visiting(person: Requester) -> Client:
    """In the portal, come by the link of the widget."""
    client = Client(raise_request_exception=False)
    key, _ = visits.new_link(actors.of_requester(person))
    client.cookies[gate.COOKIE] = visits.open_link(key)[1]
    return client


def signed(uuid: str, person: Any) -> str:
    """The part of a file's address that says which and for whom; what it names is looked up again."""
    told = {"kind": "attachment", "uuid": uuid, "user": person.pk, "requester": None, "origin": ""}
    return signing.dumps(told, salt=downloads.SALT, compress=True)


def everybody(world: World) -> dict[str, Eyes]:
    cast = world.cast
    cast.acme.widget_origins = [ORIGIN]
    cast.acme.save()

    def pages(door: str, *, deeds: bool = False, but: frozenset[str] = frozenset()) -> Callable[..., list[Ask]]:
        return lambda own, stranger: addresses.asks(own, stranger, door, deeds=deeds, but=but)

    def screens(*, forms: bool) -> Callable[..., list[Ask]]:
        return lambda own, stranger: addresses.admin_asks(own, stranger, forms=forms)

    key = {"Authorization": f"Bearer {world.service_key}"}
    return {
        "lead": Eyes(pages(SUPPORT, deeds=True), session(world.lead)),
        # What the auditor opens and the lead does not.
        "auditor": Eyes(pages(CONSOLE, but=PERMISSIONS["lead"]), session(world.auditor), twice=False),
        "operator's screens": Eyes(screens(forms=True), session(world.operator)),
        "auditor's screens": Eyes(screens(forms=False), session(world.auditor), twice=False),
        "service key": Eyes(pages(API), headers=key, twice=False),
        "requester": Eyes(pages(CUSTOMERS), headers=token(cast.ada), twice=False),
        "requester-admin": Eyes(pages(CUSTOMERS, deeds=True), headers=token(cast.ann)),
        "portal visitor": Eyes(pages(PORTAL, deeds=True), visiting(cast.ann)),
        "everywhere": Eyes(lambda own, there: [Ask("GET", f"/cases/{there['reference']}/")], session(cast.agent)),
        "anonymous": Eyes(pages(ANY), twice=False),
    }


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: pytest.FixtureRequest, tmp_path_factory) -> Iterator[World]:
    kept = {"location": tmp_path_factory.mktemp("files")}
    place = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": kept}
    with (
        django_db_blocker.unblock(),
        override_settings(STORAGES={**settings.STORAGES, "default": place}),
        transaction.atomic(),
    ):
        with isolation.scope(SYSTEM), time_machine.travel(NOON + timedelta(minutes=30)):
            made = build()
        with time_machine.travel(NOON + timedelta(hours=1), tick=False):
            yield made
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def seen(world: World) -> dict[str, list[Seen]]:
    """Who → everything they asked and the two answers."""
    with isolation.scope(SYSTEM):
        eyes = everybody(world)
    asked: dict[str, list[Ask]] = {}
    there: dict[str, list[Answer]] = {}
    own = world.own | {"signed": signed(world.own["attachment"], world.lead)}
    with world.stranger() as words:
        words = own | words | {"signed": signed(words["attachment"], world.lead)}
        for who, looking in eyes.items():
            asked[who] = looking.asks(own, words)
            there[who] = look(looking, asked[who])
    nothing = {who: [None] * len(asked[who]) for who in eyes}
    absent = nothing | {who: look(looking, asked[who], again=True) for who, looking in eyes.items() if looking.twice}
    return {who: [Seen(*one) for one in zip(asked[who], there[who], absent[who], strict=True)] for who in eyes}


def look(eyes: Eyes, asks: list[Ask], *, again: bool = False) -> list[Any]:
    """An answer for each, or None for what is not worth asking again."""
    cache.clear()
    answers = []
    logging.disable(logging.CRITICAL)
    with numbers_from(None):
        for ask in asks:
            if again and ask.once:
                answers.append(None)
                continue
            with transaction.atomic():
                answers.append(addresses.answer(eyes.client, ask, eyes.headers))
                transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
    return answers


WHO = [
    "portal visitor",
    "lead", "auditor", "operator's screens", "auditor's screens", "service key", "requester", "requester-admin",
    "anonymous",
]  # fmt: skip


def test_both_tenants_have_one_of_everything(world: World, seen: dict[str, list[Seen]]) -> None:
    assert not world.lacking, "say in world.OWN_WORDS what these tables want:\n" + "\n".join(world.lacking)


def test_every_address_is_walked() -> None:
    unknown = [route for route, _ in addresses.routes() if not addresses.fillable(route)]
    assert not unknown, "say in addresses.FILLS what fills these:\n" + "\n".join(unknown)


def test_every_operation_of_the_api_is_walked(seen: dict[str, list[Seen]]) -> None:
    asks = [one.ask for who in seen for one in seen[who]]
    asked = {(ask.method, addresses.PARAMETER.sub(r"{\1}", f"/{ask.route}")) for ask in asks}
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    told = {(method.upper(), path) for path, does in paths.items() for method in does if method != "parameters"}
    missing = told - asked
    assert not missing, "no route of the URLconf answers these:\n" + "\n".join(map(str, sorted(missing)))
    assert len(told) > 60


@pytest.mark.parametrize("who", ["lead", "operator's screens", "requester-admin", "portal visitor"])
def test_the_answer_is_the_same_with_the_other_tenant_and_without(seen: dict[str, list[Seen]], who: str) -> None:
    asked = [one for one in seen[who] if one.absent is not None]
    assert asked
    wrong = [f"{one.ask}: {differs(one.there, one.absent)}" for one in asked if one.there != one.absent]
    assert not wrong, "\n".join(wrong)


def differs(there: Answer, absent: Answer) -> str:
    """Where they part."""
    if there.status != absent.status:
        return f"{there.status} where it is {absent.status} without"
    if there.headers != absent.headers:
        return f"headers {set(there.headers) ^ set(absent.headers)}"
    at = next((n for n, (a, b) in enumerate(zip(there.body, absent.body, strict=False)) if a != b), 0)
    return f"…{there.body[max(at - 60, 0) : at + 60]!r} | {absent.body[max(at - 60, 0) : at + 60]!r}"


@pytest.mark.parametrize("who", WHO)
def test_what_is_the_other_tenants_is_absent(seen: dict[str, list[Seen]], who: str) -> None:
    own = {(one.ask.method, one.ask.route): one.there.status for one in seen[who] if one.ask.of == "own"}
    wrong = []
    for one in seen[who]:
        # A refusal of the role tells nothing: one's own things, or what never was, are refused alike.
        refused = own.get((one.ask.method, one.ask.route)), one.absent and one.absent.status
        right = not {401, 403} & {*refused} and who != "anonymous"
        if one.ask.of == "stranger" and one.there.status not in ({404, 405} if right else {302, 401, 403, 404, 405}):
            wrong.append(f"{one.ask}: {one.there.status}")
    if "screens" in who:  # the library sends to the list, saying there is no such row, or first asks for the right
        wrong = [words for words in wrong if not words.endswith((": 302", ": 403"))]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", WHO)
def test_nothing_of_the_other_tenant_is_named(seen: dict[str, list[Seen]], who: str) -> None:
    wrong = []
    for one in seen[who]:
        if one.ask.method == "GET" and not one.ask.query and one.ask.of != "stranger":
            wrong += [f"{one.ask} names {word}" for word in one.there.names(*MARKS)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("who", WHO)
def test_no_answer_is_an_internal_error(seen: dict[str, list[Seen]], who: str) -> None:
    wrong = [f"{one.ask}: {one.there.status}" for one in seen[who] if one.there.status >= 500]
    assert not wrong, "\n".join(wrong)


def test_who_reaches_the_other_tenant_does_see_it(seen: dict[str, list[Seen]]) -> None:
    """Else the marks would prove nothing."""
    (one,) = seen["everywhere"]
    assert one.there.status == 200 and one.there.names(MARK, str(NUMBER)[:7]) == [MARK, str(NUMBER)[:7]]
    assert one.absent is not None and one.absent.status == 404


def test_ones_own_pages_do_open(seen: dict[str, list[Seen]]) -> None:
    """Else the walk would prove nothing."""
    for who, at_least in (("lead", 60), ("operator's screens", 60), ("service key", 15), ("requester-admin", 2)):
        opened = [one for one in seen[who] if one.there.status == 200]
        assert len(opened) >= at_least, f"{who}: {len(opened)}"
