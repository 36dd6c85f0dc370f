"""One shape for every refusal, whatever is wrong with the request."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from rest_framework.throttling import ScopedRateThrottle

from cases.models import Case
from tests.api.conftest import errors, version_of
from tests.api.test_cases import NEW


@pytest.mark.parametrize(
    "path", ["nothing/", "cases", "cases/ACME-1/", "cases/%00/", "cases/ACME-1/nothing/", "", "%ff/"]
)
def test_an_address_that_is_none(agent, cast, path):
    ((field, code),) = errors(agent.get(path), 404)
    assert (field, code) == (None, "not_found")
    assert agent.send("PATCH", path if path else "x/").status_code in (404, 405)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "POST"])
def test_a_method_that_is_not_there(agent, case, method):
    assert errors(agent.send(method, f"cases/{case.reference}/"), 405) == {(None, "method_not_allowed")}


def test_a_body_of_another_type(agent, case):
    path = f"/api/v1/cases/{case.reference}/notes/"
    answer = agent.client.post(path, "<x/>", content_type="text/xml", headers=agent.headers)
    assert errors(answer, 415) == {(None, "unsupported_media_type")}


def test_an_answer_of_another_type(agent, case):
    answer = agent.client.get("/api/v1/me/", headers={**agent.headers, "Accept": "text/html"})
    assert errors(answer, 406) == {(None, "not_acceptable")}


def test_too_many_requests(agent, cast, monkeypatch):
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"api": "2/min", "widget": "2/min"})
    assert [agent.get("me/").status_code for _ in range(2)] == [200, 200]
    answer = agent.get("me/")
    assert errors(answer, 429) == {(None, "throttled")}
    assert 0 < int(answer["Retry-After"]) <= 60


def test_each_person_has_a_rate_of_their_own(agent, lead, cast, monkeypatch):
    monkeypatch.setattr(ScopedRateThrottle, "THROTTLE_RATES", {"api": "1/min", "widget": "1/min"})
    assert [hand.get("me/").status_code for hand in (agent, lead, agent)] == [200, 200, 429]


@override_settings(
    CACHES={
        "default": {
            "BACKEND": "companyos.web.cache.ForgivingRedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 0.2},
        }
    }
)
def test_without_the_cache_the_api_still_answers(agent, cast):
    assert agent.get("me/").status_code == 200


BODIES = {
    "no JSON": "{",
    "nothing": "",
    "no object": "[1]",
    "a text": '"x"',
    "null": "null",
    "a number without end": "1" * 5000,
    "nested without end": "[" * 100_000,
    "not a number": '{"version": NaN}',
    "not UTF-8": b'{"subject": "\xff\xfe"}',
    "half a surrogate pair": '{"subject": "\\ud800", "version": 1, "body": "\\udfff"}',
    "a null byte": '{"subject": "a\\u0000b", "version": 1, "body": "a\\u0000"}',
    "wrong types": '{"subject": {"a": 1}, "body": ["x"], "version": {"$gt": 0}, "tenant": 5, "files": "x"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_cannot_be(agent, case, body):
    for path in ("cases/", f"cases/{case.reference}/notes/", f"cases/{case.reference}/acceptances/"):
        for key in ("", "k"):
            assert agent.post(path, body, key=key).status_code == 400
    assert version_of(case) == case.version


def test_a_body_that_is_too_large(agent, case):
    body = '{"body": "' + "x" * (3 * 1024 * 1024) + '"}'
    assert errors(agent.post(f"cases/{case.reference}/notes/", body), 413) == {(None, "too_large")}


def test_a_form_that_is_too_large_or_has_too_many_fields(agent, case):
    path = f"cases/{case.reference}/replies/"
    assert errors(agent.upload(path, body="x" * (3 * 1024 * 1024)), 413) == {(None, "too_large")}
    many = {f"f{at}": "x" for at in range(1100)}
    assert errors(agent.upload(path, **many)) == {(None, "parse_error")}
    with override_settings(DEBUG=False):
        assert agent.upload(path, **many).status_code == 400


WRONG = {
    "no tenant": ({"tenant": None}, "tenant", "null"),
    "a tenant that is not there": ({"tenant": "nobody"}, "tenant", "unknown_tenant"),
    "another tenant's requester": ({"requester": "u-cleo"}, "requester", "unknown_requester"),
    "a subject of 10,000 characters": ({"subject": "x" * 10_000}, "subject", "max_length"),
    "an empty subject": ({"subject": "  "}, "subject", "blank"),
    "a description without end": ({"description": "x" * 50_001}, "description", "max_length"),
    "an unknown channel": ({"channel": "fax"}, "channel", "invalid_choice"),
    "an unknown resource": ({"resource": "nothing"}, "resource", "unknown_resource"),
    "a link that is a script": ({"trace_links": ["javascript:alert(1)"]}, "trace_links", "bad_link"),
    "too many error ids": ({"error_ids": ["x"] * 21}, "error_ids", "max_length"),
}


@pytest.mark.parametrize(("change", "field", "code"), WRONG.values(), ids=WRONG)
def test_a_new_case_with_something_wrong(agent, cast, change, field, code):
    assert errors(agent.post("cases/", **{**NEW, **change})) == {(field, code)}
    assert not Case.objects.exists()


FILES = {
    "empty": ("empty.txt", b"", "empty"),
    "a program": ("tool.txt", b"MZ\x90\x00" + b"\x00" * 60, "executable_file"),
    "not what its name says": ("cat.png", b"just words", "wrong_type"),
    "of a kind that is not taken": ("page.html", b"<html>", "unknown_type"),
}


@pytest.mark.parametrize(("name", "content", "expected"), FILES.values(), ids=FILES)
def test_a_file_that_is_not_taken(agent, case, name, content, expected):
    for path, values in (("replies", {"body": "x"}), ("attachments", {})):
        sent = {"version": version_of(case), **values, "files": [SimpleUploadedFile(name, content)]}
        ((field, code),) = errors(agent.upload(f"cases/{case.reference}/{path}/", **sent))
        assert (field.split(".")[0], code) == ("files", expected)
    assert version_of(case) == case.version


DEEDS = {
    "an unknown priority": ("acceptances", {"priority": "P9"}, {("priority", "invalid_choice")}),
    "an owner who is nobody": ("assignments", {"owner": "x@y.example"}, {("owner", "unknown_person")}),
    "an owner who may not": ("assignments", {"owner": "auditor@support.example"}, {("owner", "not_an_owner")}),
    "no reason": ("priorities", {"priority": "P0", "reason": " "}, {("reason", "blank")}),
    "a tag that is none": ("tags", {"tags": ["no tag!"]}, {("tags", "bad_tag")}),
    "an unknown macro": ("replies", {"body": "x", "macro": "none"}, {("macro", "unknown_macro")}),
    "an unknown runbook": ("diagnostics", {"runbook": "none"}, {("runbook", "unknown_runbook")}),
    "an unknown incident": ("incidents", {"incident": "INC-1"}, {("incident", "unknown_incident")}),
    "no evidence": ("resolutions", {"summary": "x", "code": "quota"}, {("evidence", "required")}),
    "another's evidence": (
        "resolutions",
        {"summary": "x", "code": "quota", "evidence": ["0f9d4f5e-0d0c-4b86-9d62-6f6a3a2f7d11"]},
        {("evidence", "unknown_evidence")},
    ),
    "a link that is a script": (
        "resolutions",
        {"summary": "x", "code": "quota", "evidence_links": ["javascript:x"]},
        {("evidence_links.0", "invalid")},
    ),
}


@pytest.mark.parametrize(("noun", "values", "expected"), DEEDS.values(), ids=DEEDS)
def test_a_deed_with_something_wrong(agent, case, noun, values, expected):
    assert errors(agent.post(f"cases/{case.reference}/{noun}/", version=case.version, **values)) == expected
    assert version_of(case) == case.version


def test_a_duplicate_of_nothing(lead, case):
    path = f"cases/{case.reference}/dismissals/"
    sent = {"version": case.version, "kind": "duplicate"}
    assert errors(lead.post(path, **sent)) == {("duplicate_of", "required")}
    assert errors(lead.post(path, **sent, duplicate_of="ACME-9")) == {("duplicate_of", "unknown_case")}
    assert errors(lead.post(path, **sent, duplicate_of=case.reference)) == {("duplicate_of", "own_duplicate")}
