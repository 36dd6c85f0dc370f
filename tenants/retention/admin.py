"""Operations' view of retention and privacy: to read; the deeds are in the console."""

from __future__ import annotations

from django.contrib import admin

from companyos.web.operations import ReadOnlyAdmin
from tenants.models import DataJob, FileRemoval, LegalHold, RetentionPolicy, RetentionRun


@admin.register(RetentionPolicy)
class RetentionPolicyAdmin(ReadOnlyAdmin):
    list_display = ("data_class", "tenant", "days", "state", "changed_at", "confirmed_at", "confirmed_by")
    list_filter = ("data_class", "state", "tenant")
    list_select_related = ("tenant", "confirmed_by")


@admin.register(LegalHold)
class LegalHoldAdmin(ReadOnlyAdmin):
    list_display = ("what", "tenant", "reason", "placed_at", "placed_by", "released_at")
    list_filter = ("tenant",)
    list_select_related = ("tenant", "requester", "placed_by")


@admin.register(RetentionRun)
class RetentionRunAdmin(ReadOnlyAdmin):
    list_display = ("asked_at", "tenant", "dry", "state", "done", "found", "attempts", "error", "finished_at")
    list_filter = ("state", "dry", "tenant")
    list_select_related = ("tenant",)


@admin.register(DataJob)
class DataJobAdmin(ReadOnlyAdmin):
    """Without the file: an export is for the one who asked for it."""

    list_display = ("asked_at", "kind", "tenant", "requester", "asked_by_name", "state", "done", "total", "finished_at")
    list_filter = ("kind", "state", "tenant")
    list_select_related = ("tenant", "requester")
    exclude = ("file",)


@admin.register(FileRemoval)
class FileRemovalAdmin(ReadOnlyAdmin):
    list_display = ("name", "tenant", "attempts", "next_attempt_at", "last_error")
    list_select_related = ("tenant",)
