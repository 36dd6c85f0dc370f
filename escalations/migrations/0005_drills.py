from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("escalations", "0004_alerts")]

    operations: list = []
