from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_grants")]

    operations = [
        migrations.AddField(
            model_name='tenant',
            name='is_drill',
            field=models.BooleanField(default=False, editable=False, help_text="Nobody's: its cases test the escalation paths."),
        ),
        migrations.AddConstraint(
            model_name='tenant',
            constraint=models.UniqueConstraint(condition=models.Q(('is_drill', True)), fields=('is_drill',), name='tenant_one_drill'),
        ),
    ]
