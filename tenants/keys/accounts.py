"""Service accounts: programs that work under a name of their own. They have keys and no other way in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from companyos.web.errors import Conflict, DomainError, NotFound
from tenants import reach as reaches
from tenants.access import SERVICE, Actor
from tenants.models import Membership, User
from tenants.reach import Reach

# No mail ever reaches a service account; the address is its unique name only (RFC 2606).
_ADDRESS = "{}@service.invalid"
LONGEST_NAME = 60


def all_of_them(actor: Actor) -> QuerySet[User]:
    actor.require("key.manage")
    return User.objects.filter(is_service=True).order_by("-is_active", "first_name", "pk")


def with_reach(actor: Actor) -> list[tuple[User, str]]:
    """Each service account with its reach in words, in three queries however many there are."""
    found = all_of_them(actor).select_related("membership").prefetch_related("membership__tenants")
    return [(account, reaches.words_of(getattr(account, "membership", None))) for account in found]


def get(pk: int, actor: Actor) -> User:
    """A service account; a person is as absent as none."""
    found = all_of_them(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound("not_found", "There is no such service account.")
    return found


def make(*, name: str, purpose: str, reach: Reach, actor: Actor) -> User:
    """A service account of that name. Not idempotent: the same name again is refused."""
    actor.require("key.manage")
    name, address = _checked(name)
    with _naming(name), transaction.atomic():
        made = User(first_name=name, email=address, username=address, purpose=purpose.strip(), is_service=True)
        made.set_unusable_password()
        made.save()
        made.groups.add(Group.objects.get(name=SERVICE))
        reaches.write(made, reach, actor)
    return made


def change(account: User, *, name: str, purpose: str, reach: Reach, active: bool, actor: Actor) -> User:
    """Name, purpose, reach, and whether it works at all: an inactive account's keys open nothing."""
    actor.require("key.manage")
    with transaction.atomic():
        account = User.objects.select_for_update().get(pk=account.pk, is_service=True)
        if Membership.objects.filter(user=account).exists():
            reaches.check_within(reaches.of(account.pk), actor)  # what it does elsewhere is others' to end
        name, address = _checked(name, account.pk)
        account.first_name, account.email, account.username = name, address, address
        account.purpose, account.is_active = purpose.strip(), active
        with _naming(name), transaction.atomic():
            account.save(update_fields=["first_name", "email", "username", "purpose", "is_active"])
        reaches.write(account, reach, actor)
    return account


def _checked(name: str, own: int = 0) -> tuple[str, str]:
    """The name without stray spaces, and the address made of it, which nobody else has."""
    name = " ".join(name.split())
    slug = slugify(name)
    if not slug or len(name) > LONGEST_NAME:
        text = f"Give it a name of letters or digits, at most {LONGEST_NAME} characters, such as Status page."
        raise DomainError("invalid_name", text, "name")
    address = _ADDRESS.format(slug)
    if User.objects.filter(email__iexact=address).exclude(pk=own).exists():
        raise _taken(name)
    return name, address


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Of two that take a name at once, the second is refused in words."""
    try:
        yield
    except IntegrityError as error:
        raise _taken(name) from error


def _taken(name: str) -> Conflict:
    return Conflict("name_taken", f"There is a service account named {name} already; choose another name.", "name")
