"""What a clock's own page says: its stretches, marks and terms in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cases.explaining import words as why
from sla.explaining.explain import Line, Mark, Stretch, Terms
from sla.ledger import Reading

register = template.Library()


@register.filter
def stretch_name(stretch: Stretch) -> str:
    return why.stretch_name(stretch)


@register.filter
def stretch_words(stretch: Stretch) -> str:
    """Everything about a stretch in one line."""
    used = f", {why.length(stretch.consumed)} used" if stretch.consumed else ""
    times = f", closed {stretch.closures} times" if stretch.closures else ""
    because = "if nothing happens" if stretch.ahead else why.cause(stretch.line)
    return f"{why.stretch_name(stretch)}: {_told(stretch.start)} to {_told(stretch.end)}{used}{times}; {because}"


@register.filter
def mark_words(mark: Mark) -> str:
    return why.mark_name(mark)


@register.filter
def mark_sentence(mark: Mark) -> str:
    because = f", {why.cause(mark.line)}{why.who(mark.line)}" if mark.line else ""
    return f"{why.mark_name(mark)}{f', {_told(mark.at)}' if mark.at else ''}{because}"


@register.filter
def cause_words(line: Line) -> str:
    words = why.cause(line)
    return words[:1].upper() + words[1:]


@register.filter
def by_words(line: Line) -> str:
    return why.who(line)


@register.filter
def terms_words(terms: Terms) -> str:
    return why.promised(terms)


@register.filter
def amount_words(terms: Terms) -> str:
    return why.amount(terms.target.amount, terms.target.basis)


@register.filter
def used_words(reading: Reading) -> str:
    return why.length(why.used(reading))


@register.filter
def length_words(value: timedelta) -> str:
    return why.length(value)


@register.filter
def unlocal(value: float) -> str:
    """A number as SVG reads it, in any language."""
    return f"{value:.1f}"


@register.simple_tag
def exact(at: datetime | None) -> SafeString | str:
    """Day and time in the reader's zone, to the second where there are seconds; the title has the instant itself."""
    if at is None:
        return "–"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), at.isoformat(), _told(at))


def _told(at: datetime) -> str:
    return why.told_instant(at, timezone.get_current_timezone(), timezone.now())
