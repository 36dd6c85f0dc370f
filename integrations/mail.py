"""Alerts by e-mail, through the backend of EMAIL_URL. They hold no customer's words: reference, clock, and a link."""

from __future__ import annotations

import hashlib
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

TIMEOUT = 10.0  # seconds, to connect and for each answer


class MailError(Exception):
    """It was not sent; the message says why."""


def send(address: str, *, subject: str, body: str, key: str) -> None:
    """One message, as text and as plain HTML. Raises MailError. The same key has the same Message-ID."""
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip("> ") or "companyos.example"
    identity = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"
    message = EmailMultiAlternatives(
        " ".join(subject.split()),
        body,
        to=[address],
        headers={"Message-ID": identity, "Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
        connection=get_connection(timeout=TIMEOUT),
    )
    message.attach_alternative(
        render_to_string("integrations/mail.html", {"subject": subject, "body": body}), "text/html"
    )
    try:
        message.send()
    except (OSError, SMTPException) as error:
        raise MailError(f"The mail server did not take it: {type(error).__name__} {_code(error)}".strip()) from error


def _code(error: Exception) -> str:
    return str(getattr(error, "smtp_code", ""))
