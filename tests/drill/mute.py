"""A mail server that takes nothing."""

from smtplib import SMTPServerDisconnected

from django.core.mail.backends.base import BaseEmailBackend


class Backend(BaseEmailBackend):
    def __init__(self, *args: object, timeout: float | None = None, **kwargs: object) -> None:
        super().__init__()

    def send_messages(self, email_messages: object) -> int:
        raise SMTPServerDisconnected("gone")
