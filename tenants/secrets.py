"""Secrets at rest: where they are, and their passage to the first of the keys.

Each is encrypted by Fernet with a key made of SECRET_KEY and one of FIELD_KEYS. A new key in front encrypts what is
written from then on; `rotate` brings along what was written before, so that the old key can be dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.db import models
from django.db.models import F, TextField, Value
from django.db.models.functions import Cast
from encrypted_fields.fields import EncryptedFieldMixin, EncryptedTextField

from tenants import isolation
from tenants.access import SYSTEM

# JSON columns that hold encrypted texts: model, column, the names within it.
WITHIN_JSON = (("mfa.Authenticator", "data", ("secret", "seed")),)
BATCH = 200
# An encrypted text with the newest key: None when it is so already; raises InvalidToken when no key opens it.
Renewal = Callable[[str], str | None]


@dataclass(frozen=True)
class Place:
    """A column that holds secrets; `names` are those within a JSON column."""

    model: type[models.Model]
    column: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.column}"


@dataclass
class Count:
    """What a rotation found in one place."""

    seen: int = 0
    renewed: int = 0
    unreadable: int = 0


def places() -> Iterator[Place]:
    """Every encrypted column of every model, and the JSON columns above."""
    for model in apps.get_models():
        for field in model._meta.local_fields:
            if isinstance(field, EncryptedFieldMixin):
                yield Place(model, field.attname)
    for label, column, names in WITHIN_JSON:
        yield Place(apps.get_model(label), column, names)


def renewal() -> Renewal:
    """By the keys of the settings as they are now. Deriving them is slow: make one for a run."""
    keys = [Fernet(key) for key in EncryptedTextField().keys]
    newest, all_keys = keys[0], MultiFernet(keys)

    def renewed(text: str) -> str | None:
        try:
            newest.decrypt(text.encode())
        except InvalidToken:
            return all_keys.rotate(text.encode()).decode()
        return None

    return renewed


def rotate(place: Place, renewed: Renewal, count: Count, *, after: int = 0, write: bool = True) -> int | None:
    """One batch in a transaction of its own; the last key seen, or None at the end. Repeating it changes nothing."""
    with isolation.scope(SYSTEM):
        rows = place.model._base_manager.filter(pk__gt=after).order_by("pk").select_for_update()
        if place.names:
            found = [(row.pk, row) for row in rows[:BATCH]]
        else:
            raw = rows.annotate(encrypted_text=Cast(F(place.column), TextField()))
            found = list(raw.values_list("pk", "encrypted_text")[:BATCH])
        for pk, held in found:
            _renew(place, pk, held, renewed, count, write)
    return found[-1][0] if found else None


def _renew(place: Place, pk: int, held: object, renewed: Renewal, count: Count, write: bool) -> None:
    texts = {name: getattr(held, place.column).get(name) for name in place.names} if place.names else {"": held}
    fresh: dict[str, str] = {}
    for name, text in texts.items():
        if not text:
            continue
        count.seen += 1
        try:
            new = renewed(str(text))
        except InvalidToken:
            count.unreadable += 1
            continue
        if new is not None:
            count.renewed += 1
            fresh[name] = new
    if fresh and write:
        value = {**getattr(held, place.column), **fresh} if place.names else Value(fresh[""], output_field=TextField())
        place.model._base_manager.filter(pk=pk).update(**{place.column: value})
