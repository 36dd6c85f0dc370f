"""Alert rules, the channels they send to, and the escalations that they call."""

import django.contrib.postgres.fields
import django.db.models.deletion
import encrypted_fields.fields
from django.conf import settings
from django.db import migrations, models

import tenants.models.people
from tenants.isolation import RowPolicy, TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("escalations", "0003_grant_notices"),
        ("cases", "0007_waits"),
        ("events", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AlertPreference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by_email', models.BooleanField(default=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='alert_preference', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Channel',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('addresses', encrypted_fields.fields.EncryptedTextField()),
                ('shown', models.TextField(help_text='The addresses without what is secret in them.')),
                ('enabled', models.BooleanField(default=True)),
                ('quiet_from', models.TimeField(blank=True, null=True)),
                ('quiet_until', models.TimeField(blank=True, null=True)),
                ('time_zone', models.CharField(default='UTC', max_length=64, validators=[tenants.models.people.validate_time_zone])),
                ('version', models.PositiveIntegerField(default=1)),
                ('tenant', models.ForeignKey(blank=True, help_text='Empty: shared.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('tenant', 'name'), name='channel_name_once', nulls_distinct=False),
                    models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='channel_has_name'),
                    models.CheckConstraint(condition=models.Q(models.Q(('quiet_from__isnull', True), ('quiet_until__isnull', True)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False), models.Q(('quiet_from', models.F('quiet_until')), _negated=True)), _connector='OR'), name='channel_quiet_hours_have_two_ends'),
                ],
            },
        ),
        migrations.CreateModel(
            name='AlertRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('enabled', models.BooleanField(default=True)),
                ('position', models.PositiveIntegerField(default=100)),
                ('version', models.PositiveIntegerField(default=1)),
                ('policy_key', models.SlugField(blank=True, max_length=60)),
                ('metric', models.CharField(blank=True, choices=[('accept', 'Accept'), ('first_response', 'First response'), ('resolution', 'Resolution'), ('next_update', 'Next update')], max_length=20)),
                ('share', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('priorities', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, default=list, size=None)),
                ('segment', models.CharField(blank=True, max_length=60)),
                ('tier', models.CharField(blank=True, max_length=12)),
                ('owner', models.BooleanField(default=False)),
                ('lead', models.BooleanField(default=False)),
                ('watchers', models.BooleanField(default=False)),
                ('in_console', models.BooleanField(default=True)),
                ('by_email', models.BooleanField(default=False)),
                ('reassign', models.CharField(blank=True, choices=[('', 'Leave the owner'), ('lead', 'Give it to the lead'), ('person', 'Give it to a person')], default='', max_length=6)),
                ('raise_priority', models.BooleanField(default=False)),
                ('escalate', models.BooleanField(default=False)),
                ('people', models.ManyToManyField(blank=True, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reassign_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(blank=True, help_text='Empty: every.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
                ('channel', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rules', to='escalations.channel')),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('tenant', 'name'), name='alert_rule_name_once', nulls_distinct=False),
                    models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='alert_rule_has_name'),
                    models.CheckConstraint(condition=models.Q(('share__isnull', True), models.Q(('share__gte', 1), ('share__lte', 100)), _connector='OR'), name='alert_rule_share'),
                    models.CheckConstraint(condition=models.Q(('metric__in', ['', 'accept', 'first_response', 'resolution', 'next_update'])), name='alert_rule_metric'),
                    models.CheckConstraint(condition=models.Q(('priorities__contained_by', ['P0', 'P1', 'P2', 'P3'])), name='alert_rule_priorities'),
                    models.CheckConstraint(condition=models.Q(('tier__in', ['', 'standard', 'premium', 'enterprise'])), name='alert_rule_tier'),
                    models.CheckConstraint(condition=models.Q(models.Q(('reassign', 'person'), ('reassign_to__isnull', False)), models.Q(('reassign__in', ['', 'lead']), ('reassign_to__isnull', True)), _connector='OR'), name='alert_rule_reassigns_to_somebody'),
                ],
                'ordering': ['position', 'id'],
            },
        ),
        migrations.CreateModel(
            name='Escalation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('called_by', models.CharField(max_length=60)),
                ('metric', models.CharField(blank=True, max_length=20)),
                ('cycle', models.PositiveIntegerField(default=0)),
                ('round', models.PositiveIntegerField(default=0)),
                ('share', models.PositiveSmallIntegerField(default=100)),
                ('text', models.CharField(max_length=300)),
                ('state', models.CharField(choices=[('open', 'Open'), ('acknowledged', 'Acknowledged'), ('closed', 'Closed')], default='open', max_length=12)),
                ('opened_at', models.DateTimeField()),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.CharField(blank=True, max_length=200)),
                ('acknowledged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='escalations', to='cases.case')),
                ('cause', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='events.event')),
                ('rule', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='escalations.alertrule')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [
                    models.Index(fields=['case', '-opened_at'], name='escalation_of_case'),
                ],
                'constraints': [
                    models.UniqueConstraint(fields=('case', 'called_by', 'metric', 'cycle', 'round', 'share'), name='escalation_called_once'),
                    models.CheckConstraint(condition=models.Q(models.Q(('acknowledged_at__isnull', True), ('closed_at__isnull', True), ('state', 'open')), models.Q(('acknowledged_at__isnull', False), ('closed_at__isnull', True), ('state', 'acknowledged')), models.Q(('closed_at__isnull', False), ('state', 'closed')), _connector='OR'), name='escalation_state_has_instant'),
                    models.CheckConstraint(condition=models.Q(models.Q(('acknowledged_at__isnull', True), ('acknowledged_by__isnull', True)), models.Q(('acknowledged_at__isnull', False), ('acknowledged_by__isnull', False)), _connector='OR'), name='escalation_acknowledged_by_somebody'),
                ],
            },
        ),
        TenantPolicy("escalations_channel", nullable=True),
        TenantPolicy("escalations_alertrule", nullable=True),
        TenantPolicy("escalations_escalation"),
        RowPolicy("escalations_alertrule_people"),
        RowPolicy("escalations_alertpreference"),
    ]
