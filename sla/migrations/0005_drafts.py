"""Drafts of policies and calendars, and the roll-out of versions to open clocks."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tenants.isolation import TenantPolicy

# Versions in force before there were roll-outs took effect for new clocks only; their clocks stay as they are.
ROLLED_OUT_BEFORE = """
SELECT set_config('companyos.tenants', 'all', true);
INSERT INTO sla_rollout (policy_id, tenant_id, begun_at, finished_at, next_step_at, cursor, clocks, failed)
  SELECT id, tenant_id, now(), now(), NULL, '{}', 0, 0 FROM sla_policy WHERE active_from <= now();
SELECT set_config('companyos.tenants', '', true);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0004_jobs"),
        ("tenants", "0002_isolation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('policy', 'Policy'), ('calendar', 'Calendar')], max_length=8)),
                ('key', models.SlugField(max_length=60)),
                ('document', models.JSONField(default=dict)),
                ('retires', models.BooleanField(default=False, help_text='It ends the policy instead of changing it.')),
                ('base_version', models.PositiveIntegerField(default=0)),
                ('edits', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('preview_hash', models.CharField(blank=True, max_length=64)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('preview', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='sla.job')),
                ('tenant', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('kind', 'key'), name='sla_draft_once_a_key'), models.CheckConstraint(condition=models.Q(('kind__in', ['policy', 'calendar'])), name='sla_draft_kind'), models.CheckConstraint(condition=models.Q(('retires', False), ('kind', 'policy'), _connector='OR'), name='sla_draft_retires_policy')],
            },
        ),
        migrations.CreateModel(
            name='Rollout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begun_at', models.DateTimeField()),
                ('next_step_at', models.DateTimeField(help_text='Empty once it is done.', null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('cursor', models.JSONField(default=dict)),
                ('clocks', models.PositiveIntegerField(default=0)),
                ('failed', models.PositiveIntegerField(default=0, help_text='Clocks that could not be moved; the log names them.')),
                ('policy', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='rollout', to='sla.policy')),
                ('tenant', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('next_step_at__isnull', False)), fields=['next_step_at'], name='sla_rollout_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('next_step_at__isnull', False)), models.Q(('finished_at__isnull', False), ('next_step_at__isnull', True)), _connector='OR'), name='sla_rollout_open_has_next_step')],
            },
        ),
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(condition=models.Q(('state__in', ['running', 'paused'])), fields=['tenant', 'clock_set'], name='sla_clock_open'),
        ),
        TenantPolicy("sla_draft", nullable=True),
        migrations.RunSQL(ROLLED_OUT_BEFORE, migrations.RunSQL.noop),
        TenantPolicy("sla_rollout", nullable=True),
    ]
