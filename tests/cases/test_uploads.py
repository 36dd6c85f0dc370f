"""Attachments: what is taken, what is refused, and that a refusal leaves nothing behind."""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cases import conversation, uploads
from cases.models import Attachment, Message
from companyos.web.errors import DomainError
from tests.cast import NOON, Cast

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


@pytest.fixture(autouse=True)
def _thrown_away(settings, tmp_path) -> None:
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.txt"), "a")  # no clock in it: it names a test
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("ingest.log", b"12:00 throttled\n", "text/plain"),
        ("trace.json", b'{"a": 1}', "application/json"),
        ("shot.png", PNG, "image/png"),
        ("SHOT.PNG", PNG, "image/png"),
        ("logs.zip", zipped(), "application/zip"),
        ("log.gz", gzip.compress(b"x" * 100, mtime=0), "application/gzip"),
        ("umlaut-\u00e4\u00f6\u00fc-\u65e5\u672c.txt", "gr\u00fc\u00dfe".encode(), "text/plain"),
    ],
)
def test_what_is_taken(name: str, content: bytes, kind: str) -> None:
    checked = uploads.check(upload(name, content))
    assert (checked.content_type, checked.size, checked.name) == (kind, len(content), name)
    assert checked.sha256 == hashlib.sha256(content).hexdigest()
    assert checked.file.read() == content, "the file is left at its beginning"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.txt", b"", "empty_file"),
        ("tool.txt", b"\x7fELF\x02\x01\x01" + b"\x00" * 60, "executable_file"),
        ("tool.png", b"MZ\x90\x00" + b"\x00" * 60, "executable_file"),
        ("run.txt", b"#!/bin/sh\nrm -rf /\n", "executable_file"),
        ("mach.log", b"\xcf\xfa\xed\xfe" + b"\x00" * 60, "executable_file"),
        ("words.png", b"these are words, not a picture", "wrong_type"),
        ("picture.txt", PNG, "wrong_type"),
        ("picture.pdf", PNG, "wrong_type"),
        ("page.html", b"<script>alert(1)</script>", "unknown_type"),
        ("image.svg", b"<svg onload='alert(1)'/>", "unknown_type"),
        ("setup.exe", b"harmless", "unknown_type"),
        ("noending", b"words", "unknown_type"),
        ("double.png.exe", PNG, "unknown_type"),
        ("\u202etxt.exe", b"words", "unknown_type"),
        ("late.txt", b"a" * 70_000 + b"\x00" + b"b", "wrong_type"),
    ],
)
def test_what_is_refused(name: str, content: bytes, code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        uploads.check(upload(name, content))
    assert (refusal.value.code, refusal.value.field) == (code, "files")


def test_a_file_over_the_limit_is_refused_and_one_at_the_limit_is_not(settings) -> None:
    settings.ATTACHMENT_MAX_BYTES = 2**20
    assert uploads.check(upload("at.txt", b"x" * 2**20)).size == 2**20
    with pytest.raises(DomainError, match="over 1 MB"):
        uploads.check(upload("over.txt", b"x" * (2**20 + 1)))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\windows\\system.txt", "system.txt"),
        ("/absolute/path.log", "path.log"),
        (".hidden.txt", "hidden.txt"),
        ("a\x00b.txt", "a_b.txt"),
        ("line\r\nSet-Cookie: x.txt", "line_Set-Cookie_ x.txt"),
        ('q"uote<b>.txt', "q_uote_b_.txt"),
        ("C:evil.txt", "C_evil.txt"),
        ("..", "file"),
        ("", "file"),
        ("x" * 300 + ".txt", "x" * 110 + ".txt"),
    ],
)
def test_a_name_is_only_a_name(given: str, kept: str) -> None:
    assert uploads.safe_name(given) == kept


def test_no_name_makes_text_run_backwards() -> None:
    """Direction marks let "exe.gnp" read as "png.exe" in a list of files."""
    for mark in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f":
        assert mark not in uploads.safe_name(f"report{mark}gpj.txt")


def test_a_refused_file_refuses_the_whole_message(cast: Cast) -> None:
    case = cast.open_case()
    before = (Message.objects.count(), Attachment.objects.count(), case.version)
    good, bad = upload("good.txt", b"words"), upload("bad.png", b"words")
    with pytest.raises(DomainError):
        conversation.reply(case, actor=cast.actor(cast.ada), body="See files", files=[good, bad], now=NOON)
    case.refresh_from_db()
    assert (Message.objects.count(), Attachment.objects.count(), case.version) == before


def test_too_many_files_are_refused(cast: Cast) -> None:
    case = cast.open_case()
    files = [upload(f"{n}.txt", b"x") for n in range(11)]
    with pytest.raises(DomainError, match="At most 10"):
        conversation.attach(case, actor=cast.actor(cast.ada), files=files, now=NOON)


def test_a_stored_file_has_neither_the_name_nor_the_folder_that_the_uploader_chose(cast: Cast) -> None:
    case = cast.open_case()
    conversation.attach(case, actor=cast.actor(cast.ada), files=[upload("../../x.txt", b"words")], now=NOON)
    stored = Attachment.objects.get()
    assert stored.name == "x.txt"
    assert stored.file.name.startswith(f"attachments/{cast.acme.pk}/")
    assert "x.txt" not in stored.file.name
    assert (stored.size, stored.sha256) == (5, hashlib.sha256(b"words").hexdigest())
