"""Row-level security of the spine's tables, which know no tenants' rules themselves.

The log belongs to the tenant it tells of; requesters read what is public from the conversation, never from the log.
Remembered answers hold tenants' data: a requester reaches only those given to them.
"""

from django.db import migrations

from tenants.isolation import REQUESTER_ID, AppendOnly, RowPolicy, TenantPolicy


class Migration(migrations.Migration):
    dependencies = [("tenants", "0002_isolation"), ("events", "0001_initial"), ("web", "0001_initial")]

    operations = [
        TenantPolicy("events_event"),
        TenantPolicy("events_delivery"),
        AppendOnly("events_event"),
        RowPolicy("web_idempotentrequest", for_requesters=f"actor = 'requester:' || {REQUESTER_ID}"),
    ]
