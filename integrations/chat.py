"""Chat rooms and webhooks by Apprise addresses: which are taken, what may be shown of them, and sending.

Only services that speak HTTP through `requests` are taken, because those connections the guard of companyos.web judges;
files, desktops, system logs, mail and raw sockets are refused by name.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from socket import AI_NUMERICHOST, getaddrinfo
from urllib.parse import unquote, urlsplit

from apprise import Apprise, AppriseAsset, AppriseAttachment, NotifyBase, NotifyFormat, NotifyType

from companyos.web import outbound
from companyos.web.errors import DomainError
from companyos.web.guarded import CONNECT, READ, guarded
from companyos.web.outbound import OutboundError

# Of these the host is where it goes, not a secret.
# Of ntfy and matrix only where it is a host: without one, a topic or a token of the public service stands in its place.
HOSTED = frozenset(
    ("json", "jsons", "form", "forms", "xml", "xmls", "mmost", "mmosts", "rocket", "rockets", "ntfy", "ntfys",
     "gotify", "gotifys", "matrix", "matrixs")
)  # fmt: skip
CLOUD = frozenset(
    ("slack", "workflow", "workflows", "discord", "tgram", "gchat", "pagerduty", "opsgenie", "zulip", "webex",
     "wxteams", "splunk", "victorops", "squadcast", "incidentio", "pover")
)  # fmt: skip
TAKEN = HOSTED | CLOUD
MOST = 10
NAMES = "slack, workflows (Teams), discord, tgram, gchat, mmost, matrix, ntfy, gotify, pagerduty, opsgenie, jsons"


class ChatError(Exception):
    """It was not sent; the message says why, without secrets."""


def parse(text: str) -> list[str]:
    """The addresses, one a line. Raises DomainError naming the line that cannot be taken, never its words."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise DomainError("required", "Write at least one address, such as slack://… or jsons://…", "addresses")
    if len(lines) > MOST:
        raise DomainError("too_many", f"A channel has at most {MOST} addresses.", "addresses")
    for number, line in enumerate(lines, start=1):
        schema = _schema(line)
        if not schema:
            text = f"Line {number}: an address begins with its service, such as slack://… or jsons://hooks.example/…"
            raise DomainError("schema", f"{text}; there are {NAMES} and others.", "addresses")
        if schema not in TAKEN:
            text = f"Line {number}: {schema[:20]}:// is not taken; there are {NAMES} and others."
            raise DomainError("schema", text, "addresses")
        service = _instance(line)
        if service is None:
            text = (
                f"Line {number}: this is no complete {schema}:// address, or it names a template; see Apprise's docs."
            )
            raise DomainError("address", text, "addresses")
        try:
            _judge(schema, service)
        except OutboundError as error:
            raise DomainError("private", f"Line {number}: {error}", "addresses") from error
    return lines


def _judge(schema: str, service: NotifyBase) -> None:
    """Raise OutboundError for a host that says by itself where it is, and that nothing would be sent to.

    Other names are judged when a message is sent: where they lead to may change until then.
    """
    host, port = str(getattr(service, "host", None) or "").strip("[]"), getattr(service, "port", None)
    if schema not in HOSTED or (_may_be_secret(schema) and not {".", ":"} & set(host)):
        return
    if host.lower() != "localhost":
        try:
            getaddrinfo(host, None, flags=AI_NUMERICHOST)
        except (OSError, UnicodeError):
            return
    outbound.addresses(host, int(port or (443 if getattr(service, "secure", False) else 80)))


def _may_be_secret(schema: str) -> bool:
    """Whether a topic or a token can stand in the host's place."""
    return schema.startswith(("ntfy", "matrix"))


def shown(addresses: list[str]) -> str:
    """What pages, logs and the audit may show of them: the service, and the host where that is no secret."""
    return "\n".join(_shown(address) for address in addresses)


def _shown(address: str) -> str:
    schema = _schema(address)
    if schema not in HOSTED:
        return f"{schema}://…"
    parts = urlsplit(address)
    if _may_be_secret(schema) and "." not in (parts.hostname or ""):
        return f"{schema}://…"
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{schema}://{parts.hostname or ''}{port}/…"


def _schema(address: str) -> str:
    return address.partition("://")[0].strip().lower() if "://" in address else ""


def send(address: str, *, title: str, body: str, key: str) -> None:
    """Send one message to one address. Raises ChatError. `key` goes along where the service takes headers of ours."""
    service = _instance(address) if _schema(address) in TAKEN else None
    if service is None:
        raise ChatError("This address is not taken any more; write it anew.")
    headers = getattr(service, "headers", None)
    if isinstance(headers, dict):
        headers["Idempotency-Key"] = key
    with _said() as said:
        try:
            with guarded():
                sent = service.notify(
                    body=body, title=title, notify_type=NotifyType.WARNING, body_format=NotifyFormat.TEXT
                )
        except OutboundError as error:
            raise ChatError(str(error)) from error
        except Exception as error:  # a plug-in's own mistakes are no reason to stop the worker
            raise ChatError(f"{_schema(address)} failed: {type(error).__name__}.") from None
    if not sent:
        raise ChatError(without_secrets(said[-1] if said else f"{_schema(address)} refused the message.", address))


def _instance(address: str) -> NotifyBase | None:
    """Certificates are verified and waiting is bounded, whatever the address or the answer asks for.

    None also for an address with a template of its own: Apprise would read it from our disk, or from another address.
    """
    asset = AppriseAsset(async_mode=False, app_id="CompanyOS", app_desc="Case & Escalation", secure_logging=True)
    with _said():
        service = Apprise.instantiate(address, asset=asset)
    if isinstance(service, NotifyBase) and not _reads_files(service):
        service.verify_certificate = True
        service.socket_connect_timeout, service.socket_read_timeout = CONNECT, READ
        service.redirects = False
        service.request_rate_per_sec = 0
        service.throttle = _no_waiting  # type: ignore[method-assign]
        return service
    return None


def _reads_files(service: NotifyBase) -> bool:
    return any(isinstance(value, AppriseAttachment) and len(value) for value in vars(service).values())


def _no_waiting(*args: object, **kwargs: object) -> None:
    """A server that asks for patience would have the worker sleep as long as it likes; the outbox tries again later."""


def without_secrets(words: str, address: str) -> str:
    """The words without any part of the address but its host, where that is shown."""
    open_words = set(_shown(address).replace("://", " ").replace("/", " ").split())
    rest = address.partition("://")[2]
    for separator in "/@?&=:+,":
        rest = rest.replace(separator, " ")
    for part in sorted(rest.split(), key=len, reverse=True):
        for spelling in {part, unquote(part)} - open_words:
            if len(spelling) > 3 and not any(spelling in word for word in open_words):
                words = words.replace(spelling, "…")
    return words[:500]


# ── What Apprise says goes to us alone: its lines can hold addresses ─────────
_lines: ContextVar[list[str] | None] = ContextVar("apprise_lines", default=None)


class _Listener(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        lines = _lines.get()
        if lines is not None:
            lines.append(record.getMessage())


@contextmanager
def _said() -> Iterator[list[str]]:
    lines: list[str] = []
    token = _lines.set(lines)
    try:
        yield lines
    finally:
        _lines.reset(token)


def _listen() -> None:
    logger = logging.getLogger("apprise")
    logger.handlers[:] = [_Listener(level=logging.WARNING)]
    logger.setLevel(logging.WARNING)
    logger.propagate = False


_listen()
