"""What was learnt from the history of promises, one row each time that it was learnt."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Forecast(models.Model):
    """A fitted model as plain numbers with the figures of its proof, or, without `parameters`, why there is none.

    The newest row is in force. Shares and counts of all tenants together, so it belongs to none of them.
    """

    fitted_at = models.DateTimeField()
    trained_until = models.DateTimeField(null=True, help_text="The start of the youngest clock that it knows.")
    clocks = models.PositiveIntegerField(help_text="Promises that were decided.")
    breaches = models.PositiveIntegerField()
    examples = models.PositiveIntegerField(default=0, help_text="Snapshots of those clocks.")
    basis = models.CharField(max_length=10, blank=True, help_text="history, or due: the time alone did better.")
    parameters = models.JSONField(null=True, help_text="See cases.forecast.model.")
    reason = models.CharField(max_length=200, blank=True, help_text="Why it is silent.")
    brier = models.FloatField(null=True, help_text="On held-out clocks: 0 is perfect.")
    due_only_brier = models.FloatField(null=True, help_text="Of due time only, on the same clocks.")
    # See cases.forecast.fitting.Figures: reliability bins, held-out months.
    figures = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["-fitted_at", "-id"], name="forecast_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(parameters__isnull=True) & ~Q(reason="")
                | Q(parameters__isnull=False, brier__isnull=False, due_only_brier__isnull=False),
                name="forecast_speaks_or_says_why_not",
            ),
        ]

    def __str__(self) -> str:
        return f"Forecast of {self.fitted_at:%Y-%m-%d %H:%M}"

    @property
    def speaks(self) -> bool:
        return self.parameters is not None

    @classmethod
    def newest(cls) -> Forecast | None:
        return cls.objects.order_by("-fitted_at", "-pk").first()
