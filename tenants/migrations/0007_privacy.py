"""Retention, holds and the jobs that export and erase; and what of it PostgreSQL itself checks."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import tenants.models.privacy
from tenants.isolation import REQUESTER_ID, Rewriter, TenantPolicy

ADMIN = f"(SELECT EXISTS (SELECT 1 FROM tenants_requester r WHERE r.id = {REQUESTER_ID} AND r.role = 'admin'))"


class Rule(migrations.RunSQL):
    """A function that answers a question of retention or privacy."""

    def __init__(self, signature, returns, body, kind="STABLE"):
        super().__init__(
            sql=f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE plpgsql {kind} AS $$ {body} $$;",
            reverse_sql=f"DROP FUNCTION {signature};",
        )


# Owners may be superusers, whom row-level security does not bind: the scope is asked for in so many words.
IN_SCOPE = """
BEGIN
  RETURN coalesce(current_setting('companyos.requester', true), '') = ''
     AND (current_setting('companyos.tenants', true) = 'all' OR of_tenant = ANY (string_to_array(
           nullif(nullif(current_setting('companyos.tenants', true), ''), 'all'), ',')::bigint[]) IS TRUE);
END
"""
# Before which instant a class of a tenant's data goes; NULL when no policy in force says so. A tenant's own policy
# speaks even while it is a draft. An instant to come is refused, or a caller could make everything old.
RETAINED_SINCE = """
DECLARE
  policy record;
BEGIN
  SELECT p.days, p.state INTO policy FROM tenants_retentionpolicy p
   WHERE p.data_class = of_class AND (p.tenant_id = of_tenant OR p.tenant_id IS NULL)
   ORDER BY p.tenant_id NULLS LAST LIMIT 1;
  IF policy.state IS DISTINCT FROM 'active' OR at > clock_timestamp() THEN RETURN NULL; END IF;
  RETURN at - make_interval(days => policy.days);
END
"""
HELD = """
BEGIN
  RETURN EXISTS (
    SELECT 1 FROM tenants_legalhold h
     WHERE h.tenant_id = of_tenant AND h.released_at IS NULL
       AND CASE WHEN h.case_reference <> '' THEN h.case_reference = of_reference
                WHEN h.requester_id IS NOT NULL THEN h.requester_id = of_requester ELSE true END);
END
"""
# The same facts without their words: numbers, truths and the terms of art stay.
BLEACHED = """
DECLARE
  kept CONSTANT text[] := ARRAY['verb', 'source', 'target', 'metric', 'effect', 'state', 'priority', 'basis',
    'severity', 'channel', 'status', 'kind', 'due_at', 'at', 'backlog', 'code', 'reference'];
BEGIN
  RETURN CASE jsonb_typeof(value)
    WHEN 'object' THEN (SELECT coalesce(jsonb_object_agg(k, companyos_bleached(v, k)), '{}') FROM jsonb_each(value) e (k, v))
    WHEN 'array' THEN (SELECT coalesce(jsonb_agg(companyos_bleached(v, name)), '[]') FROM jsonb_array_elements(value) e (v))
    WHEN 'string' THEN CASE WHEN name = ANY (kept) OR value = '""' THEN value ELSE '"[erased]"' END
    ELSE value END;
END
"""
# The requester whom a running erasure is about; refuses everything else, and whatever is on legal hold.
ERASURE_OF = """
DECLARE
  person tenants_requester;
BEGIN
  SELECT r.* INTO person FROM tenants_datajob j JOIN tenants_requester r ON r.id = j.requester_id
   WHERE j.id = job AND j.kind = 'erasure' AND j.state = 'running' FOR UPDATE OF r;
  IF person.id IS NULL OR NOT companyos_in_scope(person.tenant_id) THEN
    RAISE EXCEPTION 'there is no running erasure %', job USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF EXISTS (SELECT 1 FROM tenants_legalhold h WHERE h.tenant_id = person.tenant_id AND h.released_at IS NULL
              AND (h.requester_id = person.id OR (h.requester_id IS NULL AND h.case_reference = ''))) THEN
    RAISE EXCEPTION 'a legal hold forbids erasing requester %', person.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN person;
END
"""
# Idempotent. The external id is one that no host can guess, so the person's next sign-in makes somebody new.
ERASE_REQUESTER = """
DECLARE
  person tenants_requester := companyos_erasure_of(job);
BEGIN
  UPDATE tenants_requester SET name = 'Erased requester ' || id, email = 'erased-' || id || '@erased.invalid', phone = '',
         external_id = 'erased-' || gen_random_uuid(), viewable_resources = '{}', time_zone = 'UTC', role = 'member',
         erased_at = clock_timestamp()
   WHERE id = person.id AND erased_at IS NULL;
END
"""
ERASE_EVENTS = """
DECLARE
  person tenants_requester := companyos_erasure_of(job);
BEGIN
  UPDATE events_event SET payload = companyos_bleached(payload, ''), reason = CASE reason WHEN '' THEN '' ELSE '[erased]' END,
         actor_name = CASE WHEN actor_kind = 'requester' AND actor_id = person.id THEN person.name ELSE actor_name END
   WHERE tenant_id = person.tenant_id AND ((actor_kind = 'requester' AND actor_id = person.id)
                                          OR (subject_kind = 'requester' AND subject_id = person.id));
  UPDATE events_delivery SET last_error = '[erased]'
   WHERE tenant_id = person.tenant_id AND last_error <> ''
     AND event_id IN (SELECT id FROM events_event WHERE actor_kind = 'requester' AND actor_id = person.id);
  UPDATE tenants_datajob SET asked_by_name = person.name
   WHERE asked_by_kind = 'requester' AND asked_by_id = person.id AND tenant_id = person.tenant_id;
  UPDATE tenants_datajob SET reason = '', error = '' WHERE requester_id = person.id;
END
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0006_audit"), ("events", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name='requester',
            name='erased_at',
            field=models.DateTimeField(editable=False, help_text='Since when nothing leads to the person.', null=True),
        ),
        migrations.CreateModel(
            name='DataJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('export', 'Export'), ('erasure', 'Erasure')], max_length=7)),
                ('state', models.CharField(choices=[('waiting', "Waits for support's confirmation"), ('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('refused', 'Refused'), ('expired', 'Expired')], default='queued', max_length=7)),
                ('asked_by_kind', models.CharField(max_length=12)),
                ('asked_by_id', models.BigIntegerField(null=True)),
                ('asked_by_name', models.CharField(max_length=200)),
                ('asked_at', models.DateTimeField()),
                ('reason', models.TextField(blank=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision', models.TextField(blank=True, help_text='Why it was refused.')),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0, help_text='Cases; 0 until it is known.')),
                ('attempts', models.PositiveSmallIntegerField(default=0, help_text='Failures in a row.')),
                ('leased_until', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('file', models.FileField(blank=True, max_length=200, upload_to=tenants.models.privacy.export_path)),
                ('size', models.PositiveBigIntegerField(default=0)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requester', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='data_jobs', to='tenants.requester')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['queued', 'running'])), fields=['asked_at'], name='data_job_pending'), models.Index(fields=['requester', '-asked_at'], name='data_job_requester'), models.Index(condition=models.Q(('kind', 'export'), ('state', 'done')), fields=['expires_at'], name='data_job_expiring')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['export', 'erasure'])), name='data_job_kind_known'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('state__in', ['waiting', 'queued', 'running'])), models.Q(('finished_at__isnull', False), ('state__in', ['done', 'failed', 'refused', 'expired'])), _connector='OR'), name='data_job_finished_has_instant'), models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'queued', 'running'])), fields=('requester', 'kind'), name='data_job_one_at_a_time')],
            },
        ),
        migrations.CreateModel(
            name='FileRemoval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Its name in the storage.', max_length=300)),
                ('next_attempt_at', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('last_error', models.TextField(blank=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['next_attempt_at', 'id'], name='file_removal_due')],
            },
        ),
        migrations.CreateModel(
            name='LegalHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('case_reference', models.CharField(blank=True, max_length=20)),
                ('reason', models.TextField()),
                ('placed_at', models.DateTimeField()),
                ('released_at', models.DateTimeField(null=True)),
                ('release_reason', models.TextField(blank=True)),
                ('placed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('released_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requester', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.requester')),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='hold_has_reason'), models.CheckConstraint(condition=models.Q(('case_reference', ''), ('requester__isnull', False), _connector='OR'), name='hold_on_a_case_names_its_requester'), models.CheckConstraint(condition=models.Q(('released_at__isnull', True), models.Q(('release_reason', ''), _negated=True), _connector='OR'), name='hold_release_has_reason'), models.UniqueConstraint(condition=models.Q(('released_at__isnull', True)), fields=('tenant', 'requester', 'case_reference'), name='hold_in_force_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='RetentionPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('data_class', models.CharField(max_length=20)),
                ('days', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('previewed', 'Previewed'), ('active', 'In force')], default='draft', max_length=9)),
                ('version', models.PositiveIntegerField(default=1, help_text='+1 at each change; a stale one is a conflict.')),
                ('changed_at', models.DateTimeField()),
                ('previewed_at', models.DateTimeField(null=True)),
                ('preview', models.JSONField(default=dict)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('changed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('confirmed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('tenant', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'verbose_name_plural': 'retention policies',
                'constraints': [models.UniqueConstraint(fields=('tenant', 'data_class'), name='retention_policy_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('days__gte', 30)), name='retention_policy_not_too_short'), models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('previewed_at__isnull', False), ('state', 'previewed')), models.Q(('confirmed_at__gte', models.F('previewed_at')), ('previewed_at__isnull', False), ('state', 'active')), _connector='OR'), name='retention_policy_active_was_previewed')],
            },
        ),
        migrations.CreateModel(
            name='RetentionRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dry', models.BooleanField(help_text='Counts, and takes nothing away.')),
                ('state', models.CharField(default='queued', max_length=7)),
                ('asked_at', models.DateTimeField()),
                ('asked_by', models.CharField(max_length=200)),
                ('counts', models.JSONField(default=dict)),
                ('attempts', models.PositiveSmallIntegerField(default=0, help_text='Failures in a row.')),
                ('next_step_at', models.DateTimeField()),
                ('error', models.TextField(blank=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['queued', 'running'])), fields=['next_step_at', 'id'], name='retention_run_due'), models.Index(fields=['tenant', '-asked_at'], name='retention_run_tenant')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', True), ('state__in', ['queued', 'running'])), models.Q(('finished_at__isnull', False), ('state__in', ['done', 'failed'])), _connector='OR'), name='retention_run_finished_has_instant'), models.UniqueConstraint(condition=models.Q(('dry', False), ('state__in', ['queued', 'running'])), fields=('tenant',), name='retention_run_one_at_a_time')],
            },
        ),
        TenantPolicy("tenants_retentionpolicy", nullable=True),
        TenantPolicy("tenants_legalhold"),
        TenantPolicy("tenants_retentionrun"),
        TenantPolicy("tenants_fileremoval"),
        TenantPolicy("tenants_datajob", for_requesters=f"requester_id = {REQUESTER_ID} OR {ADMIN}"),
        Rule("companyos_in_scope(of_tenant bigint)", "boolean", IN_SCOPE),
        Rule("companyos_retained_since(of_tenant bigint, of_class text, at timestamptz)", "timestamptz", RETAINED_SINCE),
        Rule("companyos_held(of_tenant bigint, of_requester bigint, of_reference text)", "boolean", HELD),
        Rule("companyos_bleached(value jsonb, name text)", "jsonb", BLEACHED, "IMMUTABLE"),
        Rule("companyos_erasure_of(job bigint)", "tenants_requester", ERASURE_OF, "VOLATILE"),
        Rewriter("companyos_erase_requester(job bigint)", "void", ERASE_REQUESTER),
        Rewriter("companyos_erase_events(job bigint)", "void", ERASE_EVENTS),
    ]
