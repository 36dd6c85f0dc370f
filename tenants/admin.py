"""Operations' view of tenants and people. Secrets are never shown, only made anew."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from companyos.web.errors import DomainError
from companyos.web.operations import NoDeleting, ReadOnlyAdmin
from tenants import keys, reach
from tenants.access import SERVICE
from tenants.forms import MembershipForm
from tenants.models import ApiKey, AuditEntry, Entitlement, Membership, Requester, Resource, Snapshot, Tenant, User
from tenants.models.tenant import new_widget_secret
from tenants.reauthentication import reauthenticated
from tenants.retention import admin as _retention  # noqa: F401  its screens register themselves

# Groups follow the role table (tenants.roles); the audit library's own screen does not know our entry.
admin.site.unregister([Group, AuditEntry])


class EntitlementInline(TabularInline):
    model = Entitlement
    extra = 0


@admin.register(Tenant)
class TenantAdmin(NoDeleting, ModelAdmin):
    list_display = ("name", "prefix", "support_tier", "segment", "region", "billing_status", "auto_close_days")
    list_filter = ("support_tier", "region", "billing_status")
    search_fields = ("name", "slug", "prefix")
    exclude = ("widget_secret", "telemetry_token")
    prepopulated_fields = {"slug": ("name",)}
    inlines = (EntitlementInline,)
    actions = ("rotate_widget_secret",)

    @reauthenticated("save this tenant")
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, obj: Tenant | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Operations restrict a tenant; only a superuser opens it again, or nobody there would need a grant."""
        form = super().get_form(request, obj, change, **kwargs)
        if obj is not None and not request.user.is_superuser and "restriction" in form.base_fields:
            known = list(Tenant._meta.get_field("restriction").flatchoices)
            present = [value for value, _ in known].index(obj.restriction)
            form.base_fields["restriction"].choices = known[present:]
        return form

    @admin.action(
        description="Make a new widget secret (shown once; the old one stops working)", permissions=["change"]
    )
    @reauthenticated("make a new widget secret")
    def rotate_widget_secret(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        """One tenant at a time: the new secret must reach that tenant's host before its widget works again."""
        if queryset.count() != 1:
            messages.error(request, "Choose one tenant: its host needs the new secret at once.")
            return
        tenant = queryset.get()
        tenant.widget_secret = new_widget_secret()
        tenant.save(update_fields=["widget_secret"])
        messages.warning(request, f"{tenant}'s new widget secret, shown this once: {tenant.widget_secret}")


class MembershipInline(StackedInline):
    """The reach: what is ticked in each list must fit; a list with nothing ticked fits every tenant."""

    model = Membership
    form = MembershipForm
    extra = 0
    autocomplete_fields = ("tenants",)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.actor = getattr(request, "actor", None)
        return formset

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_self(request, obj) and super().has_change_permission(request, obj)

    has_add_permission = has_change_permission


def reaches_further(request: HttpRequest, person: User) -> bool:
    """Whether the person's account opens more than that of who asks, who then must not get hold of it."""
    actor = getattr(request, "actor", None)
    if actor is None or actor.tenant_ids is None or not Membership.objects.filter(user=person).exists():
        return False
    try:
        reach.check_within(reach.of(person.pk), actor)
    except DomainError:
        return True
    return False


def _is_self(request: HttpRequest, obj: Any) -> bool:
    """Nobody widens their own rights; a superuser, who has all of them, may."""
    return obj is not None and obj == request.user and not request.user.is_superuser


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    """People of the support side: role by group, reach by membership."""

    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "is_service", "last_login")
    list_filter = ("groups", "is_active", "is_staff", "is_service")
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    inlines = (MembershipInline,)
    filter_horizontal = ("groups",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "time_zone", "theme", "single_key_shortcuts")}),
        ("Rights", {"fields": ("is_active", "is_staff", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "password1", "password2")}),)

    @reauthenticated("save this account")
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(request, *args, **kwargs)

    @reauthenticated("set this password")
    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().user_change_password(request, *args, **kwargs)

    @reauthenticated("delete this account")
    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().delete_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        obj.username = obj.email
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a superuser changes a superuser: otherwise operators could take that right by a password. In the same
        way nobody changes an account that reaches further than their own.

        Service accounts, which have no password, are changed at their own page of the console.
        """
        if obj is not None and (obj.is_service or (obj.is_superuser and not request.user.is_superuser)):
            return False
        if obj is not None and not request.user.is_superuser and reaches_further(request, obj):
            return False
        return super().has_change_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        own = ("is_active", "is_staff", "groups") if _is_self(request, obj) else ()
        return (*super().get_readonly_fields(request, obj), *own)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The role `service` is no person's."""
        if db_field.name == "groups":
            kwargs["queryset"] = Group.objects.exclude(name=SERVICE).order_by("name")
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Requester)
class RequesterAdmin(NoDeleting, ModelAdmin):
    list_display = ("name", "email", "tenant", "role", "channel", "external_id")
    list_filter = ("tenant", "role", "channel")
    list_select_related = ("tenant",)
    search_fields = ("name", "email", "external_id")


@admin.register(Resource)
class ResourceAdmin(NoDeleting, ModelAdmin):
    list_display = ("name", "key", "tenant", "health", "version", "region", "observed_at")
    list_filter = ("tenant", "health", "kind")
    list_select_related = ("tenant",)
    search_fields = ("name", "key")
    readonly_fields = ("health", "signals", "observed_at")


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    list_display = ("resource", "tenant", "taken_at", "health", "version")
    list_select_related = ("resource", "tenant")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Everybody's keys. People make their own in the profile, operators those of service accounts in the console."""

    list_display = (
        "name", "prefix", "user", "scopes", "created_at", "expires_at", "last_used_at", "last_used_from", "revoked_at",
    )  # fmt: skip
    list_select_related = ("user",)
    list_filter = ("user__is_service",)
    exclude = ("digest",)
    search_fields = ("name", "prefix", "user__email")
    actions = ("revoke",)

    @admin.action(description="Revoke: the keys chosen open nothing any more", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for row in queryset:
            keys.revoke(row, actor=request.actor, now=timezone.now())  # type: ignore[attr-defined]
        messages.success(request, f"Revoked: {', '.join(str(row) for row in queryset)}.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        actor = getattr(request, "actor", None)
        return actor is not None and actor.can("key.manage")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("timestamp", "tenant", "who", "action", "content_type", "object_repr", "remote_addr", "cid")
    list_filter = ("action", "tenant", "content_type")
    list_select_related = ("tenant", "actor", "content_type")
    search_fields = ("=object_pk", "=cid")

    @admin.display(description="Who")
    def who(self, entry: AuditEntry) -> str:
        acting = (entry.additional_data or {}).get("acting", {})
        return str(acting.get("name") or entry.actor or "CompanyOS")
