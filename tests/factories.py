"""Rows for tests, made with factory-boy. Cases come from `open_case`, the one way in, never from a factory."""

from __future__ import annotations

import factory
from django.contrib.auth.models import Group
from django.utils import timezone

from tenants import keys
from tenants.access import SYSTEM
from tenants.models import Membership, Requester, Resource, Tenant, User


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@support.example")
    username = factory.SelfAttribute("email")
    first_name = "Person"
    last_name = factory.Sequence(str)

    @factory.post_generation
    def role(self, create: bool, extracted: str | None, **kwargs: object) -> None:
        if extracted:
            self.groups.add(Group.objects.get(name=extracted))

    @factory.post_generation
    def regions(self, create: bool, extracted: list[str] | None, **kwargs: object) -> None:
        Membership.objects.create(user=self, regions=extracted or [])


def key_for(user: User, *scopes: str) -> str:
    """A new API key, made as the verb makes it; without scopes it may all that the role may."""
    name = f"key {user.api_keys.count()}"
    return keys.make(user, name=name, scopes=scopes or None, days=90, actor=SYSTEM, now=timezone.now()).key


class TenantFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Tenant

    name = factory.Sequence(lambda n: f"Tenant {n}")
    slug = factory.Sequence(lambda n: f"tenant-{n}")
    prefix = factory.Sequence(lambda n: f"T{n}X")
    support_tier = "standard"
    segment = "mid-market"
    region = "eu"


class RequesterFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Requester

    tenant = factory.SubFactory(TenantFactory)
    external_id = factory.Sequence(lambda n: f"u-{n}")
    name = factory.Sequence(lambda n: f"Requester {n}")
    email = factory.LazyAttribute(lambda o: f"{o.external_id}@customer.example")


class ResourceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Resource

    tenant = factory.SubFactory(TenantFactory)
    key = "ingest"
    name = "Event ingest"
    health = "red"
    version = "2026.3.4"
    config = factory.LazyFunction(lambda: {"quota_eps": 5000})
    signals = factory.LazyFunction(
        lambda: {"slis": [{"name": "Accepted events", "value": 84.7, "objective": 99.5, "status": "red"}]}
    )
