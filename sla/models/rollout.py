"""The work that a new policy version brings: open clocks are moved to what holds from its instant on."""

from __future__ import annotations

from django.db import models

from sla.models.policy import Policy


class Rollout(models.Model):
    """One version's roll-out, step by step. `cursor` is `sla.rollout`'s own; `clocks` counts those moved or cancelled.

    A version without a row here is still to be rolled out once its instant comes.
    """

    policy = models.OneToOneField(Policy, on_delete=models.PROTECT, related_name="rollout")
    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    begun_at = models.DateTimeField()
    next_step_at = models.DateTimeField(null=True, help_text="Empty once it is done.")
    finished_at = models.DateTimeField(null=True)
    cursor = models.JSONField(default=dict)
    clocks = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0, help_text="Clocks that could not be moved; the log names them.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(finished_at__isnull=True, next_step_at__isnull=False)
                | models.Q(finished_at__isnull=False, next_step_at__isnull=True),
                name="sla_rollout_open_has_next_step",
            )
        ]
        indexes = [
            models.Index(
                fields=["next_step_at"], name="sla_rollout_due", condition=models.Q(next_step_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"Roll-out of {self.policy}"

    @property
    def is_moving(self) -> bool:
        """Whether a pass over the clocks is under way, and not only the last look a little later awaited."""
        return self.finished_at is None and bool(self.cursor.get("pass"))
