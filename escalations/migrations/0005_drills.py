"""Drills: tests of the escalation paths."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tenants.isolation import TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("escalations", "0004_alerts"),
        ("cases", "0007_waits"),
        ("tenants", "0010_drill_tenant"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Drill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('policy_key', models.SlugField(max_length=60)),
                ('metric', models.CharField(default='first_response', help_text='Whose alert rules are tested.', max_length=20)),
                ('priority', models.CharField(max_length=2)),
                ('case_reference', models.CharField(max_length=20)),
                ('state', models.CharField(choices=[('running', 'Running'), ('passed', 'Passed'), ('failed', 'Failed')], default='running', max_length=7)),
                ('started_at', models.DateTimeField()),
                ('deadline_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('hops', models.JSONField(default=list)),
                ('missing', models.CharField(blank=True, max_length=500)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='drill', to='cases.case')),
                ('tenant', models.ForeignKey(help_text='Whose policy is tested.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['-started_at', '-id'], name='drill_newest')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('state',), name='drill_one_running'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'running')), models.Q(('ended_at__isnull', False), ('state__in', ['passed', 'failed'])), _connector='OR'), name='drill_ended_has_instant')],
            },
        ),
        TenantPolicy("escalations_drill", nullable=True),
    ]
