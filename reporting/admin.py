"""Operations' view of the backlogs and of the rules that feed them."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from companyos.web.operations import ReadOnlyAdmin
from reporting.models import FeedbackItem, FeedbackRule


@admin.register(FeedbackRule)
class FeedbackRuleAdmin(ModelAdmin):
    list_display = ("resolution_code", "backlog", "title", "active")
    list_filter = ("backlog", "active")


@admin.register(FeedbackItem)
class FeedbackItemAdmin(ReadOnlyAdmin):
    list_display = ("title", "backlog", "case", "tenant", "segment", "score", "at")
    list_filter = ("backlog", "tenant")
    list_select_related = ("case", "tenant")
