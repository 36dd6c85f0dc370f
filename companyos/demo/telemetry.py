"""A small ingest service, simulated: events arrive at a rate, a quota refuses what is above it.

Everything is a pure function of (tenant, quotas, minute): the page, the telemetry API and the seed see
the same numbers. No health is fixed: red or ok follows from offered and accepted events.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

BUCKET = 60  # seconds
THROTTLED = "ERR-INGEST-429"
OBJECTIVES = {"accepted": 99.5, "available": 99.95}  # percent
LATENCY_OBJECTIVE = 250  # ms, p95


@dataclass(frozen=True)
class IngestPlan:
    """What one tenant sends and may send."""

    tenant: str
    base_eps: float
    quota_eps: int  # the one in force now
    region: str
    version: str
    earlier: tuple[tuple[int, int], ...] = ()  # (first minute after it, quota), oldest first

    @property
    def revision(self) -> int:
        return 7 + len(self.earlier)

    def quota_at(self, bucket: int) -> int:
        return next((quota for until, quota in self.earlier if bucket < until), self.quota_eps)

    def with_quota(self, quota_eps: int, now: datetime) -> IngestPlan:
        """From the running minute on; what was refused before stays refused."""
        return replace(self, quota_eps=quota_eps, earlier=(*self.earlier, (bucket_of(now), self.quota_eps)))


PLANS = {
    plan.tenant: plan
    for plan in (
        IngestPlan("acme", 5_900, 5_000, "eu-central-1", "2026.3.4"),
        IngestPlan("birch", 2_600, 4_000, "us-east-1", "2026.3.4"),
        IngestPlan("cedar", 640, 900, "eu-north-1", "2026.3.2"),
    )
}


@dataclass(frozen=True)
class Companion:
    """A service beside ingest: it answers requests and hardly ever fails."""

    key: str
    name: str
    kind: str
    version: str
    base_ms: int


COMPANIONS = (
    Companion("api", "Query API", "service", "4.18.0", 120),
    Companion("billing", "Billing", "service", "1.9.2", 90),
    Companion("auth", "Sign-in and tokens", "service", "3.2.7", 60),
    Companion("dashboard", "Dashboard", "web app", "5.41.1", 140),
)


@dataclass(frozen=True)
class Minute:
    """One minute of ingest, in events per second."""

    bucket: int
    offered: float
    accepted: float

    @property
    def rejected_share(self) -> float:
        return 1 - self.accepted / self.offered

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.bucket * BUCKET, UTC)

    @property
    def p95_ms(self) -> float:
        """Queueing: latency grows with the share that is refused."""
        return round(85 + 40 * noise("latency", self.bucket) + 900 * self.rejected_share, 1)


def noise(name: str, bucket: int) -> float:
    """In [0, 1), the same for the same name and minute."""
    digest = hashlib.sha256(f"{name}:{bucket}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def bucket_of(now: datetime) -> int:
    return int(now.timestamp()) // BUCKET


def minute(plan: IngestPlan, bucket: int) -> Minute:
    share_of_day = (bucket * BUCKET % 86_400) / 86_400
    daily = 1 + 0.08 * math.sin(2 * math.pi * (share_of_day - 0.25))
    offered = plan.base_eps * daily * (0.95 + 0.1 * noise(plan.tenant, bucket))
    return Minute(bucket, round(offered, 1), round(min(offered, plan.quota_at(bucket)), 1))


def last(plan: IngestPlan, now: datetime, minutes: int, step: int = 1) -> list[Minute]:
    """The whole minutes before `now`, oldest first, each `step` minutes apart."""
    end = bucket_of(now)
    return [minute(plan, end - back) for back in range(minutes, 0, -step)]


def accepted_percent(minutes: list[Minute]) -> float:
    return round(100 * sum(m.accepted for m in minutes) / sum(m.offered for m in minutes), 3)


def _budget(objective: float, hour: float, window: float) -> dict[str, object]:
    allowed = 100 - objective
    return {
        "window": "30d",
        "objective": objective,
        "consumed": round((100 - window) / allowed, 2),  # 1.0 is the whole budget
        "remaining": round(max(0.0, 1 - (100 - window) / allowed), 3),
        "burn_rate": round((100 - hour) / allowed, 2),
    }


def _status(good: bool, near: bool) -> str:
    if good:
        return "ok"
    return "degraded" if near else "red"


def _alerts(plan: IngestPlan, recent: list[Minute], burn: float) -> list[dict[str, object]]:
    throttled = [m for m in recent if m.rejected_share > 0]
    if not throttled:
        return []
    first, worst = throttled[0], max(throttled, key=lambda m: m.rejected_share)
    quota = plan.quota_at(worst.bucket)
    alerts: list[dict[str, object]] = [
        {
            "name": "IngestThrottled",
            "severity": "page" if worst.rejected_share > 0.05 else "ticket",
            "at": first.at.isoformat(),
            "text": f"{worst.rejected_share:.1%} of events refused at the quota of {quota} events/s",
            "error_id": THROTTLED,
        }
    ]
    if burn > 14.4:
        text = f"Error budget burns {burn:.1f} times too fast"
        at = recent[-1].at.isoformat()
        alerts.append({"name": "IngestErrorBudgetBurn", "severity": "page", "at": at, "text": text})
    return alerts


def ingest_signals(plan: IngestPlan, now: datetime) -> dict[str, object]:
    recent = last(plan, now, 60)
    accepted = accepted_percent(recent[-5:])
    month = accepted_percent(last(plan, now, 43_200, step=360))
    budget = _budget(OBJECTIVES["accepted"], accepted_percent(recent), month)
    p95 = max(m.p95_ms for m in recent[-5:])
    objective = OBJECTIVES["accepted"]
    return {
        "slis": [
            {
                "name": "Accepted events",
                "value": accepted,
                "objective": objective,
                "unit": "%",
                "window": "5m",
                "status": _status(accepted >= objective, accepted >= 99),
            },
            {
                "name": "Latency p95",
                "value": p95,
                "objective": LATENCY_OBJECTIVE,
                "unit": "ms",
                "window": "5m",
                "status": _status(p95 <= LATENCY_OBJECTIVE, p95 <= 2 * LATENCY_OBJECTIVE),
            },
        ],
        "error_budget": budget,
        "alerts": _alerts(plan, recent, float(str(budget["burn_rate"]))),
        "usage": {
            "offered_eps": recent[-1].offered,
            "accepted_eps": recent[-1].accepted,
            "quota_eps": plan.quota_eps,
        },
    }


def ingest_config(plan: IngestPlan) -> dict[str, object]:
    return {
        "quota_eps": plan.quota_eps,
        "burst_seconds": 5,
        "overflow": "refuse",
        "partitions": max(4, plan.quota_eps // 500),
        "retention_days": 30,
        "revision": plan.revision,
    }


def _companion_resource(companion: Companion, plan: IngestPlan, now: datetime) -> dict[str, object]:
    bucket = bucket_of(now)
    name = f"{plan.tenant}:{companion.key}"
    available = round(100 - 0.04 * noise(name, bucket // 60), 3)
    p95 = round(companion.base_ms * (0.9 + 0.2 * noise(name, bucket)), 1)
    objective = OBJECTIVES["available"]
    status = _status(available >= objective, True)
    sli = {"name": "Available", "value": available, "objective": objective, "unit": "%", "window": "1h"}
    latency = {"name": "Latency p95", "value": p95, "objective": LATENCY_OBJECTIVE, "unit": "ms"}
    return {
        "key": companion.key,
        "name": companion.name,
        "kind": companion.kind,
        "service": companion.key,
        "region": plan.region,
        "version": companion.version,
        "config": {"replicas": 3, "timeout_ms": 2_000, "revision": 3},
        "health": status,
        "signals": {
            "slis": [{**sli, "status": status}, {**latency, "window": "5m", "status": "ok"}],
            "error_budget": _budget(objective, available, (available + 100) / 2),
            "alerts": [],
        },
    }


def worst_of(statuses: list[str]) -> str:
    return max(statuses, key=("ok", "degraded", "red").index)


def resources(plan: IngestPlan, now: datetime) -> list[dict[str, object]]:
    """Every resource of the tenant as the telemetry API answers it; `health` is ok, degraded or red."""
    signals = ingest_signals(plan, now)
    slis = signals["slis"]
    assert isinstance(slis, list)
    ingest: dict[str, object] = {
        "key": "ingest",
        "name": "Event ingest",
        "kind": "service",
        "service": "ingest",
        "region": plan.region,
        "version": plan.version,
        "config": ingest_config(plan),
        "health": worst_of([sli["status"] for sli in slis]),
        "signals": signals,
    }
    return [ingest, *(_companion_resource(companion, plan, now) for companion in COMPANIONS)]


def trace_id(tenant: str, bucket: int) -> str:
    """32 hex digits; the first eight are the minute, so that a trace can be worked out again from its id."""
    return f"{bucket:08x}" + hashlib.sha256(f"trace:{tenant}:{bucket}".encode()).hexdigest()[:24]


def trace(plan: IngestPlan, wanted: str) -> dict[str, object] | None:
    """The trace with this id, or None when this tenant has no such trace."""
    try:
        bucket = int(wanted[:8], 16)
    except ValueError:
        return None
    if wanted != trace_id(plan.tenant, bucket):
        return None
    sample = minute(plan, bucket)
    throttled = sample.rejected_share > 0
    gateway = round(4 + 6 * noise(wanted, 1), 1)
    wait = round(sample.p95_ms - gateway, 1)
    spans = [
        {
            "name": "gateway.accept",
            "service": "ingest",
            "start_ms": 0,
            "duration_ms": gateway,
            "status": "ok",
        },
        {
            "name": "quota.reserve",
            "service": "ingest",
            "start_ms": gateway,
            "duration_ms": wait,
            "status": "error" if throttled else "ok",
            "attributes": {"offered_eps": sample.offered, "quota_eps": plan.quota_at(bucket)},
        },
    ]
    if not throttled:
        write = {"name": "log.append", "service": "ingest", "start_ms": gateway + wait, "duration_ms": 3.1}
        spans.append({**write, "status": "ok"})
    return {
        "trace_id": wanted,
        "at": sample.at.isoformat(),
        "tenant": plan.tenant,
        "error_id": THROTTLED if throttled else None,
        "http_status": 429 if throttled else 202,
        "duration_ms": round(gateway + wait, 1),
        "spans": spans,
    }


def traces(plan: IngestPlan, now: datetime, error_id: str | None, limit: int = 20) -> list[dict[str, object]]:
    """The newest traces of the last hour first; with `error_id` only those that carry it."""
    found = []
    for sample in reversed(last(plan, now, 60)):
        entry = trace(plan, trace_id(plan.tenant, sample.bucket))
        assert entry is not None
        if error_id is None or entry["error_id"] == error_id:
            found.append(entry)
    return found[:limit]


def logs(plan: IngestPlan, now: datetime, minutes: int = 15) -> list[dict[str, object]]:
    """The ingest service's log of the last minutes, oldest first."""
    lines: list[dict[str, object]] = []
    for sample in last(plan, now, minutes):
        lines.append(
            {
                "at": sample.at.isoformat(),
                "level": "info",
                "event": "ingest.minute",
                "offered_eps": sample.offered,
                "accepted_eps": sample.accepted,
                "quota_eps": plan.quota_at(sample.bucket),
                "p95_ms": sample.p95_ms,
            }
        )
        if sample.rejected_share > 0:
            lines.append(
                {
                    "at": (sample.at + timedelta(seconds=1)).isoformat(),
                    "level": "error",
                    "event": "ingest.throttled",
                    "error_id": THROTTLED,
                    "http_status": 429,
                    "rejected_percent": round(100 * sample.rejected_share, 1),
                    "trace_id": trace_id(plan.tenant, sample.bucket),
                }
            )
    return lines


def companion_logs(key: str, tenant: str, now: datetime, minutes: int = 15) -> list[dict[str, object]]:
    end = bucket_of(now)
    return [
        {
            "at": datetime.fromtimestamp(bucket * BUCKET, UTC).isoformat(),
            "level": "info",
            "event": f"{key}.minute",
            "requests_per_second": round(20 + 30 * noise(f"{tenant}:{key}:rps", bucket), 1),
            "errors": 0,
        }
        for bucket in range(end - minutes, end)
    ]
