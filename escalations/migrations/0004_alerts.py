from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("escalations", "0003_grant_notices"), ("cases", "0007_waits")]

    operations: list = []
