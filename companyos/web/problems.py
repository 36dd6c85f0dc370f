"""How the API renders errors: DomainErrors and Django's own become the one standard shape."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import exception_handler as standardized_handler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions, status

from companyos.web.errors import DomainError
from companyos.web.parsers import PayloadTooLarge


class Refusal(exceptions.APIException):
    """A DomainError that is no validation error, on its way out of the API."""

    def __init__(self, error: DomainError) -> None:
        super().__init__(detail=error.message, code=error.code)
        self.status_code, self.attr = error.status, error.field
        self.version = getattr(error, "version", None)


def as_api_exception(error: DomainError) -> exceptions.APIException:
    """The DRF exception of a DomainError; those of 422 become validation errors (400 in the API)."""
    if error.status == status.HTTP_422_UNPROCESSABLE_ENTITY:
        return exceptions.ValidationError({error.field or "non_field_errors": [error.message]}, code=error.code)
    return Refusal(error)


def exception_handler(exc: Exception, context: Any) -> Any:
    """DRF's exception handler: what is not DRF's own is translated first, then the library's standard shape."""
    if isinstance(exc, DomainError):
        exc = as_api_exception(exc)
    elif isinstance(exc, RequestDataTooBig):
        exc = PayloadTooLarge()
    elif isinstance(exc, SuspiciousOperation):  # such as too many form fields; Django alone would answer in HTML
        exc = exceptions.ParseError(str(exc))
    return standardized_handler(exc, context)


class Formatter(ExceptionFormatter):
    """The standard shape, with the field and the present version that a Refusal may name."""

    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        body: dict[str, Any] = super().format_error_response(error_response)
        if isinstance(self.exc, Refusal):
            body["errors"][0]["attr"] = self.exc.attr
            if self.exc.version is not None:
                body["version"] = self.exc.version
        return body
