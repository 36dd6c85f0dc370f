"""No secret comes into a log line: not as a field, not within words, not in a traceback, not from a library."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from companyos import settings as own_settings
from companyos.web import masking

SECRET = "hunter2-hunter2-hunter2"
alphabet = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=16, max_size=60)


@pytest.mark.parametrize(
    "words",
    [
        f"Authorization: Bearer {SECRET}",
        f"authorization=Basic {SECRET}",
        f"GET /x?token={SECRET}&page=2",
        f"postgres://app:{SECRET}@db.example/companyos",
        f"redis://:{SECRET}@cache.example/0",
        f'{{"password": "{SECRET}", "name": "Ada"}}',
        f"widget_secret='{SECRET}'",
        f"telemetry_token={SECRET}",
        f"Cookie: sessionid={SECRET}; theme=dark",
        f"/d/{SECRET}:1abc:def/a.txt",
    ],
)
def test_secrets_within_words_are_masked(words: str) -> None:
    assert SECRET not in masking.text(words)
    assert masking.MASK in masking.text(words)


@given(alphabet)
def test_keys_and_tokens_of_ours_are_masked_wherever_they_stand(random: str) -> None:
    for secret in (f"cos_{random}", f"eyJ{random}.{random}.{random}"):
        assert secret not in masking.text(f"failed with ({secret}), given up")


@settings(max_examples=30)
@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.dictionaries(st.text(), inner) | st.lists(inner)
    )
)
def test_whatever_is_logged_keeps_its_shape(found: object) -> None:
    json.dumps(masking.value({"event": found}))


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "HTTP_AUTHORIZATION",
        "password",
        "new_password1",
        "widget_secret",
        "telemetry_token",
        "csrfmiddlewaretoken",
        "api_key",
        "sessionid_cookie",
        "seed",
    ],
)
def test_fields_named_so_are_masked_at_any_depth(name: str) -> None:
    event = masking.processor(None, "info", {"event": "x", "request": {"headers": [{name: SECRET}]}})
    assert SECRET not in json.dumps(event)


def test_harmless_words_stay() -> None:
    words = "ACME-1042 moved to in_progress; idempotency key reused, see https://x.example/a?page=2"
    assert masking.text(words) == words
    assert masking.value({"event": "x", "key": "abc", "user_id": 5})["key"] == "abc"


@pytest.fixture
def lines() -> io.StringIO:
    """A handler with the formatter that the settings describe, as JSON."""
    told = own_settings.LOGGING["formatters"]["structured"]
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[*told["processors"][:-1], structlog.processors.JSONRenderer()],
        foreign_pre_chain=told["foreign_pre_chain"],
    )
    kept = io.StringIO()
    handler = logging.StreamHandler(kept)
    handler.setFormatter(formatter)
    logger = logging.getLogger("tests.masking")
    logger.propagate = False
    logger.setLevel("INFO")
    logger.addHandler(handler)
    yield kept
    logger.removeHandler(handler)


def test_lines_of_libraries_and_their_tracebacks_are_masked(lines: io.StringIO) -> None:
    logger = logging.getLogger("tests.masking")
    logger.info("calling with Authorization: Bearer %s", SECRET)
    try:
        raise ValueError(f"could not connect to postgres://app:{SECRET}@db/x")
    except ValueError:
        logger.exception("failed")
    structlog.get_logger("tests.masking").info("asked", headers={"Authorization": SECRET}, password=SECRET)
    written = lines.getvalue()
    assert written.count("\n") == 3 and "ValueError" in written
    assert SECRET not in written
    assert [json.loads(line)["event"] for line in written.splitlines()][1:] == ["failed", "asked"]
