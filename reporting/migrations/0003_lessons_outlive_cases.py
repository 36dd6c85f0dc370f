import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0004_privacy"),
        ("reporting", "0002_isolation"),
    ]

    operations = [
        migrations.AlterField(
            model_name="feedbackitem",
            name="case",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="feedback", to="cases.case"
            ),
        ),
    ]
