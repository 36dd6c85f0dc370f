"""A notice may be about somebody's access, which for an incident is about no case."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("escalations", "0002_isolation"),
        ("cases", "0003_search_messages"),
        ("tenants", "0004_trust"),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="grant",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.grant"
            ),
        ),
        migrations.AlterField(
            model_name="notice",
            name="case",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.case"
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("case__isnull", False), ("grant__isnull", False), _connector="OR"),
                name="notice_is_about_something",
            ),
        ),
    ]
