"""Operations' view of cases: to read, never to move one. Macros and runbooks are written here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from cases.models import (
    Attachment,
    Case,
    CaseStatistic,
    DiagnosticRun,
    Evidence,
    Forecast,
    Macro,
    Message,
    Note,
    Resolution,
    Runbook,
    Survey,
    Transition,
    Watcher,
)
from companyos.web.operations import ReadOnlyAdmin, ReadOnlyInline
from tenants.access import Actor


class TransitionInline(ReadOnlyInline):
    model = Transition
    fields = ("at", "verb", "source", "target", "actor_name", "reason", "sla_impact")


class MessageInline(ReadOnlyInline):
    model = Message
    fields = ("at", "author_kind", "author_name", "body")


class NoteInline(ReadOnlyInline):
    model = Note
    fields = ("at", "kind", "author_name", "body")


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    """Only the lifecycle's verbs change a case, so that no clock, transition or event is missed.

    Rows of a restricted tenant's content stay hidden by themselves; what the case's own row tells of it goes here.
    """

    list_display = ("reference", "subject", "tenant", "status", "priority", "owner", "opened_at", "next_due_at")
    list_filter = ("status", "priority", "tenant", "channel")
    list_select_related = ("tenant", "owner")
    search_fields = ("reference", "subject")
    exclude = ("search",)
    inlines = (TransitionInline, MessageInline, NoteInline)
    content = ("context", "enrichment", "waiting_reason")

    def get_exclude(self, request: HttpRequest, obj: Case | None = None) -> Sequence[str]:
        return (*self.exclude, *self.content) if self._is_locked(request, obj) else self.exclude

    def get_inlines(self, request: HttpRequest, obj: Case | None) -> Sequence[type[InlineModelAdmin[Any, Any]]]:
        return () if self._is_locked(request, obj) else self.inlines

    def _is_locked(self, request: HttpRequest, obj: Case | None) -> bool:
        actor: Actor | None = getattr(request, "actor", None)
        return obj is not None and actor is not None and not actor.reads_content(obj.tenant_id, obj.pk)


@admin.register(Macro)
class MacroAdmin(ModelAdmin):
    list_display = ("title", "topic", "runbook", "asks", "active")
    list_filter = ("topic", "active")
    list_select_related = ("runbook",)
    search_fields = ("title", "key", "body")
    prepopulated_fields = {"key": ("title",)}


@admin.register(Runbook)
class RunbookAdmin(ModelAdmin):
    list_display = ("title", "topic", "resource_key")
    list_filter = ("topic",)
    search_fields = ("title", "key", "body")
    prepopulated_fields = {"key": ("title",)}


@admin.register(DiagnosticRun)
class DiagnosticRunAdmin(ReadOnlyAdmin):
    list_display = ("case", "runbook", "state", "done_steps", "attempts", "progress", "queued_at", "finished_at")
    list_filter = ("state", "runbook")
    list_select_related = ("case", "runbook")


@admin.register(Resolution)
class ResolutionAdmin(ReadOnlyAdmin):
    list_display = ("case", "cycle", "code", "author_name", "at")
    list_filter = ("code",)
    list_select_related = ("case",)


@admin.register(Survey)
class SurveyAdmin(ReadOnlyAdmin):
    list_display = ("case", "cycle", "score", "words", "at")
    list_filter = ("score",)
    list_select_related = ("case",)


@admin.register(Attachment, Evidence)
class FileAdmin(ReadOnlyAdmin):
    list_display = ("name", "case", "size", "content_type", "sha256", "at")
    list_select_related = ("case",)
    exclude = ("file",)


@admin.register(CaseStatistic)
class CaseStatisticAdmin(ReadOnlyAdmin):
    """What stayed of cases that retention took."""

    list_display = ("opened_on", "closed_on", "tenant", "priority", "channel", "closed_as", "score")
    list_filter = ("tenant", "priority", "closed_as")
    list_select_related = ("tenant",)


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyAdmin):
    list_display = ("fitted_at", "basis", "clocks", "breaches", "brier", "due_only_brier", "reason")


@admin.register(Watcher)
class WatcherAdmin(ReadOnlyAdmin):
    list_display = ("case", "user", "at")
    list_select_related = ("case", "user")
