"""Macros and runbooks for the four topics: authentication, ingestion delays, billing limits, UI glitches."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cases.models import Macro, Runbook
from companyos.demo.seed.runbooks import AUTHENTICATION, BILLING, INGESTION, INTERFACE

DOCS = "https://docs.northwind.example"


def step(name: str, title: str, path: str) -> dict[str, Any]:
    """One diagnostic step: what it is called, what is fetched. The demo's telemetry answers JSON throughout."""
    return {"name": name, "title": title, "path": path, "as": "json"}


HEALTH = step("health", "Read health and SLIs", "/resources/{resource}")
CONFIG = step("config", "Snapshot the configuration", "/resources/{resource}/config")
LOGS = {**step("logs", "Collect the last 15 minutes of logs", "/resources/{resource}/logs"), "as": "text"}
TRACES = step("traces", "Find traces with the error", "/resources/{resource}/traces?error_id={error_id}")


@dataclass(frozen=True)
class RunbookText:
    key: str
    title: str
    topic: str
    resource_key: str
    body: str
    diagnostics: tuple[dict[str, Any], ...]


RUNBOOKS = (
    RunbookText(
        "ingestion-throttling", "Ingest is throttled or delayed", "ingestion", "ingest", INGESTION,
        (HEALTH, CONFIG, LOGS, TRACES),
    ),
    RunbookText(
        "sign-in-failures", "Users cannot sign in", "authentication", "auth", AUTHENTICATION, (HEALTH, CONFIG, LOGS)
    ),
    RunbookText(
        "billing-limits", "A plan limit or invoice is questioned", "billing", "billing", BILLING, (HEALTH, CONFIG)
    ),
    RunbookText(
        "interface-glitches", "The dashboard misbehaves", "interface", "dashboard", INTERFACE, (HEALTH, CONFIG, LOGS)
    ),
)  # fmt: skip


@dataclass(frozen=True)
class MacroText:
    key: str
    title: str
    topic: str
    runbook: str
    body: str
    signals: tuple[str, ...]
    docs: str
    asks: bool = False
    hello: str = field(default="Hello {first_name},\n\n")
    farewell: str = field(default="\n\nKind regards,\n{agent}")


MACROS = (
    MacroText(
        "ingestion-delay-first-response", "Ingestion delay: first response, log bundle", "ingestion",
        "ingestion-throttling",
        "thank you for the report and for the error ID ({error_ids}). We see it on our side too: {resource} "
        "refuses part of your events, so what you send arrives late or has to be sent again. Nothing that was "
        "accepted is lost.\n\n"
        "We are working on it as {reference}. To find out which streams are hit, please send us the log bundle of "
        "one affected producer (`nwctl logs --since 1h --bundle`). If your producers retry, leave the retries on.",
        ("ERR-INGEST-429", "throttled", "429", "delayed", "delay", "lag", "ingest"),
        "ingestion/throttling", asks=True,
    ),
    MacroText(
        "ingestion-quota-raised", "Ingestion: quota raised, please verify", "ingestion", "ingestion-throttling",
        "we have raised your ingest quota and the refusals on {resource} have stopped since. Producers that retry "
        "catch up by themselves.\n\n"
        "Could you look at your streams and tell us whether the delay is gone on your side as well?",
        ("ERR-INGEST-429", "quota", "throttled"), "ingestion/quotas", asks=True,
    ),
    MacroText(
        "ingestion-schema-rejects", "Ingestion: events refused by the schema", "ingestion", "ingestion-throttling",
        "the events that are missing were refused because they do not fit the stream's schema ({error_ids}). They "
        "wait in the dead-letter stream for seven days.\n\n"
        "Either correct the producer or register the new schema version; then replay them with "
        "`nwctl dead-letters replay`. The guide below shows both.",
        ("ERR-INGEST-422", "schema", "dead-letter", "missing events"), "ingestion/schemas",
    ),
    MacroText(
        "sso-sign-in", "Sign-in: check of the SSO connection", "authentication", "sign-in-failures",
        "we are looking at why sign-in fails ({reference}). For most such errors the identity provider's certificate "
        "or its audience has changed.\n\n"
        "Please tell us the time of one failed attempt, the user's e-mail address, and whether the certificate of "
        "your provider was renewed in the last days. We never need a password.",
        ("ERR-AUTH-401", "ERR-AUTH-403", "SSO", "SAML", "sign in", "sign-in", "login"), "authentication/sso", asks=True,
    ),
    MacroText(
        "api-token-expired", "Sign-in: token expired, how to rotate", "authentication", "sign-in-failures",
        "the token behind these calls has expired; tokens live for 90 days. You can make a new one under "
        "Settings → Tokens without a gap: create the new one, deploy it, then revoke the old.\n\n"
        "The guide below has a script that rotates tokens on a schedule, so this does not catch you again.",
        ("ERR-AUTH-419", "token", "expired", "401"), "authentication/tokens",
    ),
    MacroText(
        "billing-limit-reached", "Billing: a plan limit is reached", "billing", "billing-limits",
        "your workspace has reached a limit of its plan. What is over the limit is refused, not charged.\n\n"
        "You have two ways on: free room (the guide shows what counts towards the limit), or a higher limit. For the "
        "latter, let us know how much you expect to need and until when, and we will come back with an offer today.",
        ("ERR-BILLING-402", "limit", "plan", "seats", "overage"), "billing/limits", asks=True,
    ),
    MacroText(
        "billing-invoice-explained", "Billing: how the invoice adds up", "billing", "billing-limits",
        "thank you for asking before paying. An invoice has the plan's fixed part and the metered part of the month "
        "before; the metered part follows accepted events only.\n\n"
        "We are taking your invoice apart line by line and will send the result to this case.",
        ("invoice", "charged", "VAT", "billing address"), "billing/invoices",
    ),
    MacroText(
        "interface-hard-reload", "UI glitch: known, with a way around", "interface", "interface-glitches",
        "we could repeat what you describe. Until the fix is out, a hard reload (Ctrl or Cmd + Shift + R) brings the "
        "page back for most people, because the browser kept a part of the earlier version.\n\n"
        "We will write to you here when the fix is live.",
        ("ERR-UI-", "blank", "chart", "dashboard", "spinner", "button"), "interface/troubleshooting",
    ),
    MacroText(
        "interface-recording", "UI glitch: please send a recording", "interface", "interface-glitches",
        "we could not repeat it yet. Could you send us the browser's name and version, and a HAR file or a short "
        "recording of the moment it happens? The guide shows how to make a HAR file; remove what is "
        "confidential first.",
        ("browser", "Safari", "Firefox", "screen", "layout"), "interface/har", asks=True,
    ),
)  # fmt: skip


def write_down() -> dict[str, Macro]:
    """Make the runbooks and macros; the macros by key."""
    runbooks = {
        text.key: Runbook.objects.create(
            key=text.key,
            title=text.title,
            topic=text.topic,
            resource_key=text.resource_key,
            body=text.body,
            diagnostics=list(text.diagnostics),
        )
        for text in RUNBOOKS
    }
    return {text.key: _macro(text, runbooks[text.runbook]) for text in MACROS}


def _macro(text: MacroText, runbook: Runbook) -> Macro:
    url = f"{DOCS}/{text.docs}"
    return Macro.objects.create(
        key=text.key,
        title=text.title,
        topic=text.topic,
        body=f"{text.hello}{text.body}\n\nThe guide: {url}{text.farewell}",
        signals=list(text.signals),
        runbook=runbook,
        docs_url=url,
        asks=text.asks,
    )
