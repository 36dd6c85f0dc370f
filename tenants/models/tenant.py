"""A tenant, what it may use, and what of its resources we know."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from encrypted_fields.fields import EncryptedTextField

from tenants.models.people import validate_time_zone

TIERS = [("standard", "Standard"), ("premium", "Premium"), ("enterprise", "Enterprise")]
HEALTH = [("ok", "Healthy"), ("degraded", "Degraded"), ("red", "Red"), ("unknown", "Unknown")]


RESTRICTIONS = [
    ("open", "Open: the support side reads it within its reach"),
    ("files", "Files need a grant: attachments and evidence"),
    ("content", "All content needs a grant: conversations, files, resources"),
]


def new_widget_secret() -> str:
    return secrets.token_urlsafe(48)


def but_drills(path: str = "tenant") -> Q:
    """What belongs to customers: the condition that keeps test cases out of lists and figures.

    `path` leads from the row to its tenant; "" for tenants themselves.
    """
    return Q(**{f"{path}__is_drill".removeprefix("__"): False})


class Tenant(models.Model):
    """A customer's workspace: the unit of isolation."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    prefix = models.CharField(
        max_length=8,
        unique=True,
        validators=[RegexValidator(r"^[A-Z][A-Z0-9]{1,7}$", "Two to eight capital letters or digits, a letter first.")],
        help_text="Begins each case reference: ACME gives ACME-1042.",
    )
    plan = models.CharField(max_length=40, default="standard")
    support_tier = models.CharField(max_length=12, choices=TIERS, default="standard")
    segment = models.CharField(max_length=40, default="smb")
    region = models.CharField(max_length=20, default="eu")
    data_residency = models.CharField(max_length=20, default="eu")
    restriction = models.CharField(
        max_length=7,
        default="open",
        choices=RESTRICTIONS,
        help_text="What of this tenant takes a temporary grant to see, whatever the role.",
    )
    billing_status = models.CharField(
        max_length=10,
        default="active",
        choices=[("active", "Active"), ("past_due", "Past due"), ("suspended", "Suspended")],
    )
    annual_revenue = models.DecimalField(max_digits=12, decimal_places=2, default=0, help_text="ARR in US dollars.")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    auto_close_days = models.PositiveSmallIntegerField(default=7, validators=[MinValueValidator(1)])
    escalation_lead = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    escalation_routing = models.JSONField(default=dict, blank=True)
    telemetry_url = models.URLField(blank=True, help_text="Where the tenant's resources and their health are read.")
    telemetry_token = EncryptedTextField(blank=True, null=True)
    widget_secret = EncryptedTextField(default=new_widget_secret)
    widget_origins = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    is_drill = models.BooleanField(
        default=False, editable=False, help_text="Nobody's: its cases test the escalation paths."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["is_drill"], condition=Q(is_drill=True), name="tenant_one_drill"),
            models.CheckConstraint(condition=Q(prefix__regex=r"^[A-Z][A-Z0-9]{1,7}$"), name="tenant_prefix_shape"),
            models.CheckConstraint(condition=Q(support_tier__in=[tier for tier, _ in TIERS]), name="tenant_tier_known"),
            models.CheckConstraint(
                condition=Q(restriction__in=[name for name, _ in RESTRICTIONS]), name="tenant_restriction_known"
            ),
            models.CheckConstraint(condition=Q(auto_close_days__gte=1), name="tenant_auto_close_positive"),
            models.CheckConstraint(
                condition=Q(billing_status__in=["active", "past_due", "suspended"]), name="tenant_billing_known"
            ),
        ]
        # Asked at every request, and nearly always empty.
        indexes = [models.Index(fields=["id"], name="tenant_restricted", condition=~Q(restriction="open"))]

    def __str__(self) -> str:
        return self.name


class Entitlement(models.Model):
    """What a tenant's plan includes, and how much of it is used."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="entitlements")
    feature = models.CharField(max_length=80)
    limit = models.BigIntegerField(null=True, blank=True, help_text="Empty means without limit.")
    used = models.BigIntegerField(default=0)
    unit = models.CharField(max_length=30, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "feature"], name="entitlement_once_per_tenant"),
            models.CheckConstraint(condition=Q(used__gte=0), name="entitlement_used_not_negative"),
        ]

    def __str__(self) -> str:
        return self.feature


class ResourceState(models.Model):
    """What telemetry says of a resource: the same columns now (Resource) and frozen (Snapshot)."""

    version = models.CharField(max_length=60, blank=True)
    config = models.JSONField(default=dict, blank=True)
    health = models.CharField(max_length=8, choices=HEALTH, default="unknown")
    signals = models.JSONField(default=dict, blank=True, help_text="SLIs, error budget and recent alerts.")

    class Meta:
        abstract = True


class Resource(ResourceState):
    """A service or thing of a tenant that can break."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="resources")
    key = models.SlugField(max_length=80)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=40, default="service")
    region = models.CharField(max_length=20, blank=True)
    observed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "key"], name="resource_key_once_per_tenant"),
            models.CheckConstraint(
                condition=Q(health__in=[value for value, _ in HEALTH]), name="resource_health_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Snapshot(ResourceState):
    """A resource frozen at an instant, as evidence: append-only."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="snapshots")
    taken_at = models.DateTimeField()
    observed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["resource", "-taken_at"], name="snapshot_latest")]

    def __str__(self) -> str:
        return f"{self.resource} at {self.taken_at:%Y-%m-%d %H:%M}"
