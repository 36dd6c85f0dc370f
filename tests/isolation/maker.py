"""A row of any model for a tenant, by introspection: what a new table holds is walked without a word about it here."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.files.base import ContentFile
from django.db import IntegrityError, models, transaction

from tenants.models import Tenant
from tests.cast import NOON


class Unmakeable(Exception):
    """The rules of the table refuse what introspection comes up with: say in world.OWN_WORDS what they want."""


def isolated(model: type[models.Model]) -> bool:
    """Whether its rows belong to a tenant."""
    return any(field.column == "tenant_id" for field in model._meta.concrete_fields) and not model._meta.proxy


def rows_of(model: type[models.Model], tenant: Tenant) -> models.QuerySet[Any]:
    return model._base_manager.filter(tenant_id=tenant.pk)


def make(model: type[models.Model], tenant: Tenant, word: str, own: dict[str, dict[str, Any]]) -> models.Model:
    """A row of `model`, every text of it with `word` in it; `own`: label → values that introspection can't guess."""
    given = own.get(model._meta.label, {})
    values = {}
    for field in model._meta.concrete_fields:
        if field.name in given:
            values[field.name] = given[field.name]
        elif not (field.auto_created or field.generated):
            values |= _value(field, tenant, word, own)
    try:
        with transaction.atomic():
            return model._base_manager.create(**values)
    except (IntegrityError, ValueError) as error:
        raise Unmakeable(f"{model._meta.label}: {error}".split("\n")[0]) from error


def _value(field: Any, tenant: Tenant, word: str, own: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if field.is_relation:
        return _related(field, tenant, word, own)
    if isinstance(field, models.FileField):
        return {field.name: ContentFile(word.encode(), name=f"{word}.txt")}
    if isinstance(field, models.CharField | models.TextField) and not isinstance(field, ArrayField):
        if field.choices or field.has_default():
            return {} if field.has_default() else {field.name: field.choices[0][0]}
        return {
            field.name: f"{word}@{word}.example" if isinstance(field, models.EmailField) else word[: field.max_length]
        }
    if field.has_default() or field.null:
        return {}
    return {field.name: _plain(field)}


def _plain(field: Any) -> Any:
    kinds: dict[type, Any] = {
        models.DateTimeField: NOON,
        models.DateField: NOON.date(),
        models.BooleanField: False,
        models.DurationField: timedelta(hours=1),
        models.JSONField: {},
        models.BinaryField: b"",
    }
    return next((value for kind, value in kinds.items() if isinstance(field, kind)), 40)


def _related(field: Any, tenant: Tenant, word: str, own: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if field.name == "tenant":
        return {"tenant": tenant}
    if field.null and not isolated(field.related_model):
        return {}
    target = field.related_model
    if not isolated(target):
        return {field.name: target._base_manager.first() or make(target, tenant, word, own)}
    found = rows_of(target, tenant)
    if field.one_to_one:
        found = found.exclude(pk__in=field.model._base_manager.values(field.attname))
    chosen = found.first()
    return {} if chosen is None and field.null else {field.name: chosen or make(target, tenant, word, own)}
