"""Export: all that is the person's and nothing that is not, provable, private, and gone after its days."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from cases import conversation
from companyos.events.models import Event
from companyos.web.errors import Forbidden, NotAllowedNow
from tenants import actors, audit, isolation
from tenants.models import DataJob, Requester, Tenant
from tenants.privacy import jobs, work
from tenants.retention import files
from tests.cast import Cast
from tests.privacy.conftest import stored
from tests.privacy.life import HOUR, NOW, lived


def exported(cast: Cast, person: Requester) -> tuple[DataJob, zipfile.ZipFile]:
    job = jobs.ask_export(person, actor=cast.actor(cast.manager), now=NOW)
    while work.step(NOW):
        pass
    job.refresh_from_db()
    assert job.state == "done", job.error
    content = job.file.read()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (job.size, job.sha256)
    return job, zipfile.ZipFile(io.BytesIO(content))


def test_the_archive_holds_what_is_theirs_and_proves_it(cast: Cast) -> None:
    case, colleagues = lived(cast, 20), lived(cast, 20, cast.ann, subject="Ann's own trouble")
    foreign = lived(cast, 20, cast.cleo)
    with isolation.scope(cast.actor(cast.agent)):
        audit.viewed(case)
    _, archive = exported(cast, cast.ada)
    names = set(archive.namelist())
    folder = f"cases/{case.reference}"
    assert {"manifest.json", "requester.json", "deeds.json", "seen-by.json", f"{folder}/case.json"} <= names
    assert not any(one.reference in name for name in names for one in (colleagues, foreign))

    manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["format"], manifest["version"]) == ("companyos-requester-export", 1)
    assert {one["path"] for one in manifest["files"]} == names - {"manifest.json"}
    for one in manifest["files"]:
        content = archive.read(one["path"])
        assert (len(content), hashlib.sha256(content).hexdigest()) == (one["size"], one["sha256"])

    messages = json.loads(archive.read(f"{folder}/messages.json"))
    assert [one["body"] for one in messages][:2] == ["Ingest is throttled since noon.", "We look into it."]
    assert archive.read(f"{folder}/{messages[1]['files'][0]['path']}") == b"a log of theirs"
    assert json.loads(archive.read(f"{folder}/case.json"))["surveys"][0]["words"] == "Good in the end."
    assert json.loads(archive.read("requester.json"))["email"] == cast.ada.email
    looks = json.loads(archive.read(f"{folder}/seen-by.json"))
    assert [one["who"] for one in looks] == ["Amy Agent"]


def test_nothing_internal_is_in_it(cast: Cast) -> None:
    case = lived(cast, 20)
    conversation.note(case, actor=cast.actor(cast.agent), body="INTERNAL-WORD", now=NOW)
    _, archive = exported(cast, cast.ada)
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"INTERNAL-WORD" not in everything and b"They seem upset" not in everything
    assert b"trace.json" not in everything, "evidence is the support side's"


def test_an_administrators_export_is_their_own_and_not_the_tenants(cast: Cast) -> None:
    of_ada = lived(cast, 20)
    conversation.reply(cast.open_case(), actor=cast.actor(cast.ann), body="I say so too", now=NOW)
    _, archive = exported(cast, cast.ann)
    assert not any(of_ada.reference in name for name in archive.namelist())
    elsewhere = json.loads(archive.read("messages-elsewhere.json"))
    assert [one["body"] for one in elsewhere] == ["I say so too"]


def test_a_file_that_the_storage_lost_does_not_stop_the_rest(cast: Cast, media: Path) -> None:
    case = lived(cast, 20)
    for path in stored(media):
        path.unlink()
    _, archive = exported(cast, cast.ada)
    assert json.loads(archive.read(f"cases/{case.reference}/lost-files.json")) == ["log.txt"]


def test_a_worker_that_dies_while_writing_leaves_no_second_file(
    cast: Cast, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.ask_export(cast.ada, actor=cast.actor(cast.manager), now=NOW)
    with monkeypatch.context() as patched:
        patched.setattr(work, "_keep", lambda *args: None)  # stored, and dead before it was written down
        work.step(NOW)
    assert len(stored(media)) == 1 and not work.step(NOW)
    assert work.step(NOW + work.LEASE)
    job.refresh_from_db()
    assert job.state == "done" and len(stored(media)) == 1 and job.file.storage.exists(job.file.name)


def test_an_export_that_keeps_failing_gives_up_and_says_why(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    job = jobs.ask_export(cast.ada, actor=cast.actor(cast.manager), now=NOW)
    monkeypatch.setattr("cases.privacy._export_case", None)
    lived(cast, 20)
    for hours in range(6):
        work.step(NOW + hours * HOUR)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", 4) and job.error
    assert Event.objects.filter(name="privacy.export_failed").count() == 1


def test_only_who_asked_may_download_and_only_for_seven_days(cast: Cast, media: Path) -> None:
    job, _ = exported(cast, cast.ada)
    manager = cast.actor(cast.manager)
    assert jobs.downloadable(job, actor=manager, now=NOW) == job
    for other in (cast.operator, cast.ada):
        with pytest.raises(Forbidden, match="Only who asked"):
            jobs.downloadable(job, actor=cast.actor(other), now=NOW)
    with pytest.raises(NotAllowedNow, match="expired"):
        jobs.downloadable(job, actor=manager, now=NOW + jobs.KEPT_FOR)
    assert not jobs.expire_one(NOW + 6 * 24 * HOUR)
    assert jobs.expire_one(NOW + jobs.KEPT_FOR)
    while files.remove_one(NOW + 30 * 24 * HOUR):
        pass
    job.refresh_from_db()
    assert (job.state, job.file.name) == ("expired", "") and stored(media) == []


def test_what_a_restricted_tenant_hides_no_export_brings_out(cast: Cast) -> None:
    Tenant.objects.filter(pk=cast.acme.pk).update(restriction="content")
    with pytest.raises(Forbidden, match="restricted"):
        jobs.ask_export(cast.ada, actor=cast.actor(cast.manager), now=NOW)
    ada = actors.of_requester(cast.ada)
    with isolation.scope(ada):
        assert jobs.ask_export(cast.ada, actor=ada, now=NOW).state == "queued"


def test_asking_twice_is_asking_once(cast: Cast) -> None:
    manager = cast.actor(cast.manager)
    first = jobs.ask_export(cast.ada, actor=manager, now=NOW)
    assert jobs.ask_export(cast.ada, actor=manager, now=NOW) == first
