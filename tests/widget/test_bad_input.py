"""Bad input: a clear refusal that names the field, and nothing changed."""

import pytest

from cases.models import Attachment, Case, Message
from tenants import isolation
from tenants.access import SYSTEM
from tests.widget.conftest import upload
from tests.widget.test_cases import errors

GOOD = {"subject": "Events are refused", "description": "A fifth of our events get 429."}


def counted() -> tuple[int, int, int]:
    with isolation.scope(SYSTEM):
        return Case.objects.count(), Message.objects.count(), Attachment.objects.count()


FILES = {
    "empty": ("empty.txt", b"", "empty"),
    "oversized": ("big.txt", b"x" * 2001, "file_too_large"),
    "a program": ("tool.txt", b"MZ\x90\x00" + b"\x00" * 60, "executable_file"),
    "a script": ("run.log", b"#!/bin/sh\nrm -rf /\n", "executable_file"),
    "an ELF binary named as a picture": ("cat.png", b"\x7fELF" + b"\x00" * 60, "executable_file"),
    "not what its name says": ("cat.png", b"just words", "wrong_type"),
    "binary named as text": ("log.txt", b"a\x00b", "wrong_type"),
    "of a kind that is not taken": ("page.html", b"<html>", "unknown_type"),
    "without an ending": ("README", b"words", "unknown_type"),
}


@pytest.mark.parametrize(("name", "content", "code"), FILES.values(), ids=FILES)
def test_a_file_that_is_not_taken(ben, settings, name, content, code):
    settings.ATTACHMENT_MAX_BYTES = 2000
    reference = ben.opens()
    before = counted()
    sends = [
        ("cases", {**GOOD, "files": [upload("good.txt", b"good"), upload(name, content)]}),
        (f"cases/{reference}/messages", {"body": "See this", "files": [upload(name, content)]}),
        (f"cases/{reference}/attachments", {"files": [upload(name, content)]}),
    ]
    for path, values in sends:
        ((attr, found),) = errors(ben.post(path, **values))
        assert attr.split(".")[0] == "files"
        assert found == code
    assert counted() == before


def test_too_many_files(ben):
    files = [upload(f"{at}.txt", b"x") for at in range(11)]
    ((attr, _),) = errors(ben.post("cases", **GOOD, files=files))
    assert attr == "files"


def test_a_file_name_with_a_path(ben):
    reference = ben.opens(files=[upload("../../etc/passwd.txt", b"x")])
    name = ben.get(f"cases/{reference}").json()["messages"][0]["attachments"][0]["name"]
    assert "/" not in name


TEXTS = {
    "a subject of 10,000 characters": ({**GOOD, "subject": "x" * 10_000}, ("subject", "max_length")),
    "an empty subject": ({**GOOD, "subject": "  "}, ("subject", "blank")),
    "no description": ({"subject": "x"}, ("description", "required")),
    "a null byte in the subject": ({**GOOD, "subject": "a\x00b"}, ("subject", "null_characters_not_allowed")),
    "a null byte in the description": (
        {**GOOD, "description": "a\x00b"},
        ("description", "null_characters_not_allowed"),
    ),
    "a null byte in an error id": ({**GOOD, "error_ids": ["a\x00"]}, ("error_ids.0", "null_characters_not_allowed")),
    "a description without end": ({**GOOD, "description": "x" * 50_001}, ("description", "max_length")),
    "a trace that is a script": ({**GOOD, "trace_links": ["javascript:alert(1)"]}, ("trace_links.0", "invalid")),
    "a page that is a script": ({**GOOD, "page_url": "javascript:alert(1)"}, ("page_url", "invalid")),
    "too many error ids": ({**GOOD, "error_ids": [str(at) for at in range(21)]}, ("error_ids", "max_length")),
}


@pytest.mark.parametrize(("values", "expected"), TEXTS.values(), ids=TEXTS)
def test_a_text_that_is_not_taken(ben, values, expected):
    ben.get("session")
    before = counted()
    assert errors(ben.post("cases", **values)) == {expected}
    assert counted() == before


@pytest.mark.parametrize("score", ["0", "6", "", "five", "4.5"])
def test_a_score_that_is_none(ben, score):
    reference = ben.opens()
    ((attr, _),) = errors(ben.post(f"cases/{reference}/surveys", score=score))
    assert attr == "score"


def test_markup_stays_text(ben):
    words = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    reference = ben.opens(subject=words)
    answer = ben.post(f"cases/{reference}/messages", body=words)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.json()["messages"][-1]["body"] == words
    assert answer.json()["subject"] == words


@pytest.mark.parametrize("path", ["cases/ACME-9999", "cases/%00", "cases/..%2F..", "cases/ACME-1/nothing", "nothing"])
def test_a_path_that_is_not_there(ben, path):
    assert ben.get(path).status_code == 404


@pytest.mark.parametrize("body", [[], "text", 5, None, {"subject": {"a": 1}, "description": ["b"]}])
def test_json_of_another_shape(ben, body):
    assert ben.post_json("cases", body).status_code == 400


def test_a_body_that_is_no_json(ben):
    headers = {**ben.headers(), "Idempotency-Key": "k"}
    answer = ben.client.post("/api/v1/widget/cases", "{", content_type="application/json", headers=headers)
    assert errors(answer) == {(None, "parse_error")}


# ── The same create twice ──


def test_the_same_create_twice_is_one_case(ben):
    first = ben.post("cases", key="k-1", **GOOD, files=[upload("log.txt", b"line")])
    again = ben.post("cases", key="k-1", **GOOD, files=[upload("log.txt", b"line")])
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert counted() == (1, 1, 1)


def test_the_same_key_with_another_body(ben):
    ben.post("cases", key="k-1", **GOOD)
    answer = ben.post("cases", key="k-1", **{**GOOD, "subject": "Something else"})
    assert errors(answer, 409) == {(None, "idempotency_key_reused")}
    assert counted() == (1, 1, 0)


def test_the_same_key_of_another_person(ada, ben):
    assert (
        ada.post("cases", key="k-1", **GOOD).json()["reference"]
        != ben.post("cases", key="k-1", **GOOD).json()["reference"]
    )


def test_a_refused_create_may_be_mended_under_its_key(ben):
    assert ben.post("cases", key="k-1", subject="", description="x").status_code == 400
    assert ben.post("cases", key="k-1", **GOOD).status_code == 201


def test_a_create_without_a_key(ben):
    assert errors(ben.post("cases", key="", **GOOD)) == {("non_field_errors", "idempotency_key_missing")}


def test_an_answer_twice_is_one_message(ben):
    reference = ben.opens()
    for _ in range(2):
        ben.post(f"cases/{reference}/messages", key="m-1", body="Any news?")
    assert counted() == (1, 2, 0)
