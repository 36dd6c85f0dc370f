"""Who watches a case besides its owner."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tenants.isolation import TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0004_privacy"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Watcher',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='watchers', to='cases.case')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('case', 'user'), name='watcher_once')],
            },
        ),
        TenantPolicy("cases_watcher"),
    ]
