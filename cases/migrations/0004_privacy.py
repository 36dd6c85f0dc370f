"""What retention and erasure may take out of append-only tables, and what of a deleted case stays."""

import django.db.models.deletion
from django.db import migrations, models

from tenants.isolation import Rewriter, TenantPolicy

# Locks the cases and refuses unless each is in scope, closed for long enough by a policy in force, and on no hold.
CHECK_AGE = """
  IF EXISTS (SELECT 1 FROM unnest(ids) i (id) WHERE NOT EXISTS (SELECT 1 FROM cases_case c WHERE c.id = i.id)) THEN
    RAISE EXCEPTION 'retention may not touch cases that are not there' USING ERRCODE = 'restrict_violation';
  END IF;
  FOR one IN SELECT c.* FROM cases_case c WHERE c.id = ANY (ids) ORDER BY c.id FOR UPDATE LOOP
    IF NOT companyos_in_scope(one.tenant_id) OR one.status <> 'closed'
       OR NOT coalesce(one.closed_at < companyos_retained_since(one.tenant_id, '{data_class}', at), false)
       OR companyos_held(one.tenant_id, one.requester_id, one.reference) THEN
      RAISE EXCEPTION 'retention may not touch case % yet', one.reference USING ERRCODE = 'restrict_violation';
    END IF;
  END LOOP;
"""
KEEP_FIGURES = """
  INSERT INTO cases_casestatistic (tenant_id, opened_on, closed_on, priority, severity, channel, support_tier, closed_as,
    resolution_code, reopenings, first_response_seconds, resolution_seconds, score, scored_on, promises)
  SELECT c.tenant_id, (c.opened_at AT TIME ZONE 'UTC')::date, (c.closed_at AT TIME ZONE 'UTC')::date, c.priority,
         c.severity, c.channel, c.support_tier, c.closed_as,
         coalesce((SELECT r.code FROM cases_resolution r WHERE r.case_id = c.id ORDER BY r.at DESC, r.id DESC LIMIT 1), ''),
         c.cycle, greatest(0, extract(epoch FROM c.first_response_at - c.opened_at))::bigint,
         greatest(0, extract(epoch FROM c.resolved_at - c.opened_at))::bigint, s.score, (s.at AT TIME ZONE 'UTC')::date,
         coalesce((SELECT jsonb_object_agg(k.metric, jsonb_build_object('ended', k.ended, 'kept', k.kept)) FROM (
           SELECT o.metric, count(*) AS ended, count(*) FILTER (WHERE o.breached_at IS NULL) AS kept FROM sla_clock o
            WHERE o.clock_set_id = c.clock_set_id AND (o.met_at IS NOT NULL OR o.breached_at IS NOT NULL)
            GROUP BY o.metric) k), '{}')
    FROM cases_case c
    LEFT JOIN LATERAL (SELECT v.score, v.at FROM cases_survey v WHERE v.case_id = c.id ORDER BY v.at DESC LIMIT 1) s ON true
   WHERE c.id = ANY (ids);
"""
DROP_FILES = """
  INSERT INTO tenants_fileremoval (tenant_id, name, next_attempt_at, attempts, last_error)
  SELECT f.tenant_id, f.file, clock_timestamp(), 0, '' FROM (
    SELECT tenant_id, file FROM cases_attachment WHERE case_id = ANY (ids)
    UNION ALL SELECT tenant_id, file FROM cases_evidence WHERE case_id = ANY (ids)) f WHERE f.file <> '';
  DELETE FROM cases_resolutionevidence WHERE evidence_id IN (SELECT id FROM cases_evidence WHERE case_id = ANY (ids));
  DELETE FROM cases_evidence WHERE case_id = ANY (ids);
  DELETE FROM cases_attachment WHERE case_id = ANY (ids);
"""
DROP_CASES = (
    """
DECLARE
  one cases_case;
  sets bigint[];
  snapshots bigint[];
  refs text[];
  owners bigint[];
  gone integer;
BEGIN
"""
    + CHECK_AGE.format(data_class="cases")
    + KEEP_FIGURES
    + DROP_FILES
    + """
  SELECT array_agg(clock_set_id), array_agg(reference), array_agg(DISTINCT tenant_id) INTO sets, refs, owners
    FROM cases_case WHERE id = ANY (ids);
  SELECT array_agg(snapshot_id) INTO snapshots FROM cases_caseresource WHERE case_id = ANY (ids);
  DELETE FROM events_delivery d USING events_event e WHERE e.id = d.event_id
     AND ((e.subject_kind = 'case' AND e.subject_id = ANY (ids)) OR (e.subject_kind = 'clock_set' AND e.subject_id = ANY (sets)));
  DELETE FROM events_event WHERE (subject_kind = 'case' AND subject_id = ANY (ids))
      OR (subject_kind = 'clock_set' AND subject_id = ANY (sets));
  DELETE FROM cases_resolution WHERE case_id = ANY (ids);
  DELETE FROM cases_survey WHERE case_id = ANY (ids);
  DELETE FROM cases_diagnosticrun WHERE case_id = ANY (ids);
  DELETE FROM cases_draft WHERE case_id = ANY (ids);
  DELETE FROM cases_note WHERE case_id = ANY (ids);
  DELETE FROM cases_message WHERE case_id = ANY (ids);
  DELETE FROM cases_transition WHERE case_id = ANY (ids);
  DELETE FROM cases_caseresource WHERE case_id = ANY (ids);
  DELETE FROM tenants_snapshot WHERE id = ANY (snapshots)
     AND NOT EXISTS (SELECT 1 FROM cases_caseresource a WHERE a.snapshot_id = tenants_snapshot.id);
  UPDATE cases_case SET duplicate_of_id = NULL WHERE duplicate_of_id = ANY (ids);
  -- Later cases name these, with their subjects, among their past ones.
  UPDATE cases_case SET enrichment = jsonb_set(enrichment, '{past_cases}', (
      SELECT coalesce(jsonb_agg(p), '[]') FROM jsonb_array_elements(enrichment->'past_cases') p
       WHERE coalesce(p->>'reference', '') <> ALL (refs)))
   WHERE tenant_id = ANY (owners) AND id <> ALL (ids) AND EXISTS (
     SELECT 1 FROM jsonb_path_query(enrichment, '$.past_cases[*].reference') q (ref) WHERE q.ref #>> '{}' = ANY (refs));
  UPDATE events_event SET payload = jsonb_set(payload, '{past_cases}', (
      SELECT coalesce(jsonb_agg(p), '[]') FROM jsonb_array_elements(payload->'past_cases') p
       WHERE coalesce(p->>'reference', '') <> ALL (refs)))
   WHERE tenant_id = ANY (owners) AND name = 'case.enriched' AND EXISTS (
     SELECT 1 FROM jsonb_path_query(payload, '$.past_cases[*].reference') q (ref) WHERE q.ref #>> '{}' = ANY (refs));
  DELETE FROM cases_case WHERE id = ANY (ids);
  GET DIAGNOSTICS gone = ROW_COUNT;
  DELETE FROM sla_clockalert WHERE clock_id IN (SELECT id FROM sla_clock WHERE clock_set_id = ANY (sets));
  DELETE FROM sla_clockentry WHERE clock_id IN (SELECT id FROM sla_clock WHERE clock_set_id = ANY (sets));
  DELETE FROM sla_clock WHERE clock_set_id = ANY (sets);
  DELETE FROM sla_clockset WHERE id = ANY (sets);
  RETURN gone;
END
"""
)
# Messages and notes of closed cases; the case, its moves, its clocks and its resolution stay. Returns how many.
DROP_WORDS = (
    """
DECLARE
  one cases_case;
  messages integer;
  notes integer;
BEGIN
"""
    + CHECK_AGE.format(data_class="messages")
    + """
  UPDATE cases_message SET body = '[removed]' WHERE case_id = ANY (ids) AND body <> '[removed]';
  GET DIAGNOSTICS messages = ROW_COUNT;
  UPDATE cases_note SET body = '[removed]' WHERE case_id = ANY (ids) AND body <> '[removed]';
  GET DIAGNOSTICS notes = ROW_COUNT;
  DELETE FROM cases_draft WHERE case_id = ANY (ids);
  UPDATE cases_case SET words_removed_at = clock_timestamp() WHERE id = ANY (ids);
  RETURN messages + notes;
END
"""
)
DROP_CASE_FILES = (
    """
DECLARE
  one cases_case;
  files integer;
BEGIN
"""
    + CHECK_AGE.format(data_class="attachments")
    + """
  SELECT (SELECT count(*) FROM cases_attachment WHERE case_id = ANY (ids))
       + (SELECT count(*) FROM cases_evidence WHERE case_id = ANY (ids)) INTO files;
"""
    + DROP_FILES
    + """
  RETURN files;
END
"""
)
# Everything that anybody wrote in the requester's own cases: it is about them. Figures, moves and instants stay.
ERASE_CASES = (
    """
DECLARE
  person tenants_requester := companyos_erasure_of(job);
  sets bigint[];
  refs text[];
BEGIN
  PERFORM 1 FROM cases_case WHERE id = ANY (ids) ORDER BY id FOR UPDATE;
  IF EXISTS (SELECT 1 FROM cases_case WHERE id = ANY (ids) AND (requester_id <> person.id OR tenant_id <> person.tenant_id)) THEN
    RAISE EXCEPTION 'not a case of requester %', person.id USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT array_agg(clock_set_id), array_agg(reference) INTO sets, refs FROM cases_case WHERE id = ANY (ids);
"""
    + DROP_FILES
    + """
  UPDATE cases_case SET subject = '[erased]', context = '{}', enrichment = '{}', waiting_reason = '', tags = '{}',
         erased_at = clock_timestamp() WHERE id = ANY (ids);
  UPDATE cases_message SET body = '[erased]', author_name = CASE author_kind WHEN 'requester' THEN person.name ELSE author_name END
   WHERE case_id = ANY (ids);
  UPDATE cases_note SET body = '[erased]' WHERE case_id = ANY (ids);
  DELETE FROM cases_draft WHERE case_id = ANY (ids);
  UPDATE cases_survey SET words = '' WHERE case_id = ANY (ids);
  UPDATE cases_caseresource SET found_by = '[erased]' WHERE case_id = ANY (ids);
  UPDATE cases_resolution SET summary = '[erased]', root_cause = '', preventive_action = '', evidence_links = '{}'
   WHERE case_id = ANY (ids);
  UPDATE cases_diagnosticrun SET steps = companyos_bleached(steps, ''), progress = '', error = '',
         state = CASE WHEN finished_at IS NULL THEN 'failed' ELSE state END,
         finished_at = coalesce(finished_at, clock_timestamp()) WHERE case_id = ANY (ids);
  UPDATE cases_transition SET reason = CASE reason WHEN '' THEN '' ELSE '[erased]' END,
         sla_impact = companyos_bleached(sla_impact, '') WHERE case_id = ANY (ids);
  UPDATE sla_clockentry SET reason = CASE reason WHEN '' THEN '' ELSE '[erased]' END
   WHERE clock_id IN (SELECT id FROM sla_clock WHERE clock_set_id = ANY (sets));
  UPDATE sla_clock SET cancel_reason = CASE cancel_reason WHEN '' THEN '' ELSE '[erased]' END WHERE clock_set_id = ANY (sets);
  UPDATE events_event SET payload = companyos_bleached(payload, ''), reason = CASE reason WHEN '' THEN '' ELSE '[erased]' END
   WHERE (subject_kind = 'case' AND subject_id = ANY (ids)) OR (subject_kind = 'clock_set' AND subject_id = ANY (sets));
  UPDATE events_delivery SET last_error = '[erased]' WHERE last_error <> '' AND event_id IN (
    SELECT id FROM events_event WHERE subject_kind = 'case' AND subject_id = ANY (ids));
  -- Other cases name these, with their subjects, among their past ones.
  UPDATE cases_case SET enrichment = jsonb_set(enrichment, '{past_cases}', companyos_bleached(enrichment->'past_cases', ''))
   WHERE tenant_id = person.tenant_id AND EXISTS (
     SELECT 1 FROM jsonb_path_query(enrichment, '$.past_cases[*].reference') p (ref) WHERE p.ref #>> '{}' = ANY (refs));
  UPDATE events_event SET payload = jsonb_set(payload, '{past_cases}', companyos_bleached(payload->'past_cases', ''))
   WHERE tenant_id = person.tenant_id AND name = 'case.enriched' AND EXISTS (
     SELECT 1 FROM jsonb_path_query(payload, '$.past_cases[*].reference') p (ref) WHERE p.ref #>> '{}' = ANY (refs));
END
"""
)
# What the requester did in cases that are not theirs: an administrator's words in a colleague's case.
ERASE_ELSEWHERE = """
DECLARE
  person tenants_requester := companyos_erasure_of(job);
BEGIN
  IF EXISTS (
    SELECT 1 FROM (
      SELECT case_id FROM cases_message
       WHERE tenant_id = person.tenant_id AND author_kind = 'requester' AND author_id = person.id
      UNION SELECT case_id FROM cases_transition
       WHERE tenant_id = person.tenant_id AND actor_kind = 'requester' AND actor_id = person.id) w
      JOIN cases_case c ON c.id = w.case_id WHERE companyos_held(c.tenant_id, c.requester_id, c.reference)) THEN
    RAISE EXCEPTION 'a legal hold keeps a case in which requester % wrote', person.id USING ERRCODE = 'restrict_violation';
  END IF;
  INSERT INTO tenants_fileremoval (tenant_id, name, next_attempt_at, attempts, last_error)
  SELECT a.tenant_id, a.file, clock_timestamp(), 0, '' FROM cases_attachment a JOIN cases_message m ON m.id = a.message_id
   WHERE a.tenant_id = person.tenant_id AND m.author_kind = 'requester' AND m.author_id = person.id AND a.file <> '';
  DELETE FROM cases_attachment a USING cases_message m
   WHERE m.id = a.message_id AND a.tenant_id = person.tenant_id AND m.author_kind = 'requester' AND m.author_id = person.id;
  UPDATE cases_message SET body = '[erased]', author_name = person.name
   WHERE tenant_id = person.tenant_id AND author_kind = 'requester' AND author_id = person.id;
  UPDATE cases_survey SET words = '' WHERE tenant_id = person.tenant_id AND requester_id = person.id;
  UPDATE cases_transition SET actor_name = person.name, reason = CASE reason WHEN '' THEN '' ELSE '[erased]' END
   WHERE tenant_id = person.tenant_id AND actor_kind = 'requester' AND actor_id = person.id;
  UPDATE sla_clock SET cancel_reason = '[erased]' WHERE tenant_id = person.tenant_id AND cancel_reason <> '' AND id IN (
    SELECT clock_id FROM sla_clockentry WHERE actor_kind = 'requester' AND actor_id = person.id AND kind = 'cancelled');
  UPDATE sla_clockentry SET actor_name = person.name, reason = CASE reason WHEN '' THEN '' ELSE '[erased]' END
   WHERE tenant_id = person.tenant_id AND actor_kind = 'requester' AND actor_id = person.id;
END
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_search_messages"),
        ("sla", "0002_isolation"),
        ("tenants", "0007_privacy"),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='erased_at',
            field=models.DateTimeField(editable=False, help_text='When its requester was forgotten.', null=True),
        ),
        migrations.AddField(
            model_name='case',
            name='words_removed_at',
            field=models.DateTimeField(editable=False, help_text='When retention took the messages.', null=True),
        ),
        migrations.CreateModel(
            name='CaseStatistic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('opened_on', models.DateField()),
                ('closed_on', models.DateField()),
                ('priority', models.CharField(max_length=2)),
                ('severity', models.CharField(blank=True, max_length=2)),
                ('channel', models.CharField(max_length=10)),
                ('support_tier', models.CharField(max_length=12)),
                ('closed_as', models.CharField(max_length=10)),
                ('resolution_code', models.CharField(blank=True, max_length=20)),
                ('reopenings', models.PositiveSmallIntegerField(default=0)),
                ('first_response_seconds', models.PositiveBigIntegerField(null=True)),
                ('resolution_seconds', models.PositiveBigIntegerField(help_text='From opened to resolved.', null=True)),
                ('score', models.PositiveSmallIntegerField(help_text="The customer's last satisfaction, 1 to 5.", null=True)),
                ('scored_on', models.DateField(null=True)),
                ('promises', models.JSONField(default=dict)),
                ('tenant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenants.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'opened_on'], name='case_statistic_opened'), models.Index(fields=['closed_on'], name='case_statistic_closed')],
            },
        ),
        TenantPolicy("cases_casestatistic"),
        Rewriter("companyos_drop_cases(ids bigint[], at timestamptz)", "integer", DROP_CASES),
        Rewriter("companyos_drop_words(ids bigint[], at timestamptz)", "integer", DROP_WORDS),
        Rewriter("companyos_drop_files(ids bigint[], at timestamptz)", "integer", DROP_CASE_FILES),
        Rewriter("companyos_erase_cases(job bigint, ids bigint[])", "void", ERASE_CASES),
        Rewriter("companyos_erase_elsewhere(job bigint)", "void", ERASE_ELSEWHERE),
    ]
