"""What the HTTP layer remembers."""

from __future__ import annotations

from django.db import models


class IdempotentRequest(models.Model):
    """A create that was asked for under an Idempotency-Key, and what it answered. Row and effect commit together."""

    actor = models.CharField(max_length=60)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField(null=True)
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["actor", "key"], name="idempotent_once_per_actor_and_key")]
        indexes = [models.Index(fields=["created_at"], name="idempotent_age")]

    def __str__(self) -> str:
        return f"{self.actor} {self.key}"
