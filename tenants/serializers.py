"""Tenants and people as the support side's API shows them. Fields are named one by one: no secret has a way out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants.endpoint import PageFields
from tenants.models.tenant import HEALTH, TIERS


class Person(serializers.Serializer[Any]):
    """Somebody of the support side."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="__str__")
    email = serializers.EmailField()


class RequesterRow(serializers.Serializer[Any]):
    external_id = serializers.CharField(help_text="The customer's own id for the person.")
    name = serializers.CharField()
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=["member", "admin"])


class RequesterPage(PageFields):
    results = RequesterRow(many=True)


class TenantName(serializers.Serializer[Any]):
    slug = serializers.CharField()
    name = serializers.CharField()


class TenantRow(TenantName):
    prefix = serializers.CharField(help_text="Begins the references of its cases.")
    plan = serializers.CharField()
    support_tier = serializers.ChoiceField(choices=TIERS)
    segment = serializers.CharField()
    region = serializers.CharField()
    billing_status = serializers.ChoiceField(choices=["active", "past_due", "suspended"])
    time_zone = serializers.CharField()


class TenantPage(PageFields):
    results = TenantRow(many=True)


class TenantResource(serializers.Serializer[Any]):
    key = serializers.CharField(source="resource.key")
    name = serializers.CharField(source="resource.name")
    kind = serializers.CharField(source="resource.kind")
    region = serializers.CharField(source="resource.region")
    version = serializers.CharField(source="resource.version")
    health = serializers.ChoiceField(source="resource.health", choices=HEALTH)
    config = serializers.JSONField(source="resource.config")
    signals = serializers.JSONField(source="resource.signals", help_text="As telemetry sent them.")
    observed_at = serializers.DateTimeField(source="resource.observed_at", allow_null=True)
    stale = serializers.BooleanField(help_text="Telemetry has been silent for too long to rely on this.")


class TenantEntitlement(serializers.Serializer[Any]):
    feature = serializers.CharField(source="entitlement.feature")
    limit = serializers.IntegerField(source="entitlement.limit", allow_null=True, help_text="null is without limit.")
    used = serializers.IntegerField(source="entitlement.used")
    unit = serializers.CharField(source="entitlement.unit")


class TenantMaster(TenantRow):
    data_residency = serializers.CharField()
    annual_revenue = serializers.DecimalField(max_digits=12, decimal_places=2, help_text="US dollars a year.")
    auto_close_days = serializers.IntegerField()
    escalation_lead = Person(allow_null=True)


class TenantState(serializers.Serializer[Any]):
    health = serializers.ChoiceField(choices=HEALTH, help_text="That of the worst resource.")
    resources = TenantResource(many=True)
    entitlements = TenantEntitlement(many=True)


class TenantWhole(TenantMaster, TenantState):
    """Master data and present state."""


class KeyInUse(serializers.Serializer[Any]):
    """The API key that the request bore."""

    name = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField(), help_text="Empty: all that the role may.")
    expires_at = serializers.DateTimeField()


class Me(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.EmailField()
    time_zone = serializers.CharField()
    role = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())
    tenants = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="The slugs of the tenants within reach; null is all."
    )
    regions = serializers.ListField(child=serializers.CharField(), help_text="The reach's regions; empty is any.")
    segments = serializers.ListField(child=serializers.CharField(), help_text="The reach's segments; empty is any.")
    key = KeyInUse(allow_null=True, help_text="Null for a session.")
