"""What replays found, and the order in which they read clocks."""

import django.db.models.deletion
from django.db import migrations, models

from tenants.isolation import TenantPolicy

OUTCOMES = ('kept', 'breached', 'open', 'cancelled', 'none', 'unknown')
NAMED = [(word, word.capitalize()) for word in OUTCOMES]


class Migration(migrations.Migration):
    dependencies = [("sla", "0006_scenarios")]

    operations = [
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(fields=['started_at', 'id'], name='sla_clock_started'),
        ),
        migrations.CreateModel(
            name='ReplayDifference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('metric', models.CharField(max_length=20)),
                ('started_at', models.DateTimeField()),
                ('was', models.CharField(choices=NAMED, max_length=9)),
                ('would_be', models.CharField(choices=NAMED, max_length=9)),
                ('was_due', models.DateTimeField(null=True)),
                ('would_be_due', models.DateTimeField(null=True)),
                ('clock', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='sla.clock')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='differences', to='sla.job')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['job', 'started_at', 'id'], name='sla_difference_page')],
                'constraints': [
                    models.UniqueConstraint(fields=('job', 'clock'), name='sla_difference_once'),
                    models.CheckConstraint(condition=models.Q(('was__in', OUTCOMES), ('would_be__in', OUTCOMES)), name='sla_difference_outcome'),
                    models.CheckConstraint(condition=models.Q(('was', models.F('would_be')), _negated=True), name='sla_difference_differs'),
                ],
            },
        ),
        # Whoever deletes a clock (retention does, as the tables' owner) takes what replays said of it along.
        migrations.RunSQL(
            sql="""
            ALTER TABLE sla_replaydifference ADD CONSTRAINT sla_difference_clock
              FOREIGN KEY (clock_id) REFERENCES sla_clock (id) ON DELETE CASCADE;
            """,
            reverse_sql="ALTER TABLE sla_replaydifference DROP CONSTRAINT sla_difference_clock;",
        ),
        TenantPolicy("sla_replaydifference"),
    ]
