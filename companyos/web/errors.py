"""Errors that rules and verbs raise, and the one place that renders them: form error, partial, or problem."""

from __future__ import annotations

from typing import Any

from drf_standardized_errors.handler import exception_handler as standardized_handler
from rest_framework import exceptions, status


class DomainError(Exception):
    """A refusal that the caller can mend. `code` is stable, `message` names the fix, `field` the input at fault."""

    status = 422

    def __init__(self, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


class Conflict(DomainError):
    """Somebody else changed the thing first; nothing was saved."""

    status = 409


class NotAllowedNow(DomainError):
    """The thing's state does not allow the deed; the message names the moves that it does allow."""

    status = 409


class Forbidden(DomainError):
    """The actor may see the thing but not do this to it."""

    status = 403


class NotFound(DomainError):
    """The thing is not there, or not there for this actor: the two are told apart nowhere."""

    status = 404


_API_STATUS = {422: status.HTTP_400_BAD_REQUEST}


def as_api_exception(error: DomainError) -> exceptions.APIException:
    """The DRF exception of a DomainError; field errors become validation errors."""
    http_status = _API_STATUS.get(error.status, error.status)
    if http_status == status.HTTP_400_BAD_REQUEST:
        return exceptions.ValidationError({error.field or "non_field_errors": [error.message]}, code=error.code)
    raised = exceptions.APIException(detail=error.message, code=error.code)
    raised.status_code = http_status
    return raised


def exception_handler(exc: Exception, context: dict[str, Any]) -> Any:
    """DRF's exception handler: DomainError first, then the library's standard shape."""
    if isinstance(exc, DomainError):
        exc = as_api_exception(exc)
    return standardized_handler(exc, context)
