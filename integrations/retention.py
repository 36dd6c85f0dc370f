"""What the outbox holds about cases that go, or whose requester is forgotten."""

from __future__ import annotations

from collections.abc import Collection

from integrations.models import Outgoing


def forget_cases(ids: Collection[int]) -> None:
    """Before the cases are deleted."""
    Outgoing.objects.filter(case_id__in=ids).delete()


def erase_words(ids: Collection[int]) -> None:
    """Of cases whose requester is erased: that something was sent stays, what was said goes."""
    words = "[erased]"
    Outgoing.objects.filter(case_id__in=ids).update(subject=words, body=words, result="", last_error="")
