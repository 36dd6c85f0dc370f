from django.db import migrations, models

from tenants.isolation import RowPolicy

OPEN = models.Q(("status__in", ("new", "triage", "in_progress", "waiting")))


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_watchers")]

    operations = [
        migrations.CreateModel(
            name="Forecast",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("fitted_at", models.DateTimeField()),
                ("trained_until", models.DateTimeField(help_text="The start of the youngest clock that it knows.", null=True)),
                ("clocks", models.PositiveIntegerField(help_text="Promises that were decided.")),
                ("breaches", models.PositiveIntegerField()),
                ("examples", models.PositiveIntegerField(default=0, help_text="Snapshots of those clocks.")),
                ("basis", models.CharField(blank=True, help_text="history, or due: the time alone did better.", max_length=10)),
                ("parameters", models.JSONField(help_text="See cases.forecast.model.", null=True)),
                ("reason", models.CharField(blank=True, help_text="Why it is silent.", max_length=200)),
                ("brier", models.FloatField(help_text="On held-out clocks: 0 is perfect.", null=True)),
                ("due_only_brier", models.FloatField(help_text="Of due time only, on the same clocks.", null=True)),
                ("figures", models.JSONField(default=dict)),
            ],
            options={
                "indexes": [models.Index(fields=["-fitted_at", "-id"], name="forecast_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("parameters__isnull", True), models.Q(("reason", ""), _negated=True)),
                            models.Q(
                                ("brier__isnull", False),
                                ("due_only_brier__isnull", False),
                                ("parameters__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="forecast_speaks_or_says_why_not",
                    ),
                ],
            },
        ),
        RowPolicy("cases_forecast"),
        migrations.AddField(
            model_name="case",
            name="breach_risk",
            field=models.FloatField(editable=False, help_text="The chance that it breaks; 0 to 1.", null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="breach_risk_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="breach_risk_why",
            field=models.CharField(blank=True, db_default="", editable=False, max_length=200),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(
                models.OrderBy(models.F("breach_risk"), descending=True, nulls_last=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=OPEN,
                name="case_risk",
            ),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(condition=OPEN, fields=["id"], name="case_open"),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("breach_risk__isnull", True),
                    models.Q(("breach_risk__gte", 0), ("breach_risk__lte", 1), ("breach_risk_at__isnull", False)),
                    _connector="OR",
                ),
                name="case_risk_is_a_chance",
            ),
        ),
    ]
