"""Operations' view of connections and of the outbox: whether they work, and when they run next."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from companyos.web.operations import NoAdding, NoDeleting
from integrations import outbox
from integrations.models import Connection, Outgoing


@admin.register(Connection)
class ConnectionAdmin(ModelAdmin):
    list_display = ("tenant", "kind", "enabled", "every_seconds", "last_ok_at", "failures", "next_run_at")
    list_filter = ("kind", "enabled", "tenant")
    list_select_related = ("tenant",)
    readonly_fields = ("last_ok_at", "last_error", "failures")


@admin.register(Outgoing)
class OutgoingAdmin(NoAdding, NoDeleting, ModelAdmin):
    """Messages are replayed, never edited: every field is read-only, the right to change allows the action."""

    list_display = ("id", "kind", "subject", "state", "attempts", "next_attempt_at", "sent_at", "last_error")
    list_filter = ("state", "kind")
    show_full_result_count = False
    actions = ("replay_dead",)
    readonly_fields = tuple(field.name for field in Outgoing._meta.concrete_fields)

    @admin.action(description="Send dead messages again", permissions=["change"])
    def replay_dead(self, request: HttpRequest, queryset: QuerySet[Outgoing]) -> None:
        replayed = outbox.replay(list(queryset.values_list("pk", flat=True)), timezone.now())
        left = queryset.count() - replayed
        words = f"{replayed} put back in the queue."
        messages.success(request, f"{words} {left} were not dead and stay as they are." if left else words)
