"""The ZIP of an export, written piece by piece: memory stays the same whatever goes in. Layout: docs/privacy.md."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any, Self

from django.core.serializers.json import DjangoJSONEncoder

FORMAT, VERSION = "companyos-requester-export", 1
CHUNK = 64 * 1024


class Archive:
    """Entries go in one after the other; `conclude` adds the manifest with each one's size and SHA-256."""

    def __init__(self, target: IO[bytes], progress: Callable[[int], None]) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED)
        self._files: list[dict[str, Any]] = []
        self.progress = progress

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._zip.close()

    @contextmanager
    def _entry(self, path: str) -> Iterator[Callable[[bytes], None]]:
        digest, size = hashlib.sha256(), 0
        with self._zip.open(path, "w", force_zip64=True) as entry:

            def write(piece: bytes) -> None:
                nonlocal size
                entry.write(piece)
                digest.update(piece)
                size += len(piece)

            yield write
        self._files.append({"path": path, "size": size, "sha256": digest.hexdigest()})

    def json(self, path: str, value: Any) -> None:
        with self._entry(path) as write:
            write(_dump(value, indent=2))

    def json_list(self, path: str, values: Iterable[Any]) -> None:
        """A JSON list that is never whole in memory."""
        with self._entry(path) as write:
            write(b"[")
            for number, value in enumerate(values):
                write((b",\n" if number else b"\n") + _dump(value))
            write(b"\n]\n")

    def file(self, path: str, source: IO[bytes]) -> None:
        with self._entry(path) as write:
            while piece := source.read(CHUNK):
                write(piece)

    def conclude(self, *, tenant: str, requester: str, made_at: datetime) -> None:
        head = {"format": FORMAT, "version": VERSION, "made_at": made_at, "tenant": tenant, "requester": requester}
        self._zip.writestr("manifest.json", _dump({**head, "files": self._files}, indent=2))


def _dump(value: Any, indent: int | None = None) -> bytes:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=indent).encode()
