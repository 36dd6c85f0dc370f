"""`python -m companyos.demo.host`: a fictitious product on its own origin, as a customer of the demo sees it.

It plays two parts. For customers: a page that embeds the help widget, and the token endpoint that says who
they are. For the support side: the telemetry that diagnostics and the health refresh read over HTTP, behind a
bearer token.

Environment: PORT (8002), HOST_BIND (127.0.0.1), COMPANYOS_URL (http://localhost:8000), SECRET_KEY (the
demo's own).
"""

from __future__ import annotations

import contextlib
import hmac
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.cookies import SimpleCookie
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from companyos.demo import host_render, host_secrets, people, telemetry
from companyos.widget_host import widget_token

PERSONA_COOKIE = "northwind_persona"
LARGEST_BODY = 10_000  # bytes; a form or a small JSON document, nothing else is sent here
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
TOKEN_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class Answer:
    status: HTTPStatus = HTTPStatus.OK
    body: str = ""
    kind: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()


def as_json(value: object, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(status, json.dumps(value), "application/json", (("Cache-Control", "no-store"),))


def refused(status: HTTPStatus, words: str) -> Answer:
    return as_json({"error": words}, status)


@dataclass(frozen=True)
class Call:
    """What a route needs of a request."""

    method: str
    path: str
    query: dict[str, list[str]]
    body: bytes
    cookie: str
    bearer: str
    origin: str  # the host's own origin as this request reached it

    @classmethod
    def of(cls, environ: dict[str, object]) -> Call:
        length = min(int(str(environ.get("CONTENT_LENGTH") or 0)), LARGEST_BODY)
        stream = environ["wsgi.input"]
        return cls(
            method=str(environ["REQUEST_METHOD"]),
            path=str(environ.get("PATH_INFO", "/")),
            query=parse_qs(str(environ.get("QUERY_STRING", ""))),
            body=stream.read(length) if length else b"",  # type: ignore[attr-defined]
            cookie=str(environ.get("HTTP_COOKIE", "")),
            bearer=str(environ.get("HTTP_AUTHORIZATION", "")).removeprefix("Bearer "),
            origin=f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}",
        )


@dataclass
class Host:
    """The product. `plans` is its only state: the quotas, which operations may raise while it runs."""

    companyos: str
    secret_key: str
    origins: tuple[str, ...]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    plans: dict[str, telemetry.IngestPlan] = field(default_factory=lambda: dict(telemetry.PLANS))
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, call: Call) -> Answer:
        if call.origin not in self.origins:
            return refused(HTTPStatus.MISDIRECTED_REQUEST, "this host does not answer to that name")
        parts = [part for part in call.path.split("/") if part]
        match (call.method, parts):
            case ("GET", []):
                return self.page(call)
            case ("GET", ["host", name]):
                return static(name)
            case ("POST", ["persona"]):
                return choose_persona(call)
            case ("GET", ["companyos-token"]):
                return self.token(call)
            case ("GET", ["traces", tenant, wanted]):
                return self.trace(tenant, wanted)
            case ("GET", ["healthz"]):
                return as_json({"ok": True})
            case (_, ["telemetry", tenant, "resources", *rest]):
                return self.telemetry(call, tenant, rest)
        return refused(HTTPStatus.NOT_FOUND, "no such page")

    def page(self, call: Call) -> Answer:
        who = persona(call)
        plan = self.plans[who.tenant]
        body = host_render.page(who, plan, companyos=self.companyos, origin=call.origin, now=self.now())
        # The widget must work under a strict policy, so the demo's host has one.
        policy = (
            f"default-src 'none'; script-src 'self' {self.companyos}; connect-src 'self' {self.companyos}; "
            "style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
            "require-trusted-types-for 'script'"
        )
        return Answer(HTTPStatus.OK, body, "text/html", (("Content-Security-Policy", policy),))

    def token(self, call: Call) -> Answer:
        """Whoever this host has signed in, signed for the page's own origin. Other origins can't read it."""
        who = persona(call)
        user = {"id": who.external_id, "name": who.name, "email": who.email, "role": who.role}
        secret = host_secrets.widget_secret(self.secret_key, who.tenant)
        return as_json({"token": widget_token(secret, who.tenant, user, call.origin, TOKEN_LIFE, self.now())})

    def trace(self, tenant: str, wanted: str) -> Answer:
        plan = self.plans.get(tenant)
        entry = telemetry.trace(plan, wanted) if plan else None
        if entry is None:
            return refused(HTTPStatus.NOT_FOUND, "no such trace")
        return Answer(HTTPStatus.OK, host_render.trace(entry), "text/html")

    def telemetry(self, call: Call, tenant: str, rest: list[str]) -> Answer:
        expected = host_secrets.telemetry_token(self.secret_key)
        if not hmac.compare_digest(call.bearer.encode(), expected.encode()):
            return refused(HTTPStatus.UNAUTHORIZED, "the telemetry token is missing or wrong")
        plan = self.plans.get(tenant)
        if plan is None:
            return refused(HTTPStatus.NOT_FOUND, "no such tenant")
        now = self.now()
        found = {str(resource["key"]): resource for resource in telemetry.resources(plan, now)}
        if rest and rest[0] not in found:
            return refused(HTTPStatus.NOT_FOUND, "no such resource")
        match (call.method, rest):
            case ("GET", []):
                return as_json({"tenant": tenant, "at": now.isoformat(), "resources": list(found.values())})
            case ("GET", [key]):
                return as_json({"tenant": tenant, "at": now.isoformat(), **found[key]})
            case ("GET", [key, "config"]):
                return as_json({"resource": key, "at": now.isoformat(), "config": found[key]["config"]})
            case ("PATCH", ["ingest", "config"]):
                return self.change_quota(tenant, call.body)
            case ("GET", [key, "logs"]):
                ingest = key == "ingest"
                lines = telemetry.logs(plan, now) if ingest else telemetry.companion_logs(key, tenant, now)
                return as_json({"resource": key, "at": now.isoformat(), "lines": lines})
            case ("GET", [key, "traces"]):
                wanted = call.query.get("error_id", [None])[0]
                entries = telemetry.traces(plan, now, wanted) if key == "ingest" else []
                for entry in entries:
                    entry["url"] = f"{call.origin}/traces/{tenant}/{entry['trace_id']}"
                found_for = {"resource": key, "at": now.isoformat(), "error_id": wanted}
                return as_json({**found_for, "traces": entries})
        return refused(HTTPStatus.METHOD_NOT_ALLOWED, "not possible on this resource")

    def change_quota(self, tenant: str, body: bytes) -> Answer:
        """The mitigation of the demo's incident: a higher quota ends the throttling within the minute."""
        try:
            quota = json.loads(body)["quota_eps"]
        except (ValueError, KeyError, TypeError):
            return refused(HTTPStatus.BAD_REQUEST, 'expected {"quota_eps": number}')
        if type(quota) is not int or not 100 <= quota <= 1_000_000:
            return refused(HTTPStatus.BAD_REQUEST, "quota_eps must be a whole number from 100 to 1000000")
        with self.lock:
            self.plans[tenant] = self.plans[tenant].with_quota(quota, self.now())
        return as_json({"resource": "ingest", "config": telemetry.ingest_config(self.plans[tenant])})

    def __call__(self, environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
        answer = self.answer(Call.of(environ))
        body = answer.body.encode()
        headers = [
            ("Content-Type", f"{answer.kind}; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("X-Content-Type-Options", "nosniff"),
            *answer.headers,
        ]
        start(f"{answer.status.value} {answer.status.phrase}", headers)
        return [body]


def persona(call: Call) -> people.DemoRequester:
    cookie: SimpleCookie = SimpleCookie(call.cookie)
    wanted = cookie[PERSONA_COOKIE].value if PERSONA_COOKIE in cookie else ""
    return next((who for who in people.REQUESTERS if who.external_id == wanted), people.REQUESTERS[0])


def choose_persona(call: Call) -> Answer:
    wanted = parse_qs(call.body.decode(errors="replace")).get("persona", [""])[0]
    if wanted not in {who.external_id for who in people.REQUESTERS}:
        return refused(HTTPStatus.BAD_REQUEST, "no such person")
    cookie = f"{PERSONA_COOKIE}={wanted}; Path=/; HttpOnly; SameSite=Lax"
    return Answer(HTTPStatus.SEE_OTHER, headers=(("Location", "/"), ("Set-Cookie", cookie)))


def static(name: str) -> Answer:
    kind = TYPES.get(name.rpartition(".")[2])
    path = host_render.PAGES / name
    if kind is None or not path.is_file():
        return refused(HTTPStatus.NOT_FOUND, "no such file")
    return Answer(HTTPStatus.OK, path.read_text(), kind, (("Cache-Control", "no-cache"),))


class ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # the base class's parameter name
        """Nothing: the demo's terminal belongs to the processes that matter."""


def serve(port: int, companyos: str, secret_key: str, bind: str = "127.0.0.1") -> WSGIServer:
    """A server ready for serve_forever(); port 0 takes a free one."""
    server = make_server(bind, port, lambda *_: [], ThreadingServer, QuietHandler)
    server.set_app(Host(companyos, secret_key, tuple(people.host_origins(server.server_port))))
    return server


def main() -> int:
    secret_key = os.environ.get("SECRET_KEY", "")
    if not secret_key:
        sys.stderr.write("SECRET_KEY is not set: the host page signs for its customers with the demo's.\n")
        return 2
    port = int(os.environ.get("PORT", "8002"))
    companyos = os.environ.get("COMPANYOS_URL", "http://localhost:8000").rstrip("/")
    try:
        server = serve(port, companyos, secret_key, os.environ.get("HOST_BIND", "127.0.0.1"))
    except OSError as error:
        sys.stderr.write(f"The host page cannot listen on port {port}: {error.strerror}.\n")
        return 1
    sys.stderr.write(f"Northwind Streams on http://localhost:{port}\n")
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
