"""The audit trail that can be proven: columns to search by, seals, redaction with its reason; the portal's door."""

import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

import tenants.models.audit
from tenants.isolation import REQUESTER_ID, AppendOnly, AppendOnlyFunction, Rewriter, RowPolicy, TenantPolicy

# What was written before these columns were: who acted stood in additional_data.
BACKFILL = """
    SELECT set_config('companyos.rewriting', 'on', true), set_config('companyos.tenants', 'all', true);
    UPDATE tenants_auditentry
       SET kind = CASE action WHEN 3 THEN 'view' ELSE 'change' END,
           actor_kind = coalesce(additional_data->'acting'->>'kind', ''),
           actor_ref = (additional_data->'acting'->>'id')::bigint,
           actor_name = left(coalesce(additional_data->'acting'->>'name', ''), 200),
           actor_role = coalesce(additional_data->'acting'->>'role', ''),
           case_reference = coalesce((SELECT c.reference FROM cases_case c, django_content_type t
              WHERE t.id = content_type_id AND t.app_label = 'cases' AND t.model = 'case' AND c.id = object_id), '');
    SELECT set_config('companyos.rewriting', '', true), set_config('companyos.tenants', '', true);
"""
# A requester reads own deeds; an administrator also what the support side saw of the tenant, which has no diffs in it.
_POLICY = """
    DROP POLICY requester ON tenants_auditentry;
    CREATE POLICY requester ON tenants_auditentry AS RESTRICTIVE USING ({reads}) WITH CHECK ({writes});
"""
_SUPPORT = "(SELECT coalesce(current_setting('companyos.requester', true), '')) = ''"
_OWN = f"actor_kind = 'requester' AND actor_ref = {REQUESTER_ID}"
_ADMIN = f"(SELECT EXISTS (SELECT 1 FROM tenants_requester r WHERE r.id = {REQUESTER_ID} AND r.role = 'admin'))"  # noqa: S608
_SEEN = "actor_kind = 'agent' AND kind IN ('view', 'list', 'file', 'export') AND tenant_id IS NOT NULL"
_WRITES = f"{_SUPPORT} OR ({_OWN})"
READ_BY_CUSTOMERS = _POLICY.format(reads=f"{_WRITES} OR ({_SEEN} AND {_ADMIN})", writes=_WRITES)
# Taken back, it reads no column of this migration.
_BEFORE = (
    f"{_SUPPORT} OR (additional_data->'acting'->>'kind' = 'requester' "
    f"AND (additional_data->'acting'->>'id')::bigint = {REQUESTER_ID})"
)
READ_OWN_DEEDS = _POLICY.format(reads=_BEFORE, writes=_BEFORE)

STAMP = """
    CREATE FUNCTION companyos_audit_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      shift bigint;
      sealed bigint;
    BEGIN
      SELECT s.shift, s.xact_to INTO shift, sealed FROM public.tenants_auditseal s ORDER BY s.number DESC LIMIT 1;
      -- The schema is named, or a temporary table of the caller's would come first.
      -- Below what is sealed only in a restored database whose server counts from a lower number.
      NEW.xact := greatest(pg_current_xact_id()::text::bigint + coalesce(shift, 0), coalesce(sealed, 0));
      NEW.salt := gen_random_uuid();
      NEW.personal_digest := NULL;
      RETURN NEW;
    END $$;
    CREATE TRIGGER stamp BEFORE INSERT ON tenants_auditentry FOR EACH ROW EXECUTE FUNCTION companyos_audit_stamp();
"""
UNSTAMP = "DROP TRIGGER stamp ON tenants_auditentry; DROP FUNCTION companyos_audit_stamp();"

# The owner may be a superuser, whom row-level security does not bind: the scope is asked for in so many words.
DECLARE = """
    DECLARE
      done bigint[];
    BEGIN
      IF coalesce(current_setting('companyos.tenants', true), '') <> 'all'
         OR coalesce(current_setting('companyos.requester', true), '') <> '' THEN
        RAISE EXCEPTION 'the audit log is rewritten in the scope of every tenant only'
          USING ERRCODE = 'insufficient_privilege';
      END IF;
      IF length(btrim(coalesce(why, ''))) = 0 THEN RAISE EXCEPTION 'say why'; END IF;
"""
EXPLAIN = """
    INSERT INTO tenants_auditentry (tenant_id, kind, action, content_type_id, object_pk, object_repr, changes_text,
      changes, actor_id, actor_kind, actor_ref, actor_role, actor_name, via, route, case_reference, shown, named, cid,
      timestamp)
    SELECT of_tenant, '{kind}', {action},
      (SELECT id FROM django_content_type WHERE app_label = 'tenants' AND model = 'auditentry'),
      '', '{kind}', '', jsonb_build_object('reason', why, 'rows', cardinality(done)), (acting->>'user')::bigint,
      acting->>'kind', (acting->>'ref')::bigint, acting->>'role', left(acting->>'name', 200), '', '', '',
      ARRAY[]::varchar[], done, acting->>'cid', clock_timestamp()
    WHERE cardinality(done) > 0;
    RETURN cardinality(done);
    END
"""
REDACT = """
    WITH gone AS (
      UPDATE tenants_auditentry t
         SET object_repr = '', serialized_data = NULL, changes_text = '', changes = NULL, actor_name = '',
             actor_email = NULL, remote_addr = NULL, remote_port = NULL, additional_data = NULL, salt = NULL,
             personal_digest = d.digest
        FROM unnest(targets, digests) AS d(id, digest)
       WHERE t.id = d.id AND t.tenant_id IS NOT DISTINCT FROM of_tenant AND t.personal_digest IS NULL
         AND t.kind NOT IN ('redaction', 'purge') AND octet_length(d.digest) = 32
      RETURNING t.id)
    SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO done FROM gone;
"""
PURGE = """
    IF older_than > clock_timestamp() - interval '30 days' THEN
      RAISE EXCEPTION 'audit rows younger than 30 days are never purged';
    END IF;
    IF EXISTS (SELECT 1 FROM tenants_legalhold h WHERE h.tenant_id = of_tenant AND h.released_at IS NULL) THEN
      RAISE EXCEPTION 'a legal hold keeps the audit trail of tenant %', of_tenant USING ERRCODE = 'restrict_violation';
    END IF;
    WITH gone AS (
      DELETE FROM tenants_auditentry t
       WHERE t.id = ANY (targets) AND t.tenant_id IS NOT DISTINCT FROM of_tenant AND t.timestamp < older_than
         AND t.kind NOT IN ('redaction', 'purge')
      RETURNING t.id)
    SELECT coalesce(array_agg(id ORDER BY id), '{}') INTO done FROM gone;
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0005_trust_isolation")]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("format", models.PositiveSmallIntegerField(default=1)),
                ("at", models.DateTimeField()),
                ("xact_from", models.BigIntegerField()),
                ("xact_to", models.BigIntegerField()),
                ("shift", models.BigIntegerField(default=0)),
                ("rows", models.PositiveIntegerField()),
                ("leaves", models.BinaryField()),
                ("root", models.BinaryField()),
                ("previous", models.BinaryField()),
                ("key_name", models.CharField(max_length=16)),
                ("digest", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="AuditProof",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waiting"),
                            ("running", "Running"),
                            ("whole", "Whole"),
                            ("broken", "Broken"),
                        ],
                        default="queued",
                        max_length=7,
                    ),
                ),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("number", models.PositiveIntegerField(default=0, help_text="The last seal that was walked.")),
                ("seals", models.PositiveIntegerField(default=0, help_text="How many there were when it began.")),
                ("rows", models.PositiveBigIntegerField(default=0)),
                ("waiting", models.PositiveBigIntegerField(default=0, help_text="Rows that were not sealed yet.")),
                ("head", models.CharField(blank=True, max_length=64)),
                ("findings", models.JSONField(default=list)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["queued", "running"])), fields=["id"], name="audit_proof_due"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state__in", ["queued", "running"])),
                            models.Q(("finished_at__isnull", False), ("state__in", ["whole", "broken"])),
                            _connector="OR",
                        ),
                        name="audit_proof_ended_has_instant",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PortalVisit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("link_digest", models.CharField(max_length=64, unique=True)),
                ("link_ends_at", models.DateTimeField()),
                ("opened_at", models.DateTimeField(null=True)),
                ("key_digest", models.CharField(max_length=64, null=True, unique=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="auditentry",
            name="actor_kind",
            field=models.CharField(blank=True, max_length=9),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="actor_name",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="actor_ref",
            field=models.BigIntegerField(help_text="The user's or the requester's id, by actor_kind.", null=True),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="actor_role",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="api_key_ref",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="case_reference",
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="grant",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenants.grant"
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("change", "Change"),
                    ("view", "View"),
                    ("list", "List"),
                    ("file", "File"),
                    ("export", "Export"),
                    ("sign-in", "Sign-in"),
                    ("redaction", "Redaction"),
                    ("purge", "Purge"),
                ],
                default="change",
                max_length=9,
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="named",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                help_text="Rows that this redaction or purge explains.",
                null=True,
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="personal_digest",
            field=models.BinaryField(help_text="Stands for the personal part once it is taken out.", null=True),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="route",
            field=models.CharField(blank=True, max_length=100),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="salt",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(), editable=False, null=True
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="shown",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=20),
                default=list,
                help_text="References that a list showed.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="via",
            field=models.CharField(
                blank=True, help_text="console, api, admin, widget, portal; '' in the background.", max_length=10
            ),
        ),
        migrations.AddField(
            model_name="auditentry",
            name="xact",
            field=models.BigIntegerField(db_default=tenants.models.audit.CurrentTransaction(), editable=False),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["actor_kind", "actor_ref", "-timestamp"], name="audit_actor_time"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["kind", "-timestamp"], name="audit_kind_time"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("case_reference", ""), _negated=True),
                fields=["case_reference", "-timestamp"],
                name="audit_case_time",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("grant__isnull", False)), fields=["grant", "-timestamp"], name="audit_grant_time"
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["remote_addr", "-timestamp"], name="audit_address_time"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["xact", "id"], name="audit_xact"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("kind", "list")), fields=["shown"], name="audit_shown"
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("kind__in", ["redaction", "purge"])), fields=["named"], name="audit_named"
            ),
        ),
        migrations.AddIndex(
            model_name="auditseal",
            index=models.Index(fields=["at"], name="seal_time"),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.CheckConstraint(
                condition=models.Q(("xact_to__gte", models.F("xact_from"))), name="seal_range_forward"
            ),
        ),
        migrations.AddField(
            model_name="portalvisit",
            name="requester",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.requester"
            ),
        ),
        migrations.AddField(
            model_name="portalvisit",
            name="tenant",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenants.tenant"),
        ),
        migrations.AddIndex(
            model_name="portalvisit",
            index=models.Index(fields=["requester", "-id"], name="portal_visit_requester"),
        ),
        migrations.AddConstraint(
            model_name="portalvisit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ends_at__isnull", True), ("key_digest__isnull", True), ("opened_at__isnull", True)),
                    models.Q(
                        ("ends_at__gt", models.F("opened_at")),
                        ("key_digest__isnull", False),
                        ("opened_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="portal_visit_opened_whole",
            ),
        ),
        TenantPolicy("tenants_portalvisit"),
        RowPolicy("tenants_auditproof"),
        migrations.RunSQL(AppendOnlyFunction().sql.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"), ""),
        migrations.RunSQL(BACKFILL, ""),
        migrations.RunSQL(READ_BY_CUSTOMERS, READ_OWN_DEEDS),
        AppendOnly("tenants_auditseal"),
        migrations.RunSQL(STAMP, UNSTAMP),
        Rewriter(
            "companyos_audit_redact(of_tenant bigint, targets bigint[], digests bytea[], why text, acting jsonb)",
            "integer",
            DECLARE + REDACT + EXPLAIN.format(kind="redaction", action=1),
        ),
        Rewriter(
            "companyos_audit_purge(of_tenant bigint, targets bigint[], older_than timestamptz, why text, acting jsonb)",
            "integer",
            DECLARE + PURGE + EXPLAIN.format(kind="purge", action=2),
        ),
    ]
