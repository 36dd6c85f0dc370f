"""Operations' view: calendars and policies in versions, clocks to be read with their ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline

from companyos.web.operations import ReadOnly, ReadOnlyAdmin
from sla import scenarios, versions
from sla.drafts import drafting
from sla.drafts.activation import ScenariosFail
from sla.forms.versions import CalendarForm
from sla.models import (
    Calendar,
    Clock,
    ClockAlert,
    ClockEntry,
    Draft,
    Policy,
    ReplayDifference,
    Rollout,
    Scenario,
    Target,
)

NEVER_CHANGED = "A version is never changed, because clocks count by it: use “Save as new” for the next version."


class VersionAdmin(ModelAdmin):
    """Save as new makes the next version; what is there stays as it is."""

    save_as = True
    save_as_continue = False
    list_filter = ("key",)
    search_fields = ("key", "name")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST" and "_saveasnew" not in request.POST:
            messages.error(request, NEVER_CHANGED)
            return HttpResponseRedirect(request.get_full_path())
        more = {"show_save": False, "show_save_and_continue": False, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, more)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """As in the console: what is shared takes somebody who reaches every tenant."""
        drafting.require_reach(request.actor, obj.tenant_id)  # type: ignore[attr-defined]
        versions.publish(obj, timezone.now())


@admin.register(Calendar)
class CalendarAdmin(VersionAdmin):
    form = CalendarForm
    list_display = ("name", "key", "version", "time_zone", "country", "subdivision", "tenant", "created_at")
    ordering = ("key", "-version")
    readonly_fields = ("pictures",)

    @admin.display(description="Pictures")
    def pictures(self, calendar: Calendar | None) -> str:
        """Where the console draws the week and the next 90 days of this version."""
        if calendar is None or not calendar.key:
            return "–"
        address = f"{reverse('calendar', args=[calendar.key])}?version={calendar.version}"
        return format_html('<a href="{}">The week and the next 90 days</a>', address)


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    """Drafts are edited and activated in the console, where they are previewed."""

    list_display = ("key", "kind", "tenant", "base_version", "retires", "author", "updated_at")
    list_filter = ("kind",)
    list_select_related = ("tenant", "author")
    ordering = ("-updated_at",)


@admin.register(Rollout)
class RolloutAdmin(ReadOnlyAdmin):
    list_display = ("policy", "tenant", "begun_at", "finished_at", "clocks", "failed")
    list_select_related = ("policy", "tenant")
    ordering = ("-begun_at",)


@admin.register(Scenario)
class ScenarioAdmin(ReadOnlyAdmin):
    list_display = ("name", "policy_key", "tenant", "version", "author", "updated_at")
    list_filter = ("policy_key",)
    list_select_related = ("tenant", "author")
    search_fields = ("name", "policy_key")


class TargetInline(TabularInline):
    model = Target
    extra = 0
    fields = ("priority", "metric", "amount", "business_days", "basis")


@admin.register(Policy)
class PolicyAdmin(VersionAdmin):
    list_display = ("name", "key", "version", "tenant", "segment", "tier", "calendar", "active_from", "retired")
    fields = (
        "key",
        "name",
        "tenant",
        "segment",
        "tier",
        "calendar",
        "active_from",
        "shares",
        "retired",
        "reason",
    )
    inlines = (TargetInline,)
    ordering = ("key", "-version")

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for target in formset.save(commit=False):
            target.tenant_id = form.instance.tenant_id
            target.save()
        formset.save_m2m()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The scenarios hold here too: while one fails, nothing of the version is kept."""
        super().save_related(request, form, formsets, change)
        policy = form.instance
        document = versions.policy_document(policy)
        if not policy.retired and (failures := scenarios.failing("policy", policy.key, document, timezone.now())):
            raise ScenariosFail(failures)


class EntryInline(ReadOnly, TabularInline):
    model = ClockEntry
    extra = 0
    fields: tuple[str, ...] = (
        "seq",
        "kind",
        "at",
        "cause",
        "actor_name",
        "priority",
        "policy",
        "target",
        "basis",
        "reason",
        "detail",
    )
    readonly_fields: tuple[str, ...] = fields
    ordering = ("seq",)


class WordlessInline(EntryInline):
    fields = tuple(name for name in EntryInline.fields if name not in ("reason", "detail"))
    readonly_fields = fields


class AlertInline(ReadOnly, TabularInline):
    model = ClockAlert
    extra = 0
    fields = ("share", "at", "sent_at")
    readonly_fields = fields
    ordering = ("share",)


@admin.register(Clock)
class ClockAdmin(ReadOnly, ModelAdmin):
    list_display = ("metric", "clock_set", "cycle", "tenant", "priority", "state", "due_at", "breached_at", "policy")
    list_filter = ("state", "metric", "priority", "tenant")
    list_select_related = ("tenant", "policy", "clock_set")
    inlines = (EntryInline, AlertInline)

    def get_inlines(self, request: HttpRequest, obj: Clock | None) -> Sequence[type[TabularInline]]:
        """Of a restricted tenant's clock the ledger goes without its words."""
        sealed = getattr(getattr(request, "actor", None), "sealed", ())
        return (WordlessInline, AlertInline) if obj is not None and obj.tenant_id in sealed else self.inlines

    ordering = ("-pk",)
    show_full_result_count = False


@admin.register(ReplayDifference)
class ReplayDifferenceAdmin(ReadOnlyAdmin):
    list_display = ("job", "clock", "tenant", "metric", "started_at", "was", "would_be")
    list_filter = ("was", "would_be", "metric", "tenant")
    list_select_related = ("job", "clock", "tenant")
    ordering = ("-pk",)
