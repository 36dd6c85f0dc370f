"""`python -m tests.minimal HOST_URL`: the known cast in an installation's own database, with passwords."""

from __future__ import annotations

import sys

import django

django.setup()

from django.conf import settings  # noqa: E402  (models need the set-up above)

from cases.models import Macro, Runbook  # noqa: E402
from companyos.demo import host_secrets  # noqa: E402
from tenants import isolation  # noqa: E402
from tenants.access import SYSTEM  # noqa: E402
from tenants.models import User  # noqa: E402
from tests.cast import assemble  # noqa: E402

PASSWORD = "correct-horse-battery"
CUSTOMER_ORIGIN = "http://customer.example"


def fill(host_url: str) -> None:
    """The cast; Acme and Birch have the widget secrets and the telemetry of the demo's host."""
    cast = assemble()
    for tenant in (cast.acme, cast.birch):
        tenant.widget_secret = host_secrets.widget_secret(settings.SECRET_KEY, tenant.slug)
        tenant.widget_origins = [host_url, CUSTOMER_ORIGIN]
        tenant.telemetry_url = f"{host_url}/telemetry/{tenant.slug}"
        tenant.telemetry_token = host_secrets.telemetry_token(settings.SECRET_KEY)
        tenant.save()
    for person in User.objects.all():
        person.set_password(PASSWORD)
        person.save(update_fields=["password"])
    book = Runbook.objects.create(
        key="ingestion",
        title="Ingestion delays",
        topic="ingestion",
        resource_key="ingest",
        body="Look at the quota first.",
        diagnostics=[{"name": "resources", "title": "Read the resources", "path": "/resources", "as": "json"}],
    )
    Macro.objects.create(
        key="ingestion-delay",
        title="Ingestion delay",
        topic="ingestion",
        body="Hello {first_name}, we look at {reference}.",
        runbook=book,
        signals=["throttled"],
    )


if __name__ == "__main__":
    with isolation.scope(SYSTEM):
        fill(sys.argv[1])
