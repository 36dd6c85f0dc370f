"""The same create sent twice happens once."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cases.models import Case, Message
from companyos.web.models import IdempotentRequest
from tests.api.conftest import errors, with_key
from tests.api.test_cases import NEW


def test_the_same_key_and_body_is_replayed(agent, cast):
    first, again = (agent.post("cases/", key="k-1", **NEW) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers
    assert again["Idempotent-Replayed"] == "true"
    assert Case.objects.count() == 1


def test_a_deed_is_replayed_although_its_version_is_stale_by_now(agent, case):
    sent = {"version": case.version, "body": "Hello"}
    first, again = (agent.post(f"cases/{case.reference}/replies/", key="k", **sent) for _ in range(2))
    assert first.json() == again.json()
    assert Message.objects.filter(author_kind="support").count() == 1


def test_the_same_key_with_another_body_is_a_conflict(agent, cast):
    agent.post("cases/", key="k-1", **NEW)
    answer = agent.post("cases/", key="k-1", **{**NEW, "subject": "Another"})
    assert errors(answer, 409) == {(None, "idempotency_key_reused")}
    assert Case.objects.count() == 1


def test_the_same_key_with_another_file_is_a_conflict(agent, case):
    path, sent = f"cases/{case.reference}/attachments/", {"version": case.version}
    for content, status in ((b"a", 201), (b"a", 201), (b"b", 409)):
        assert agent.upload(path, key="k", **sent, files=[SimpleUploadedFile("a.txt", content)]).status_code == status


def test_keys_are_each_persons_own(agent, lead, cast):
    one, other = agent.post("cases/", key="k", **NEW), lead.post("cases/", key="k", **NEW)
    assert one.json()["reference"] != other.json()["reference"]


@pytest.mark.parametrize("wrong", [{"subject": ""}, {"tenant": "nobody"}, {"requester": "u-cleo"}])
def test_a_refused_create_may_be_mended_under_its_key(agent, cast, wrong):
    assert agent.post("cases/", key="k", **{**NEW, **wrong}).status_code == 400
    assert not IdempotentRequest.objects.exists()
    assert agent.post("cases/", key="k", **NEW).status_code == 201


@pytest.mark.parametrize("key", ["x" * 201, "tab\there"])
def test_a_key_that_is_none(agent, cast, key):
    assert errors(agent.post("cases/", key=key, **NEW)) == {("non_field_errors", "idempotency_key_bad")}


def test_half_a_surrogate_pair_under_a_key(agent, cast):
    assert agent.post("cases/", '{"subject": "\\ud800", "\\udfff": "\\ud800"}', key="k").status_code == 400


def test_another_role_cannot_replay(cast, case):
    assert (
        with_key(cast.auditor).post(f"cases/{case.reference}/notes/", key="k", version=1, body="x").status_code == 403
    )
