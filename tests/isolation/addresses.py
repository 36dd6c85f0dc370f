"""Every address that the URLconf knows, filled in; and what is left of an answer without what changes by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from tenants.models import Tenant
from tests.isolation import maker
from tests.isolation.world import MARK, NUMBER, REFERENCE

# (part of the route, parameter) → the word of the world that fills it; the first that fits. A plain name is enough
# where it is the same everywhere.
FILLS: list[tuple[str, str, str]] = [
    ("incidents/<", "reference", "INC-1"),
    ("macros/", "key", "delay"),
    ("runbooks/", "key", "book"),
    ("portal/open/", "key", "nothing"),
    ("service-levels/calendars/", "key", "=calendar"),
    ("service-levels/policies/", "key", "=policy"),
    ("service-levels/runs/", "job_id", "1"),
    ("", "draft_id", "=pk:sla.Draft"),
    ("evidence", "uuid", "=evidence"),
    ("attachments/", "uuid", "=attachment"),
    ("", "reference", "=reference"),
    ("", "slug", "=slug"),
    ("", "note_id", "=note_id"),
    ("", "clock_id", "=pk:sla.Clock"),
    ("", "run_id", "=pk:cases.DiagnosticRun"),
    ("", "drill_id", "=pk:escalations.Drill"),
    ("", "grant_id", "=pk:tenants.Grant"),
    ("", "policy_id", "=pk:tenants.RetentionPolicy"),
    ("", "retention_run_id", "=pk:tenants.RetentionRun"),
    ("", "hold_id", "=pk:tenants.LegalHold"),
    ("", "requester_id", "=pk:tenants.Requester"),
    ("", "job", "=job"),
    ("", "signed", "=signed"),
    ("", "name", "file.txt"),
    ("", "key_id", "=key"),
    ("", "account_id", "=account"),
    ("", "rule_id", "=pk:escalations.AlertRule"),
    ("", "channel_id", "=pk:escalations.Channel"),
    ("", "escalation_id", "=pk:escalations.Escalation"),
    ("", "scenario_id", "=pk:sla.Scenario"),
    ("", "replay_id", "=replay"),
    ("", "tab", "audit"),
    ("", "backlog", "product"),
]
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# The sign-in's own pages hold no tenant's data; its addresses with keys in them are the library's.
OTHER = ("accounts/", "admin/")
# Words that name the stranger in any filter or search that a list may have, and lists of everything.
QUERIES: list[dict[str, str]] = [
    {"q": REFERENCE, "view": "all"},
    {"q": "events", "view": "all", "show": "all", "all": "1", "tenant": MARK, "requester": str(NUMBER + 1)},
]
# What says the same to everybody, however asked.
SAME_TO_ALL = ("healthz", "readyz", "live/", "api/schema/", "api/docs/")


@dataclass(frozen=True)
class Ask:
    """One request. `of` says whose things the address names: "own", "stranger" or "" for nobody's."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    of: str = ""
    route: str = ""
    once: bool = False  # shows what belongs to one row, so that its words tell all: no counts to compare

    def __str__(self) -> str:
        return f"{self.method} {self.path} {dict(self.query) or ''}".strip()


def routes(patterns: list[Any] | None = None, so_far: str = "") -> Iterator[tuple[str, Any]]:
    """Each route and its view, but those of OTHER."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        route = so_far + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.callback
        elif not route.startswith(OTHER):
            yield from routes(entry.url_patterns, route)


def filled(route: str, words: dict[str, str]) -> str:
    def word(found: re.Match[str]) -> str:
        name = found.group(1)
        value = next(value for part, parameter, value in FILLS if part in route and parameter == name)
        return words[value[1:]] if value.startswith("=") else value

    return "/" + PARAMETER.sub(word, route)


def fillable(route: str) -> bool:
    names = PARAMETER.findall(route)
    return all(any(part in route and parameter == name for part, parameter, _ in FILLS) for name in names)


def methods(view: Any) -> list[str]:
    """As the view declares them; of a function that declares nothing GET and POST are tried."""
    if rights := getattr(view, "rights", None):
        return list(rights)
    made_of = getattr(view, "cls", None) or getattr(view, "view_class", None)
    if made_of is None:
        return ["GET", "POST"]
    return [name for name in ("GET", "POST", "PUT", "PATCH", "DELETE") if hasattr(made_of, name.lower())]


def asks(
    own: dict[str, str], stranger: dict[str, str], door: str, *, deeds: bool, but: frozenset[str] = frozenset()
) -> list[Ask]:
    """Every page with one's own things; every page and deed with the stranger's; lists asked for the stranger's.

    `but`: without the pages that take one of these rights.
    """
    found = []
    for route, view in routes():
        if route in SAME_TO_ALL or not re.match(door, route) or not fillable(route):
            continue
        if getattr(view, "rights", {}).get("GET") in but:
            continue
        mine, theirs = filled(route, own), filled(route, stranger)
        able = methods(view)
        if "GET" in able:
            found.append(Ask("GET", mine, of="own" if mine != theirs else "", route=route))
            if mine == theirs and deeds and not route.startswith("api/"):  # whose unknown parameters are refused
                found += [Ask("GET", mine, tuple(query.items()), route=route) for query in QUERIES]
        if mine != theirs:
            found += [Ask(method, theirs, of="stranger", route=route) for method in able if deeds or method == "GET"]
        elif deeds:  # whose bodies name the stranger
            found += [Ask(method, mine, route=route) for method in able if method != "GET"]
    return found


def admin_asks(own: dict[str, str], stranger: dict[str, str], *, forms: bool) -> list[Ask]:
    """The lists of every model of the operations' site and the stranger's rows; `forms`: its other pages too."""
    found = [Ask("GET", reverse("admin:index"))]
    for model, screen in admin.site._registry.items():
        pages = ("changelist", "add", "change")
        at = {page: f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}" for page in pages}
        mine, theirs = (words.get(f"pk:{model._meta.label}") for words in (own, stranger))
        found.append(Ask("GET", reverse(at["changelist"])))
        if forms and theirs is not None and (maker.isolated(model) or model is Tenant):
            row = reverse(at["change"], args=[theirs])
            found += [Ask(method, row, of="stranger") for method in ("GET", "POST")]
        if not forms:
            continue
        found.append(Ask("GET", reverse(at["add"]), once=True))
        if screen.search_fields:
            found.append(Ask("GET", reverse(at["changelist"]), (("q", MARK),)))
        if mine is not None:
            found.append(Ask("GET", reverse(at["change"], args=[mine]), of="own", once=True))
        for name in screen.autocomplete_fields:
            query = (("app_label", model._meta.app_label), ("model_name", model._meta.model_name), ("field_name", name))
            found.append(Ask("GET", reverse("admin:autocomplete"), query))
    return found


# ── Answers ──────────────────────────────────────────────────────────────────
BODY = {
    "body": "Words", "reason": "Because", "ask": "Which?", "priority": "P0", "summary": "Done", "code": "quota",
    "runbook": "book", "incident": "INC-1", "mode": "note", "kind": "note", "subject": "New", "description": "New",
    "version": 1, "seen": 1, "words": "x", "score": 3, "minutes": 30,
    "tenant": MARK, "requester": NUMBER + 1, "case": REFERENCE, "reference": REFERENCE, "what": REFERENCE, "days": 90,
}  # fmt: skip
# What no two answers have in common: the tokens of forms, the ids of requests, links.
BY_ITSELF = re.compile(
    rb'(name="csrfmiddlewaretoken" value="[^"]+"|"X-CSRFToken": ?"[^"]+"|csrf-token" content="[^"]+"'
    rb'|/portal/open/[\w-]+|"expires_at": ?"[^"]+"'  # made anew, by the clock of the database
    rb"|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})"
)
HEADERS_BY_THEMSELVES = {"X-Request-ID", "X-Correlation-ID", "Content-Length", "Server-Timing"}

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def names(self, *words: str) -> list[str]:
        """Which of the words it has anywhere, in whatever case."""
        everything = self.body.lower() + repr(self.headers).lower().encode()
        return [word for word in words if word.lower().encode() in everything]


def answer(client: Client, ask: Ask, headers: dict[str, str]) -> Answer:
    cookies = client.cookies.copy()
    if ask.method == "GET":
        given = client.get(ask.path, dict(ask.query), headers=headers)
    else:
        api = ask.path.startswith("/api/")
        text, kind = (json.dumps(BODY), "application/json") if api else (urlencode(BODY), FORM)
        key = {"Idempotency-Key": f"{MARK}-{ask.route}"[:60]}
        given = client.generic(ask.method, ask.path, text, content_type=kind, headers=headers | key)
    client.cookies = cookies  # a message for the next page is no part of the next answer
    body = b"".join(given.streaming_content) if given.streaming else given.content
    told = tuple(
        sorted(
            (name, BY_ITSELF.sub(b"~", value.encode()).decode())
            for name, value in given.headers.items()
            if name not in HEADERS_BY_THEMSELVES
        )
    )
    return Answer(given.status_code, told, BY_ITSELF.sub(b"~", body))
