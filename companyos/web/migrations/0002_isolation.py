"""Remembered answers hold tenants' data: a requester reaches only those given to them."""

from django.db import migrations

from tenants.isolation import REQUESTER_ID, RowPolicy


class Migration(migrations.Migration):
    dependencies = [("web", "0001_initial"), ("tenants", "0002_isolation")]

    operations = [RowPolicy("web_idempotentrequest", for_requesters=f"actor = 'requester:' || {REQUESTER_ID}")]
