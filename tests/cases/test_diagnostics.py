"""Diagnostics against a real HTTP server that behaves well, badly, and not at all."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from cases import diagnostics
from cases.models import DiagnosticRun, Evidence, Runbook
from companyos.events.models import Event
from companyos.web import outbound
from companyos.web.errors import DomainError, NotAllowedNow
from tests.cases import way
from tests.cast import NOON, Cast

STEPS = [
    {"name": "resource", "title": "Read the resource", "path": "/resources/{resource}", "as": "json"},
    {"name": "logs", "title": "Read the log", "path": "/logs?error={error_id}", "as": "text"},
]


class Telemetry(BaseHTTPRequestHandler):
    """Answers by path; `asked` remembers each request."""

    asked: list[tuple[str, str | None]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization")))
        behave = getattr(self, self.path.strip("/").split("/")[0].split("?")[0], self.missing)
        behave()

    def answer(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def resources(self) -> None:
        self.answer(b'{"key": "ingest", "health": "red", "a": "\xc3\xbc"}')

    def logs(self) -> None:
        self.answer("12:00 gr\u00fc\u00dfe\n".encode())

    def broken(self) -> None:
        self.answer(b"<html>not JSON</html>")

    def deep(self) -> None:
        self.answer(b"[" * 100_000)

    def huge(self) -> None:
        self.answer(b"x" * (diagnostics.MOST_BYTES + 1))

    def bomb(self) -> None:
        self.answer(gzip.compress(b"0" * 50_000_000), Content_Encoding="gzip")

    def redirect(self) -> None:
        self.answer(b"", 302, Location="/resources/ingest")

    def failing(self) -> None:
        self.answer(b"oops", 503)

    def slow(self) -> None:
        time.sleep(2)
        self.answer(b"{}")

    def drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(60):
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)

    def missing(self) -> None:
        self.answer(b"no such thing", 404)

    def log_message(self, format: str, *args: object) -> None:  # the base class's parameter name
        """Nothing."""


@pytest.fixture
def server(settings, tmp_path) -> Iterator[str]:
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}
    Telemetry.asked = []
    http = ThreadingHTTPServer(("127.0.0.1", 0), Telemetry)
    threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()


@pytest.fixture
def ready(cast: Cast, server: str) -> Cast:
    cast.acme.telemetry_url, cast.acme.telemetry_token = server, "the-token"
    cast.acme.save()
    return cast


def begin(cast: Cast, *paths: str) -> DiagnosticRun:
    steps = [
        {"name": f"s{n}", "title": f"Step {n}", "path": path, "as": "json"} for n, path in enumerate(paths)
    ] or STEPS
    book = Runbook.objects.create(
        key="book", title="Ingest delays", topic="ingestion", resource_key="ingest", body="Look.", diagnostics=steps
    )
    case = way.accepted(cast, error_ids=["INGEST-429"])
    return diagnostics.start(case, book, actor=cast.actor(cast.agent), now=NOON)


def run_out(run: DiagnosticRun, now=NOON) -> DiagnosticRun:
    """Steps until nothing is left to do, moving time past every wait."""
    for _ in range(30):
        if not diagnostics.run_one_step(now):
            run.refresh_from_db()
            if run.state in ("done", "failed"):
                return run
        now += timedelta(seconds=61)
    raise AssertionError(f"the run never ends: {run.state}, {run.progress}")


def test_the_artefacts_become_evidence_with_size_and_hash(ready: Cast) -> None:
    run = begin(ready)
    assert diagnostics.run_one_step(NOON)
    run.refresh_from_db()
    assert (run.state, run.done_steps, run.percent) == ("running", 1, 50)
    run = run_out(run)
    assert (run.state, run.percent, run.error) == ("done", 100, "")
    assert Telemetry.asked == [
        ("/resources/ingest", "Bearer the-token"),
        ("/logs?error=INGEST-429", "Bearer the-token"),
    ]
    first, second = Evidence.objects.filter(run=run).order_by("id")
    body = first.file.read()
    assert json.loads(body) == {"key": "ingest", "health": "red", "a": "\u00fc"}
    assert (first.size, first.content_type) == (len(body), "application/json")
    assert second.file.read().decode() == "12:00 gr\u00fc\u00dfe\n"
    finished = Event.objects.get(name="diagnostic.finished")
    assert [artefact["sha256"] for artefact in finished.payload["artefacts"]] == [first.sha256, second.sha256]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/failing", "503"),
        ("/missing", "404"),
        ("/redirect", "302"),
        ("/broken", "not the JSON"),
        ("/deep", "not the JSON"),
        ("/huge", "over 2048 KiB"),
        ("/bomb", "compressed"),
    ],
)
def test_a_step_that_fails_is_tried_again_then_the_run_fails_and_says_why(ready: Cast, path: str, words: str) -> None:
    run = run_out(begin(ready, path))
    assert run.state == "failed"
    assert words in run.error
    assert len(Telemetry.asked) == diagnostics.MAX_ATTEMPTS
    assert Evidence.objects.count() == 0
    assert Event.objects.filter(name="diagnostic.failed").count() == 1


def test_what_was_collected_before_the_failure_is_kept(ready: Cast) -> None:
    run = run_out(begin(ready, "/resources/ingest", "/failing"))
    assert (run.state, run.done_steps) == ("failed", 1)
    assert Evidence.objects.filter(run=run).count() == 1


def test_a_slow_answer_and_one_that_drips_are_given_up(ready: Cast, monkeypatch) -> None:

    monkeypatch.setattr(outbound, "TIMEOUT", httpx.Timeout(0.4))
    monkeypatch.setattr(outbound, "LONGEST", 0.5)
    for path, words in (("/slow", "ReadTimeout"), ("/drip", "took over")):
        begun = time.monotonic()
        with pytest.raises(outbound.OutboundError, match=words):
            outbound.get(f"{ready.acme.telemetry_url}{path}", most_bytes=1000)
        assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://localhost/",
    ],
)
def test_private_addresses_are_refused_in_every_spelling(settings, url: str) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    with pytest.raises(outbound.OutboundError, match=r"private network|cannot be resolved"):
        outbound.get(url, most_bytes=10)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://x/", "gopher://x", "http://", "//x", "http://x:99999/", "http://[bad/", "http://a\x00b/",
     "http://" + "a" * 300 + ".example/"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused_in_words(settings, url: str) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = []
    with pytest.raises(outbound.OutboundError):
        outbound.get(url, most_bytes=10)


def test_what_the_customer_wrote_stays_one_part_of_the_path(ready: Cast) -> None:
    book = Runbook.objects.create(
        key="odd", title="Odd", topic="ingestion", body="x",
        diagnostics=[{"name": "a", "title": "A", "path": "/logs/{error_id}/{resource}", "as": "text"}],
    )  # fmt: skip
    case = way.accepted(ready, error_ids=["../../secret?x=1#y"])
    run = diagnostics.start(case, book, actor=ready.actor(ready.agent), now=NOON)
    run_out(run)
    assert Telemetry.asked[0][0].startswith("/logs/..%2F..%2Fsecret%3Fx%3D1%23y/")


# ── Runs ─────────────────────────────────────────────────────────────────────
def test_one_run_of_a_runbook_at_a_time(ready: Cast) -> None:
    run = begin(ready)
    with pytest.raises(NotAllowedNow, match="running on this case already"):
        diagnostics.start(run.case, run.runbook, actor=ready.actor(ready.agent), now=NOON)
    run_out(run)
    diagnostics.start(run.case, run.runbook, actor=ready.actor(ready.agent), now=NOON)


def test_without_steps_or_telemetry_nothing_starts(cast: Cast) -> None:
    case, agent = way.accepted(cast), cast.actor(cast.agent)
    empty = Runbook.objects.create(key="empty", title="Empty", topic="ingestion", body="x")
    full = Runbook.objects.create(key="full", title="Full", topic="ingestion", body="x", diagnostics=STEPS)
    for book in (empty, full):
        with pytest.raises(DomainError):
            diagnostics.start(case, book, actor=agent, now=NOON)


def test_a_worker_that_died_is_taken_over_after_its_lease_and_its_late_answer_counts_for_nothing(ready: Cast) -> None:
    run = begin(ready)
    dead = diagnostics._claim(NOON)
    assert dead is not None
    assert diagnostics._claim(NOON + timedelta(seconds=59)) is None, "its lease holds"
    run_out(run, NOON + timedelta(seconds=60))
    diagnostics._keep(dead, b'{"late": true}', NOON + timedelta(hours=1))
    diagnostics._fail(dead, "late", NOON + timedelta(hours=1))
    run.refresh_from_db()
    assert (run.state, run.error) == ("done", "")
    assert Evidence.objects.filter(run=run).count() == 2


def test_a_step_that_kills_every_worker_ends_the_run(ready: Cast) -> None:
    run, now = begin(ready), NOON
    for _ in range(diagnostics.MAX_ATTEMPTS):
        assert diagnostics._claim(now) is not None
        now += timedelta(seconds=61)
    assert diagnostics.run_one_step(now) is False
    run.refresh_from_db()
    assert run.state == "failed"
    assert "lost" in run.error
    assert Telemetry.asked == []
