"""No secret in the logs: the last thing before a line is written, whoever writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

MASK = "***"
# A field of such a name holds a secret, whatever it looks like. `key` alone is a name of many harmless things.
_NAMED = re.compile(
    r"authorization|cookie|csrf|password|passwd|secret|token|credential|api_?key|private_?key|field_?keys|session_?key|seed",
    re.IGNORECASE,
)
# Secrets within words: header values, keys of ours, signed tokens, addresses with a password, parameters so named.
_WITHIN = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {MASK}"),
    (re.compile(r"\bcos_[\w-]{8,}"), MASK),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*"), MASK),
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^\s/@:]*:[^\s/@]*@"), rf"\1{MASK}@"),
    (
        re.compile(
            r"(?i)([\w-]*(?:password|passwd|secret|token|api_?key|authorization|sessionid|csrftoken)[\w-]*[\"']?\s*[=:]\s*[\"']?)"
            r"(?!\*\*\*)(?!(?:bearer|basic)\s)[^\s\"'&,;}]+"
        ),
        rf"\1{MASK}",
    ),
    (re.compile(r"/d/[\w:-]{20,}"), f"/d/{MASK}"),
)
_DEEPEST = 6


def text(words: str) -> str:
    for pattern, instead in _WITHIN:
        words = pattern.sub(instead, words)
    return words


def value(found: Any, depth: int = 0) -> Any:
    """The same shape without its secrets; what is nested endlessly is cut."""
    if isinstance(found, str):
        return text(found)
    if isinstance(found, bytes):
        return text(found.decode(errors="replace"))
    if depth > _DEEPEST:
        return "…"
    if isinstance(found, Mapping):
        return {
            key: MASK if inner and _NAMED.search(str(key)) else value(inner, depth + 1) for key, inner in found.items()
        }
    if isinstance(found, list | tuple | set | frozenset):
        return [value(inner, depth + 1) for inner in found]
    if found is None or isinstance(found, bool | int | float):
        return found
    return text(str(found))


def processor(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog: ours and other libraries' lines alike, with their tracebacks."""
    return dict(value(event))
