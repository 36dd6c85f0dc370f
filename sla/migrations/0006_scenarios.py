"""Scenarios belong to their policy's tenant, or to nobody where the policy is shared."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tenants.isolation import TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0005_drafts"),
        ("tenants", "0002_isolation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: list = [
        migrations.CreateModel(
            name='Scenario',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('policy_key', models.SlugField(max_length=60)),
                ('name', models.CharField(max_length=120)),
                ('document', models.JSONField()),
                ('position', models.PositiveIntegerField(default=0)),
                ('version', models.PositiveIntegerField(default=1)),
                ('updated_at', models.DateTimeField()),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'ordering': ('policy_key', 'position', 'pk'),
                'constraints': [models.UniqueConstraint(fields=('policy_key', 'name'), name='sla_scenario_name'), models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), models.Q(('policy_key', ''), _negated=True)), name='sla_scenario_named')],
            },
        ),
        TenantPolicy("sla_scenario", nullable=True),
    ]
