"""Files leave by a link: for a minute, for one person, as a download and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import signing
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cases import conversation, downloads
from cases.models import Attachment, Evidence
from tenants.models import AuditEntry
from tests.cast import NOON, Cast

HOSTILE = b"<script>alert(document.cookie)</script>"


@pytest.fixture
def stored(cast: Cast, settings, tmp_path) -> Attachment:
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}
    file = SimpleUploadedFile("gr\u00fc\u00dfe \u65e5\u672c.txt", HOSTILE)
    conversation.attach(cast.open_case(), actor=cast.actor(cast.ada), files=[file], now=NOON)
    return Attachment.objects.get()


def signed_in(person: object) -> Client:
    client = Client()
    client.force_login(person)
    return client


def address(client: Client, stored: Attachment | Evidence) -> str:
    kind = "attachments" if isinstance(stored, Attachment) else "evidence"
    answer = client.get(f"/files/{kind}/{stored.uuid}/")
    assert answer.status_code == 302
    return answer["Location"]


def test_the_page_s_address_leads_to_a_link_that_needs_no_cookie(cast: Cast, stored: Attachment) -> None:
    link = address(signed_in(cast.agent), stored)
    assert link.startswith("/d/")
    answer = Client().get(link)
    assert b"".join(answer.streaming_content) == HOSTILE
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in answer and "Access-Control-Allow-Origin" not in answer


def test_evidence_leaves_by_the_same_door_and_not_to_customers(cast: Cast, stored: Attachment) -> None:
    artefact = Evidence.objects.create(
        tenant=stored.tenant, case=stored.case, name="a/b.json", size=2, sha256="0" * 64, at=NOON,
        content_type="application/json", collected_by="x", file=ContentFile(b"{}", name="x"),
    )  # fmt: skip
    link = address(signed_in(cast.lead), artefact)
    assert b"".join(Client().get(link).streaming_content) == b"{}"
    for_ada = downloads.link(artefact, cast.actor(cast.ada))
    assert Client().get(for_ada).status_code == 404


def test_a_link_is_good_for_a_minute(cast: Cast, stored: Attachment) -> None:
    now = datetime.now(UTC)
    with time_machine.travel(now, tick=False) as clock:
        link = address(signed_in(cast.agent), stored)
        clock.move_to(now + timedelta(seconds=59))
        assert Client().get(link).status_code == 200
        clock.move_to(now + timedelta(seconds=62))
        late = Client().get(link)
    assert late.status_code == 410
    assert b"good for a minute" in late.content and HOSTILE not in late.content


def test_no_letter_of_a_link_can_be_changed(cast: Cast, stored: Attachment) -> None:
    link = address(signed_in(cast.agent), stored)
    token = link.split("/")[2]
    for at in range(0, len(token), 3):
        other = "A" if token[at] != "A" else "B"
        changed = link.replace(token, token[:at] + other + token[at + 1 :])
        # The last letter of a part may hold bits that mean nothing.
        if (answer := Client().get(changed)).status_code != 404:
            assert token[at + 1 : at + 2] in (":", ""), (at, answer.status_code)
    assert Client().get("/d/nonsense/a.txt").status_code == 404
    told = signing.dumps({"kind": "attachment", "uuid": str(stored.uuid), "user": 1, "requester": None, "origin": ""})
    assert Client().get(f"/d/{told}/a.txt").status_code == 404, "signed for another purpose"


def test_what_was_taken_from_the_person_meanwhile_is_taken_from_the_link(cast: Cast, stored: Attachment) -> None:
    link = address(signed_in(cast.agent), stored)
    cast.agent.is_active = False
    cast.agent.save()
    assert Client().get(link).status_code == 404
    assert Client().get(downloads.link(stored, cast.actor(cast.cleo))).status_code == 404, "another tenant's"


def test_the_name_in_the_link_decides_nothing(cast: Cast, stored: Attachment) -> None:
    link = address(signed_in(cast.agent), stored)
    answer = Client().get(link.rpartition("/")[0] + "/page.html")
    assert answer["Content-Type"] == "application/octet-stream" and "page.html" not in answer["Content-Disposition"]


def test_the_look_is_noted_once_where_the_right_is_checked(cast: Cast, stored: Attachment) -> None:
    looks = AuditEntry.objects.filter(kind=AuditEntry.Kind.FILE)
    link = address(signed_in(cast.agent), stored)
    assert looks.count() == 1
    Client().get(link)
    assert looks.count() == 1


def test_files_may_have_a_host_of_their_own(cast: Cast, stored: Attachment, settings) -> None:
    settings.FILES_ORIGIN = "https://files.example"
    link = address(signed_in(cast.agent), stored)
    assert urlsplit(link).netloc == "files.example"
    assert Client().get(urlsplit(link).path).status_code == 200


def test_a_script_of_another_origin_reads_only_what_its_own_link_names(cast: Cast, stored: Attachment) -> None:
    link = downloads.link(stored, cast.actor(cast.ada), origin="https://app.acme.example")
    answer = Client().get(link, headers={"Origin": "https://evil.example"})
    assert answer["Access-Control-Allow-Origin"] == "https://app.acme.example"
    assert "Access-Control-Allow-Credentials" not in answer
