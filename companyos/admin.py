"""Operations' view of the spine: what happened, what is owed to whom, and dead letters to replay.

Here and not in companyos.events, because the spine knows no HTTP.
"""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from companyos.events import dispatch
from companyos.events.models import Delivery, Event, Heartbeat
from companyos.web.operations import NoAdding, NoDeleting, ReadOnlyAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "subject", "tenant", "actor_name", "at", "recorded_at", "request_id")
    list_filter = ("name", "actor_kind", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("=subject_id", "=request_id")
    date_hierarchy = None

    @admin.display(description="About")
    def subject(self, event: Event) -> str:
        return f"{event.subject_kind} {event.subject_id}"


@admin.register(Delivery)
class DeliveryAdmin(NoAdding, NoDeleting, ModelAdmin):
    """Deliveries are replayed, never edited: every field is read-only, the right to change allows the action."""

    list_display = ("id", "event", "subscriber", "state", "attempts", "next_attempt_at", "done_at")
    list_filter = ("state", "subscriber")
    list_select_related = ("event",)
    show_full_result_count = False
    actions = ("replay_dead",)
    readonly_fields = (
        "event",
        "tenant",
        "subscriber",
        "state",
        "attempts",
        "next_attempt_at",
        "last_error",
        "done_at",
    )

    @admin.action(description="Replay dead letters", permissions=["change"])
    def replay_dead(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        replayed = dispatch.replay(list(queryset.values_list("pk", flat=True)), timezone.now())
        left = queryset.count() - replayed
        words = f"{replayed} put back in the queue."
        messages.success(request, f"{words} {left} were not dead and stay as they are." if left else words)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    list_display = ("name", "at")
