"""People: the support side's users and their reach, and the customers' requesters."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name} is no IANA time zone; write one such as Europe/Berlin.", code="time_zone")


class EmailUserManager(UserManager):
    """Users are named by their e-mail address."""

    def _create_user(self, username: str | None, email: str | None, password: str | None, **extra: object) -> User:
        return super()._create_user(email or username, email or username, password, **extra)  # type: ignore[misc]


class User(AbstractUser):
    """Someone of the support side. The role is the group; the reach (which tenants) is the membership."""

    email = models.EmailField(unique=True)
    is_service = models.BooleanField(
        "service account", default=False, help_text="A program: it has API keys and neither password nor console."
    )
    purpose = models.CharField(max_length=200, blank=True, help_text="What a service account is for, and who minds it.")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    theme = models.CharField(max_length=6, default="auto", choices=[(v, v.title()) for v in ("auto", "light", "dark")])
    single_key_shortcuts = models.BooleanField(default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = EmailUserManager()  # type: ignore[misc]  # the stubs declare it per class

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_any_case"),
            models.CheckConstraint(condition=Q(theme__in=["auto", "light", "dark"]), name="user_theme_known"),
            # An unusable password begins with "!".
            models.CheckConstraint(
                condition=Q(is_service=False) | Q(password__startswith="!", is_staff=False, is_superuser=False),
                name="user_service_has_no_password_and_no_admin",
            ),
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.email

    @property
    def initials(self) -> str:
        words = str(self).replace("@", " ").split()
        return "".join(word[0] for word in words[:2]).upper()


class Membership(models.Model):
    """Which tenants a person of the support side reaches: those that fit all of the three lists, each empty for any."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="membership")
    regions = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, help_text="Data residency; empty means every region."
    )
    segments = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Empty means every segment."
    )
    tenants = models.ManyToManyField(
        "tenants.Tenant", blank=True, related_name="+", help_text="Empty means every tenant."
    )

    def __str__(self) -> str:
        return f"{self.user}: {', '.join([*self.regions, *self.segments]) or 'every region and segment'}"


class Requester(models.Model):
    """A customer's person who opens cases. `member` sees own cases, `admin` all of the tenant's."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="requesters")
    external_id = models.CharField(max_length=120)
    name = models.CharField(max_length=200)
    email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)
    role = models.CharField(max_length=8, default="member", choices=[("member", "Member"), ("admin", "Administrator")])
    channel = models.CharField(max_length=10, default="widget")
    authentication = models.CharField(max_length=20, default="widget-token")
    viewable_resources = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    created_at = models.DateTimeField(auto_now_add=True)
    erased_at = models.DateTimeField(null=True, editable=False, help_text="Since when nothing leads to the person.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="requester_once_per_tenant"),
            models.CheckConstraint(condition=Q(role__in=["member", "admin"]), name="requester_role_known"),
            models.CheckConstraint(
                condition=Q(channel__in=["widget", "api", "email", "phone", "console"]), name="requester_channel_known"
            ),
            models.CheckConstraint(condition=~Q(external_id=""), name="requester_has_external_id"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.split()[:2]).upper()


class ApiKey(models.Model):
    """A user's key to the API. Only its digest is kept; the key itself is shown once, when it is made.

    A key is never deleted: it ends by time or by `revoked_at`. Only tenants.keys writes these rows.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="The permissions of the role that the key may use; empty means all of them.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    last_used_from = models.GenericIPAddressField(null=True)
    revoked_at = models.DateTimeField(null=True)
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="api_key_has_name"),
            models.CheckConstraint(condition=~Q(replaces=F("id")), name="api_key_replaces_another"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def state(self, now: datetime) -> str:
        """`live`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "live" if self.expires_at > now else "expired"
