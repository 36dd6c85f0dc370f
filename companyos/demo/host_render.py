"""The host page's HTML: templates from host_pages/, every value escaped."""

from __future__ import annotations

from datetime import datetime
from html import escape
from pathlib import Path
from string import Template

from companyos.demo import people, telemetry

PAGES = Path(__file__).parent / "host_pages"
STREAMS = (("orders", 0.46), ("clicks", 0.31), ("inventory", 0.14), ("returns", 0.09))
WORDS = {"ok": "Healthy", "degraded": "Strained", "red": "Failing"}


def _fill(name: str, **values: object) -> str:
    """Values ending in _html are ready; all others are text and escaped here."""
    ready = {
        key.removesuffix("_html"): value if key.endswith("_html") else escape(str(value))
        for key, value in values.items()
    }
    return Template((PAGES / name).read_text()).substitute(ready)


def _options(chosen: people.DemoRequester) -> str:
    names = {tenant.slug: tenant.name for tenant in people.TENANTS}
    return "".join(
        f'<option value="{escape(who.external_id)}"{" selected" if who == chosen else ""}>'
        f"{escape(who.name)} · {escape(names[who.tenant])} ({who.role})</option>"
        for who in people.REQUESTERS
    )


def _banner(plan: telemetry.IngestPlan, sample: telemetry.Minute, origin: str) -> str:
    if not sample.rejected_share:
        return ""
    url = escape(f"{origin}/traces/{plan.tenant}/{telemetry.trace_id(plan.tenant, sample.bucket)}")
    return (
        f'<div class="banner" role="alert" data-error-id="{telemetry.THROTTLED}" data-trace-url="{url}">'
        f"<strong>Ingest is throttled ({telemetry.THROTTLED})</strong> {sample.rejected_share:.0%} "
        f"of your events are refused: more arrive than your quota of {plan.quota_eps:,} events/s lets in. "
        f'<a href="{url}">See a trace</a></div>'
    )


def _streams(sample: telemetry.Minute) -> str:
    state, word = ("red", "Throttled") if sample.rejected_share else ("ok", "Flowing")
    return "".join(
        f'<tr><td>{name}</td><td class="num">{sample.offered * share:,.0f}/s</td>'
        f'<td class="num">{sample.accepted * share:,.0f}/s</td><td class="{state}">{word}</td></tr>'
        for name, share in STREAMS
    )


def _services(plan: telemetry.IngestPlan, now: datetime) -> str:
    return "".join(
        f"<li><strong>{escape(str(r['name']))}</strong>"
        f'<span class="{r["health"]}">{WORDS[str(r["health"])]}</span></li>'
        for r in telemetry.resources(plan, now)
    )


def page(who: people.DemoRequester, plan: telemetry.IngestPlan, *, companyos: str, origin: str, now: datetime) -> str:
    sample = telemetry.last(plan, now, 1)[0]
    tenant = next(tenant for tenant in people.TENANTS if tenant.slug == who.tenant)
    return _fill(
        "page.html",
        companyos=companyos,
        version=plan.version,
        region=plan.region,
        tenant=tenant.name,
        offered=f"{sample.offered:,.0f}",
        quota=f"{plan.quota_eps:,}",
        personas_html=_options(who),
        banner_html=_banner(plan, sample, origin),
        streams_html=_streams(sample),
        services_html=_services(plan, now),
    )


def trace(entry: dict[str, object]) -> str:
    spans = entry["spans"]
    assert isinstance(spans, list)
    rows = "".join(
        f"<tr><td>{escape(span['name'])}</td><td>{escape(span['service'])}</td>"
        f'<td class="num">{span["start_ms"]} ms</td><td class="num">{span["duration_ms"]} ms</td>'
        f'<td class="{"ok" if span["status"] == "ok" else "red"}">{escape(span["status"])}</td></tr>'
        for span in spans
    )
    return _fill(
        "trace.html",
        trace_id=entry["trace_id"],
        status=entry["http_status"],
        duration=entry["duration_ms"],
        at=entry["at"],
        spans_html=rows,
    )
