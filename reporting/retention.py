"""Lessons outlive the cases they came from: backlog, segment, revenue and score stay, words and the link go."""

from __future__ import annotations

from collections.abc import Collection

from reporting.models import Backlog, FeedbackItem


def cut_loose(ids: Collection[int]) -> None:
    """Before the cases are deleted."""
    erase_words(ids)
    FeedbackItem.objects.filter(case_id__in=ids).update(case=None)


def erase_words(ids: Collection[int]) -> None:
    """Titles and details may quote the customer: the backlog's own name takes their place."""
    for backlog in Backlog:
        FeedbackItem.objects.filter(case_id__in=ids, backlog=backlog).update(
            title=f"A lesson for {backlog.label}", detail=""
        )
