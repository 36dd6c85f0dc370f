"""Row-level security, and the rules that a new installation begins with."""

from django.db import migrations

from tenants.isolation import TenantPolicy

RULES = (
    ("quota", "product", "Increase default quotas for segment {segment}"),
    ("defect", "reliability", "Keep from coming back: {root_cause}"),
    ("workaround", "product", "Make the workaround needless: {subject}"),
    ("configuration", "reliability", "Guard the configuration: {root_cause}"),
    ("answered", "docs", "Write a guide: {subject}"),
)


def add_rules(apps, schema_editor):
    rule = apps.get_model("reporting", "FeedbackRule")
    for code, backlog, title in RULES:
        rule.objects.get_or_create(resolution_code=code, backlog=backlog, defaults={"title": title})


class Migration(migrations.Migration):
    dependencies = [("reporting", "0001_initial"), ("tenants", "0002_isolation")]

    operations = [
        TenantPolicy("reporting_feedbackitem"),
        migrations.RunPython(add_rules, migrations.RunPython.noop),
    ]
