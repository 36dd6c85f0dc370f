"""What is to be sent to people and channels."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from tenants.isolation import TenantPolicy


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0002_isolation"),
        ("escalations", "0004_alerts"),
        ("events", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Outgoing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('email', 'E-mail'), ('apprise', 'Chat or webhook')], max_length=7)),
                ('key', models.CharField(max_length=80, unique=True)),
                ('clock_id', models.BigIntegerField(null=True)),
                ('subject', models.CharField(max_length=200)),
                ('body', models.TextField()),
                ('state', models.CharField(choices=[('pending', 'Pending'), ('sent', 'Sent'), ('dropped', 'Dropped'), ('dead', 'Dead')], default='pending', max_length=7)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('delivered', models.PositiveSmallIntegerField(default=0, help_text="How many of the channel's addresses have it.")),
                ('queued_at', models.DateTimeField()),
                ('next_attempt_at', models.DateTimeField()),
                ('leased_until', models.DateTimeField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('result', models.CharField(blank=True, max_length=300)),
                ('last_error', models.CharField(blank=True, max_length=500)),
                ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cases.case')),
                ('channel', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='escalations.channel')),
                ('event', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='events.event')),
                ('tenant', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'outgoing',
                'indexes': [models.Index(condition=models.Q(('state', 'pending')), fields=['next_attempt_at', 'id'], name='outgoing_due'), models.Index(condition=models.Q(('state', 'dead')), fields=['id'], name='outgoing_dead')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('channel__isnull', True), ('kind', 'email'), ('user__isnull', False)), models.Q(('channel__isnull', False), ('kind', 'apprise'), ('user__isnull', True)), _connector='OR'), name='outgoing_has_one_receiver'), models.CheckConstraint(condition=models.Q(('state__in', ['pending', 'sent', 'dropped', 'dead'])), name='outgoing_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', True)), _connector='OR'), name='outgoing_sent_has_instant')],
            },
        ),
        TenantPolicy("integrations_outgoing", nullable=True),
    ]
