"""`{% load markup %}`: people's words on a page."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from companyos.web import markup

register = template.Library()


@register.filter
def linked(text: object) -> SafeString:
    """Plain text with its web and mail addresses as links."""
    return markup.linked(str(text))
