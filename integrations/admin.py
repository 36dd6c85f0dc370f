"""Operations' view of connections: whether they work, and when they run next."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from integrations.models import Connection


@admin.register(Connection)
class ConnectionAdmin(ModelAdmin):
    list_display = ("tenant", "kind", "enabled", "every_seconds", "last_ok_at", "failures", "next_run_at")
    list_filter = ("kind", "enabled", "tenant")
    list_select_related = ("tenant",)
    readonly_fields = ("last_ok_at", "last_error", "failures")
