from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sla", "0004_jobs")]

    operations: list = []
