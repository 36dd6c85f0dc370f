from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_isolation")]

    operations: list = []
