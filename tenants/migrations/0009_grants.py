"""Temporary elevated access: what the database itself holds of a grant, and what more of content is sealed."""

from django.conf import settings
from django.db import migrations, models

from tenants.isolation import Sealed

MOVES = """
CREATE FUNCTION companyos_grant_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'a grant is never deleted' USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.tenant_id, NEW.user_id, NEW.reach, NEW.subject_kind, NEW.subject_id, NEW.subject_reference, NEW.reason,
      NEW.requested_by_id, NEW.requested_at, NEW.break_glass)
     IS DISTINCT FROM
     (OLD.tenant_id, OLD.user_id, OLD.reach, OLD.subject_kind, OLD.subject_id, OLD.subject_reference, OLD.reason,
      OLD.requested_by_id, OLD.requested_at, OLD.break_glass) THEN
    RAISE EXCEPTION 'what a grant is for stands' USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN
     (('requested', 'granted'), ('requested', 'denied'), ('requested', 'withdrawn'), ('granted', 'revoked')) THEN
    RAISE EXCEPTION 'a grant does not go from % to %', OLD.state, NEW.state USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.minutes > OLD.minutes OR NEW.ends_at > OLD.ends_at
     OR (OLD.starts_at IS NOT NULL AND NEW.starts_at IS DISTINCT FROM OLD.starts_at)
     OR (OLD.ends_at IS NOT NULL AND NEW.ends_at IS NULL) THEN
    RAISE EXCEPTION 'a grant only grows shorter' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER grant_moves BEFORE UPDATE OR DELETE ON tenants_grant
  FOR EACH ROW EXECUTE FUNCTION companyos_grant_moves();
ALTER TABLE tenants_grant ADD CONSTRAINT grant_within_its_minutes
  CHECK (ends_at <= starts_at + minutes * interval '1 minute');
"""
NO_MOVES = """
ALTER TABLE tenants_grant DROP CONSTRAINT grant_within_its_minutes;
DROP TRIGGER grant_moves ON tenants_grant;
DROP FUNCTION companyos_grant_moves();
"""

LOOKS_AND_OPEN_CHANGES = """
tenant_id IS NULL OR kind <> 'change' OR content_type_id <> ALL (
  SELECT id FROM django_content_type WHERE (app_label, model) IN
    (('cases', 'case'), ('tenants', 'resource'), ('tenants', 'entitlement'), ('escalations', 'incidentlink'))
) OR (case_reference <> '' AND object_id = ANY ({cases}))
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0008_keys"),
        ("escalations", "0002_isolation"),
        ("reporting", "0002_isolation"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="grant",
            name="nagged_at",
            field=models.DateTimeField(help_text="When the missing review was last called for.", null=True),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=models.Q(("break_glass", False), ("minutes__lte", 60), _connector="OR"),
                name="grant_break_glass_is_brief",
            ),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "requested")),
                fields=("user", "tenant", "subject_kind", "subject_id"),
                name="grant_one_open_request",
            ),
        ),
        migrations.RunSQL(sql=MOVES, reverse_sql=NO_MOVES),
        # A link's reason names the resource that both affect; a lesson tells how the case was solved.
        Sealed("escalations_incidentlink"),
        Sealed("reporting_feedbackitem"),
        # Who looked stays visible to whoever audits; what a change of content said does not.
        Sealed("tenants_auditentry", opened=LOOKS_AND_OPEN_CHANGES),
    ]
