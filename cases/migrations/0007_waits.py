from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_forecast")]

    operations = [
        migrations.AddIndex(
            model_name='transition',
            index=models.Index(condition=models.Q(('verb', 'wait')), fields=['-at', '-id'], name='transition_wait'),
        ),
    ]
