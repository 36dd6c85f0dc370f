from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sla", "0006_scenarios")]

    operations: list = []
