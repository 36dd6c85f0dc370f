from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("sla", "0005_drafts")]

    operations: list = []
