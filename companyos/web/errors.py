"""Errors that rules and verbs raise. Pure; the API's rendering of them stands in companyos.web.problems."""

from __future__ import annotations


class DomainError(Exception):
    """A refusal that the caller can mend. `code` is stable, `message` names the fix, `field` the input at fault."""

    status = 422

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


class Conflict(DomainError):
    """Somebody else changed the thing first; nothing was saved. `version` is the thing's present one, if it has any."""

    status = 409

    def __init__(self, code: str, message: str, field: str | None = None, *, version: int | None = None) -> None:
        super().__init__(code, message, field)
        self.version = version


def require_unchanged(version: int, seen: int | None, what: str) -> None:
    """Raise Conflict unless the thing, locked by the caller, is still the version that was `seen`; None saw none."""
    if seen is not None and seen != version:
        text = f"{what} changed while you were looking at it; nothing was saved. Look again, then repeat."
        raise Conflict("stale", text, "version", version=version)


class NotAllowedNow(DomainError):
    """The thing's state does not allow the deed; the message names the moves that it does allow."""

    status = 409


class Forbidden(DomainError):
    """The actor may see the thing but not do this to it."""

    status = 403


class NotFound(DomainError):
    """The thing is not there, or not there for this actor: the two are told apart nowhere."""

    status = 404


class Gone(DomainError):
    """It was there, for a time that is over."""

    status = 410
