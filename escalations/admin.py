"""Operations' view of incidents and notices."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin, TabularInline

from companyos.web.operations import NoDeleting, ReadOnlyAdmin, ReadOnlyInline
from escalations.models import CorrectiveAction, Incident, IncidentLink, IncidentUpdate, Notice


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
