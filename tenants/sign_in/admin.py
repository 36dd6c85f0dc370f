"""Operations' view of the door: who is locked out, which second factors and outside identities there are."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from axes.models import AccessAttempt
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from companyos.web.operations import NoAdding
from tenants import audit
from tenants.admin import reaches_further
from tenants.models import AuditEntry, User
from tenants.reauthentication import reauthenticated

Context = dict[str, Any] | None
# Their own screens edit what is settled by settings and by the people themselves.
LIBRARY: tuple[type[Model], ...] = (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession)
for model in LIBRARY:
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class Deleted(NoAdding, ModelAdmin):
    """Seen and deleted, never edited; deleting asks for recent proof, and is in the audit log as `event`."""

    event = ""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        person = getattr(obj, "user", None)
        about = {} if person else {"about": obj.username}
        audit.noted(AuditEntry.Kind.SIGN_IN, person, {"event": self.event, **about})
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Nothing of those who reach further than who asks: without their factor or lock it is easier to be them."""
        found: QuerySet[Any] = super().get_queryset(request)
        if not hasattr(self.model, "user") or request.user.is_superuser:
            return found
        people = User.objects.filter(pk__in=found.values("user"))
        further = [person.pk for person in people if person.is_superuser or reaches_further(request, person)]
        return found.exclude(user__in=further)

    @reauthenticated("delete this")
    def changelist_view(self, request: HttpRequest, extra_context: Context = None) -> HttpResponse:
        return super().changelist_view(request, extra_context)  # type: ignore[no-any-return]

    @reauthenticated("delete this")
    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Context = None) -> HttpResponse:
        return super().delete_view(request, object_id, extra_context)  # type: ignore[no-any-return]


@admin.register(AccessAttempt)
class LockAdmin(Deleted):
    """Wrong passwords and codes; deleting an account's rows unlocks it."""

    event = "unlocked"

    list_display = ("username", "ip_address", "failures_since_start", "attempt_time")
    search_fields = ("username", "=ip_address")
    fields = ("username", "ip_address", "user_agent", "failures_since_start", "attempt_time")


@admin.register(Authenticator)
class FactorAdmin(Deleted):
    """A person who has lost every second factor is helped by deleting them here; they set up new ones."""

    event = "factor_removed"

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("user__email",)
    fields = ("user", "type", "created_at", "last_used_at")


@admin.register(SocialAccount)
class IdentityAdmin(Deleted):
    """Which identity of the single sign-on opens which account; deleted, it is matched by e-mail address anew."""

    event = "identity_removed"

    list_display = ("user", "provider", "uid", "last_login", "date_joined")
    search_fields = ("user__email", "uid")
    fields = ("user", "provider", "uid", "last_login", "date_joined")
