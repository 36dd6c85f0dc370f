"""Service accounts and scoped keys."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("tenants", "0007_privacy")]

    operations = [
        migrations.AddField(
            "user",
            "purpose",
            models.CharField(max_length=200, blank=True, help_text="What a service account is for, and who minds it."),
            preserve_default=False,
        ),
        migrations.AddField("apikey", "last_used_from", models.GenericIPAddressField(null=True)),
        migrations.AddField(
            "apikey",
            "replaces",
            models.OneToOneField(
                "tenants.apikey", null=True, on_delete=django.db.models.deletion.PROTECT, related_name="replaced_by"
            ),
        ),
        migrations.AlterField(
            "apikey",
            "user",
            models.ForeignKey(
                settings.AUTH_USER_MODEL, on_delete=django.db.models.deletion.PROTECT, related_name="api_keys"
            ),
        ),
        migrations.AddConstraint("apikey", models.CheckConstraint(condition=~Q(name=""), name="api_key_has_name")),
        migrations.AddConstraint(
            "apikey", models.CheckConstraint(condition=~Q(replaces=F("id")), name="api_key_replaces_another")
        ),
        migrations.AddConstraint(
            "user",
            models.CheckConstraint(
                condition=Q(is_service=False) | Q(password__startswith="!", is_staff=False, is_superuser=False),
                name="user_service_has_no_password_and_no_admin",
            ),
        ),
    ]
