"""Reading a tenant's resources and their health from its telemetry, and keeping what was read.

The telemetry answers `GET <telemetry_url>/resources` with {"resources": [{key, name, kind, region, version, config,
health, signals}]}. The network is never inside a transaction: claim (commit), read, keep (commit).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from companyos.web import outbound
from integrations.models import Connection
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import Resource
from tenants.models.tenant import HEALTH

MOST_BYTES = 5 * 1024 * 1024
LONGEST_BACKOFF = timedelta(minutes=15)
_HEALTHS = {value for value, _ in HEALTH}


@dataclass(frozen=True)
class _Claim:
    connection_id: int
    tenant_id: int
    url: str
    token: str


def refresh_one(now: datetime) -> bool:
    """Refresh the tenant whose telemetry is longest overdue; False when none is due."""
    claim = _claim(now)
    if claim is None:
        return False
    try:
        resources = parse(outbound.get(f"{claim.url.rstrip('/')}/resources", token=claim.token, most_bytes=MOST_BYTES))
    except (outbound.OutboundError, ValueError) as error:
        _failed(claim, str(error), now)
    else:
        _keep(claim, resources, now)
    return True


def _claim(now: datetime) -> _Claim | None:
    with isolation.scope(SYSTEM):
        connection = (
            Connection.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("tenant")
            .filter(kind=Connection.Kind.TELEMETRY, enabled=True, next_run_at__lte=now)
            .exclude(tenant__telemetry_url="")
            .order_by("next_run_at")
            .first()
        )
        if connection is None:
            return None
        connection.next_run_at = now + timedelta(seconds=connection.every_seconds)
        connection.save(update_fields=["next_run_at"])
        tenant = connection.tenant
        return _Claim(connection.pk, tenant.pk, tenant.telemetry_url, tenant.telemetry_token or "")


def parse(body: bytes) -> list[dict[str, Any]]:
    """The resources of an answer, checked; raises ValueError naming what is wrong."""
    answer = json.loads(body)
    resources = answer.get("resources") if isinstance(answer, dict) else None
    if not isinstance(resources, list):
        raise ValueError("The telemetry's answer has no list of resources.")
    for resource in resources:
        if not isinstance(resource, dict) or not resource.get("key"):
            raise ValueError("A resource of the telemetry's answer has no key.")
        if resource.get("health") not in _HEALTHS:
            raise ValueError(f"Resource {resource['key']} has an unknown health: {resource.get('health')!r}.")
    return resources


def _keep(claim: _Claim, resources: list[dict[str, Any]], now: datetime) -> None:
    with isolation.scope(SYSTEM):
        Resource.objects.bulk_create(
            [
                Resource(
                    tenant_id=claim.tenant_id,
                    key=str(found["key"])[:80],
                    name=str(found.get("name") or found["key"])[:120],
                    kind=str(found.get("kind", "service"))[:40],
                    region=str(found.get("region", ""))[:20],
                    version=str(found.get("version", ""))[:60],
                    config=found.get("config") or {},
                    health=found["health"],
                    signals=found.get("signals") or {},
                    observed_at=now,
                )
                for found in resources
            ],
            update_conflicts=True,
            unique_fields=["tenant", "key"],
            update_fields=["name", "kind", "region", "version", "config", "health", "signals", "observed_at"],
        )
        Connection.objects.filter(pk=claim.connection_id).update(last_ok_at=now, last_error="", failures=0)


def _failed(claim: _Claim, error: str, now: datetime) -> None:
    with isolation.scope(SYSTEM):
        connection = Connection.objects.select_for_update().get(pk=claim.connection_id)
        connection.failures += 1
        connection.last_error = error[:2000]
        delay = timedelta(seconds=connection.every_seconds * 2 ** min(connection.failures, 10))
        connection.next_run_at = now + min(delay, LONGEST_BACKOFF)
        connection.save(update_fields=["failures", "last_error", "next_run_at"])
