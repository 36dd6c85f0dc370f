"""Operations' view of incidents, alert rules, escalations and notices."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline

from companyos.web.operations import NoDeleting, ReadOnlyAdmin, ReadOnlyInline
from escalations.models import (
    AlertPreference,
    AlertRule,
    Channel,
    CorrectiveAction,
    Drill,
    Escalation,
    Incident,
    IncidentLink,
    IncidentUpdate,
    Notice,
)


class UpdateInline(TabularInline):
    model = IncidentUpdate
    extra = 0


class ActionInline(TabularInline):
    model = CorrectiveAction
    extra = 0


class LinkInline(ReadOnlyInline):
    model = IncidentLink
    fields = ("case", "state", "reason", "decided_by", "at")


@admin.register(Incident)
class IncidentAdmin(NoDeleting, ModelAdmin):
    list_display = ("reference", "title", "severity", "status", "commander", "started_at", "resolved_at")
    list_filter = ("status", "severity")
    list_select_related = ("commander",)
    search_fields = ("reference", "title")
    inlines = (UpdateInline, ActionInline, LinkInline)


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = ("at", "user", "kind", "text", "read_at")
    list_filter = ("kind",)
    list_select_related = ("user",)


@admin.register(AlertRule)
class AlertRuleAdmin(ReadOnlyAdmin):
    """Edited in the console, by the verbs that check it."""

    list_display = ("name", "tenant", "enabled", "policy_key", "metric", "share", "position")
    list_filter = ("enabled", "metric")
    list_select_related = ("tenant",)


@admin.register(Channel)
class ChannelAdmin(ReadOnlyAdmin):
    list_display = ("name", "tenant", "shown", "enabled")
    list_select_related = ("tenant",)
    exclude = ("addresses",)


@admin.register(Escalation)
class EscalationAdmin(ReadOnlyAdmin):
    list_display = ("text", "state", "opened_at", "acknowledged_at", "acknowledged_by", "closed_at")
    list_filter = ("state",)
    list_select_related = ("acknowledged_by",)


@admin.register(AlertPreference)
class AlertPreferenceAdmin(ReadOnlyAdmin):
    list_display = ("user", "by_email")
    list_select_related = ("user",)


@admin.register(Drill)
class DrillAdmin(ReadOnlyAdmin):
    list_display = ("case_reference", "state", "policy_key", "priority", "asked_by", "started_at", "ended_at")
    list_filter = ("state",)
    list_select_related = ("asked_by",)
