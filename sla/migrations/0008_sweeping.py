from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sla", "0007_replays")]

    operations: list = []
