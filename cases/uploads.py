"""What may be uploaded: bounded, not empty, not executable, and of the type that its name says. Content decides."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import puremagic
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from companyos.web.errors import DomainError

# Ending: the MIME types that its content may show. Text has no magic number and is checked by decoding.
TEXT_ENDINGS = {
    "txt": "text/plain",
    "log": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "json": "application/json",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "xml": "application/xml",
    "har": "application/json",
}
BINARY_ENDINGS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "gz": "application/gzip",
}
_EXECUTABLE = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")
# Control characters, what means something to a file system, and the marks that make text run the other way.
_UNSAFE_NAME = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class CheckedUpload:
    """An upload that passed, with its proof."""

    file: UploadedFile
    name: str
    size: int
    sha256: str
    content_type: str

    def columns(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "name": self.name,
            "size": self.size,
            "sha256": self.sha256,
            "content_type": self.content_type,
        }


def within_limits(files: Sequence[UploadedFile]) -> Sequence[UploadedFile]:
    if len(files) > settings.ATTACHMENT_MAX_FILES:
        raise DomainError("too_many_files", f"At most {settings.ATTACHMENT_MAX_FILES} files at once.", "files")
    return files


def check(file: UploadedFile) -> CheckedUpload:
    """Refuse what is empty, too large, executable or not what its ending says; otherwise size, hash and real type."""
    name = safe_name(file.name or "")
    size = file.size or 0
    most = settings.ATTACHMENT_MAX_BYTES
    if size == 0:
        raise DomainError("empty_file", f"“{name}” is empty; attach a file with content.", "files")
    if size > most:
        raise DomainError("file_too_large", f"“{name}” is over {most // 2**20} MB; attach a smaller one.", "files")
    digest, head, is_text = hashlib.sha256(), b"", True
    for chunk in file.chunks():
        head = head or chunk[:4096]
        digest.update(chunk)
        is_text = is_text and b"\x00" not in chunk
    file.seek(0)
    if head.startswith(_EXECUTABLE):
        raise DomainError("executable_file", f"“{name}” is a program; attach logs, pictures or documents.", "files")
    return CheckedUpload(file, name, size, digest.hexdigest(), _content_type(name, head, is_text))


def safe_name(name: str) -> str:
    """The file's own name without path, control characters and leading dots; at most 120 characters, ending kept."""
    bare = _UNSAFE_NAME.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(". ") or "file"
    stem, dot, ending = bare.rpartition(".")
    return f"{stem[:110]}{dot}{ending[:9]}" if dot else bare[:120]


def _content_type(name: str, head: bytes, is_text: bool) -> str:
    ending = name.rpartition(".")[2].lower()
    if ending in TEXT_ENDINGS:
        if not is_text:
            raise DomainError("wrong_type", f"“{name}” is not text, though its name says so.", "files")
        return TEXT_ENDINGS[ending]
    if ending in BINARY_ENDINGS:
        if BINARY_ENDINGS[ending] not in _types_by_content(head):
            raise DomainError("wrong_type", f"The content of “{name}” is not {ending.upper()}.", "files")
        return BINARY_ENDINGS[ending]
    known = ", ".join([*TEXT_ENDINGS, *BINARY_ENDINGS])
    raise DomainError("unknown_type", f"“{name}” is of a kind that is not taken. Taken are: {known}.", "files")


_ALIASES = {"application/x-gzip": "application/gzip", "application/x-zip-compressed": "application/zip"}


def _types_by_content(head: bytes) -> set[str]:
    try:
        found = {match.mime_type for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return set()
    return {_ALIASES.get(mime, mime) for mime in found}
