"""Who sends slowly, too much or only half holds nothing open in the database."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from wsgiref.simple_server import make_server

import pytest
from django.conf import settings as django_settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client

from companyos.demo.host import QuietHandler, ThreadingServer
from companyos.web import bodies
from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import ApiKey
from tests.factories import UserFactory, key_for
from tests.processes import until

IN_TRANSACTION = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
"""


@pytest.fixture
def port(transactional_db: None, monkeypatch) -> Iterator[int]:
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    server = make_server("127.0.0.1", 0, get_wsgi_application(), ThreadingServer, QuietHandler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def begin(port: int, key: str, kind: str, length: int, first: bytes) -> http.client.HTTPConnection:
    """A request of which only the first bytes come."""
    sending = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    sending.putrequest("POST", "/api/v1/cases/")
    for name, value in (("Authorization", f"Bearer {key}"), ("Content-Type", kind), ("Content-Length", str(length))):
        sending.putheader(name, value)
    sending.endheaders()
    sending.send(first)
    return sending


def open_transactions() -> int:
    with connection.cursor() as cursor:
        cursor.execute(IN_TRANSACTION)
        return cursor.fetchone()[0]


def key_is_noted() -> bool:
    with isolation.scope(SYSTEM):
        return ApiKey.objects.filter(last_used_at__isnull=False).exists()


def test_a_stalled_upload_holds_no_transaction_open(port: int) -> None:
    with isolation.scope(SYSTEM):
        key = key_for(UserFactory(email="slow@support.example", role="agent"))
    stalled = [
        begin(port, key, "application/json", 20, b'{"subject"'),
        begin(port, key, "multipart/form-data; boundary=b", 2000, b"--b\r\nContent-Disposition: form-data"),
    ]
    # Who asks is looked up in transactions of moments; once it is known, none may stay.
    until(lambda: key_is_noted() and [open_transactions() for _ in range(20)] == [0] * 20, 10)
    stalled[0].send(b': "words"}')
    answer = stalled[0].getresponse()
    assert answer.status == 400 and b"validation_error" in answer.read()
    stalled[1].sock.shutdown(1)
    assert stalled[1].getresponse().status == 400
    for sending in stalled:
        sending.close()


def test_a_form_over_the_sum_of_its_files_is_refused_unread(cast, settings) -> None:
    settings.ATTACHMENT_MAX_BYTES, settings.ATTACHMENT_MAX_FILES = 10, 2
    client = Client()
    client.force_login(cast.agent)
    too_long = {"CONTENT_LENGTH": str(bodies.longest_form() + 1), "CONTENT_TYPE": "multipart/form-data; boundary=b"}
    page = client.generic("POST", "/cases/ACME-1/replies/", b"", **too_long)
    assert page.status_code == 413 and b"at most 2,097,172 bytes" in page.content
    api = client.generic("POST", "/api/v1/cases/", b"", **too_long)
    assert api.status_code == 413 and api.json()["errors"][0]["code"] == "too_large"


@pytest.mark.parametrize("length", ["many", "-5", "1_0", "\u0663"])
def test_a_length_that_is_no_number_is_refused(cast, length: str) -> None:
    client = Client()
    client.force_login(cast.agent)
    assert client.generic("POST", "/profile/", b"a=b", CONTENT_LENGTH=length).status_code == 400


def test_a_long_body_without_files_never_comes_into_memory(cast) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(cast.agent)
    words = "a=" + "x" * django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    form = client.generic("POST", "/profile/", words, content_type="application/x-www-form-urlencoded")
    assert form.status_code in (400, 413)
    assert client.generic("POST", "/api/v1/cases/", words, content_type="application/json").status_code == 413
