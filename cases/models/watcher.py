"""Who wants to be told about a case besides its owner."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Watcher(models.Model):
    """Somebody of the support side who watches a case. Whoever lost the reach stays here and is told nothing."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey("cases.Case", on_delete=models.CASCADE, related_name="watchers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="watcher_once")]

    def __str__(self) -> str:
        return f"{self.user} watches {self.case_id}"
