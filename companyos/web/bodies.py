"""A request's body is read before the database is asked anything in its name.

Whoever sends slowly would otherwise hold a transaction open, with all that it locks, for as long as they like.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError

CARRY = ("POST", "PUT", "PATCH", "DELETE")
BESIDES_FILES = 2 * 1024 * 1024  # bytes of a form with files that are no file


def read(request: HttpRequest) -> HttpResponse | None:
    """Take the whole body in, files to temporary ones; a refusal when it is too long or ends before its end.

    What is too long for memory is left unread: the view's own parser refuses it in its own shape.
    """
    if request.method not in CARRY:
        return None
    told = request.META.get("CONTENT_LENGTH") or "0"
    if not (told.isascii() and told.isdecimal()):
        return _refusal(request, 400, "parse_error", "Content-Length must be a number of bytes.")
    length = int(told)
    form = request.method == "POST" and request.content_type == "multipart/form-data"
    if form and length > longest_form():
        return _refusal(request, 413, "too_large", f"A form with its files has at most {longest_form():,} bytes.")
    try:
        if form:
            _ = request.POST
        elif length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            _ = request.body
    except UnreadablePostError:
        return _refusal(request, 400, "incomplete", "The request ended before its end; send it again.")
    except RequestDataTooBig:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return _refusal(request, 413, "too_large", f"What is no file has at most {most:,} bytes in all.")
    except (MultiPartParserError, SuspiciousOperation):
        return _refusal(request, 400, "parse_error", "The form cannot be read: it is cut off, or has too many fields.")
    return None


def longest_form() -> int:
    return settings.ATTACHMENT_MAX_BYTES * settings.ATTACHMENT_MAX_FILES + BESIDES_FILES


def _refusal(request: HttpRequest, status: int, code: str, words: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        errors = [{"code": code, "detail": words, "attr": None}]
        return JsonResponse({"type": "client_error", "errors": errors}, status=status)
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
