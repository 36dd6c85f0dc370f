"""What the console's templates say in one word: icons, times, clocks, marks, query strings."""

from __future__ import annotations

import zlib
import zoneinfo
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

from cases import dials
from tenants import reach
from tenants.access import BY_NAME, Actor
from tenants.models import User

register = template.Library()

STATUS_NAMES = {
    "new": "New",
    "triage": "Triage",
    "in_progress": "In progress",
    "waiting": "Waiting on customer",
    "resolved": "Resolved",
    "closed": "Closed",
}
STATUS_ICONS = {
    "new": "circle-dashed",
    "triage": "circle-dot",
    "in_progress": "circle-play",
    "waiting": "circle-pause",
    "resolved": "circle-check",
    "closed": "circle-check-big",
}
PRIORITY_NAMES = {"P0": "Critical", "P1": "High", "P2": "Medium", "P3": "Low"}
EFFECT_TONES = {
    "met": "good",
    "breached": "bad",
    "paused": "calm",
    "resumed": "pine",
    "started": "pine",
    "retargeted": "plum",
}
_AVATAR_TINTS = 6


@register.simple_tag
@cache  # a page shows the same few dozen icons hundreds of times
def icon(name: str, css: str = "") -> str:
    """A decorative icon: the words beside it say the same."""
    attributes: dict[str, Any] = {"aria-hidden": "true", "stroke_width": "1.75"}
    if css:
        attributes["class"] = css
    return lucide(name, size=16, **attributes)


@register.filter
def can(actor: Actor | None, permission: str) -> bool:
    """`{% if actor|can:"case.reply" %}`: whether the viewer's role may, by the one table of rights."""
    return actor is not None and actor.can(permission)


@register.filter
def scope_words(scopes: Iterable[str]) -> str:
    """What a key's scopes let it do, in a sentence."""
    return "; ".join(BY_NAME[name].words if name in BY_NAME else name for name in scopes)


@register.simple_tag
def reach_words(user: User) -> str:
    """Which tenants the person reaches, in a sentence."""
    return reach.words(user.pk)


@register.filter
def status_name(value: str) -> str:
    return STATUS_NAMES.get(value, value)


@register.filter
def status_icon(value: str) -> str:
    return STATUS_ICONS.get(value, "circle")


@register.filter
def priority_name(value: str) -> str:
    return PRIORITY_NAMES.get(value, "")


@register.filter
def tint(name: object) -> int:
    """A steady number for a name, so that a person keeps one colour on every screen."""
    return zlib.crc32(str(name).encode()) % _AVATAR_TINTS


@register.filter
def initials(name: object) -> str:
    words = str(name).replace("@", " ").replace(".", " ").split()
    return "".join(word[0] for word in words[:2]).upper()


@register.filter
def span(value: timedelta | None) -> str:
    return dials.span(value) if value is not None else ""


@register.simple_tag
def ago(at: datetime | None, form: str = "ago") -> SafeString | str:
    """A relative time whose title is the absolute one with its zone; the browser keeps it fresh."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    full = f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S %Z}"
    return format_html(
        '<time datetime="{}" data-relative="{}" title="{}">{}</time>', at.isoformat(), form, full, _relative(at)
    )


@register.simple_tag
def instant(at: datetime | None) -> SafeString | str:
    """An absolute time in the viewer's zone, as short as today allows; the title has date and zone."""
    if at is None:
        return ""
    local, today = timezone.localtime(at), timezone.localtime()
    full = f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S %Z}"
    if local.date() == today.date():
        text = f"{local:%H:%M}"
    elif abs(local - today) < timedelta(days=6):
        text = f"{local:%a %H:%M}"
    else:
        text = f"{local.day} {local:%b %H:%M}" if local.year == today.year else f"{local.day} {local:%b %Y}"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), full, text)


def _relative(at: datetime) -> str:
    distance = timezone.now() - at
    seconds = abs(distance.total_seconds())
    if seconds < 45:
        return "just now" if distance >= timedelta(0) else "in a moment"
    for limit, unit, size in ((3_600, "min", 60), (86_400, "h", 3_600), (30 * 86_400, "d", 86_400)):
        if seconds < limit:
            text = f"{max(1, round(seconds / size))} {unit}"
            break
    else:
        local = timezone.localtime(at)
        return f"{local.day} {local:%b %Y}"
    return f"{text} ago" if distance >= timedelta(0) else f"in {text}"


@register.filter
def zone(at: datetime) -> str:
    return f"{timezone.localtime(at):%Z}"


@register.filter
def effect_words(effect: dict[str, Any]) -> str:
    """ "pauses Resolution", for the SLA effect of a transition."""
    verb = {"started": "started", "met": "met", "breached": "breached"}.get(
        effect.get("effect", ""), effect.get("effect", "")
    )
    return f"{dials.METRIC_NAMES.get(effect.get('metric', ''), effect.get('metric', ''))} {verb}"


@register.filter
def effect_tone(effect: dict[str, Any]) -> str:
    return EFFECT_TONES.get(effect.get("effect", ""), "")


@register.filter
def moment(value: object) -> datetime | None:
    """An instant out of a JSON payload."""
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


@register.filter
def attribute(mapping: Any, key: str) -> Any:
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def words(value: object) -> str:
    """A code as words: `quota_exceeded` is "Quota exceeded"."""
    text = str(value).replace("_", " ").replace("-", " ").strip()
    return text[:1].upper() + text[1:]


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: object) -> str:
    """The page's own query string with some keys replaced; None removes a key, and `after` never outlives a change."""
    request: HttpRequest = context["request"]
    params = request.GET.copy()
    params.pop("after", None)
    for key, value in changes.items():
        params.pop(key, None)
        if isinstance(value, (list, tuple)):
            params.setlist(key, [str(item) for item in value])
        elif value not in (None, ""):
            params[key] = str(value)
    return f"?{params.urlencode()}" if params else "?"


@register.filter
def joined(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)


@register.simple_tag
def brand_mark() -> SafeString:
    """The house's sign: two leaves of one stem, drawn for this project."""
    return mark_safe(
        '<svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" fill="none" stroke="currentColor"'
        ' stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
        '<path d="M12 21V11"/><path d="M12 14C7 14 4 11 4 5c5 0 8 3 8 9Z" fill="currentColor" fill-opacity=".18"/>'
        '<path d="M12 11c0-4 2.5-7 8-7 0 5-3 8.5-8 9" /></svg>'
    )


@register.filter
def style_sheets(names: str) -> list[str]:
    return [f"css/{name}.css" for name in names.split()]


@register.filter
def metric_name(metric: str) -> str:
    return dials.METRIC_NAMES.get(metric, metric)


@register.filter
def event_words(name: str) -> str:
    """ "incident.link_removed" as "incident: link removed"."""
    subject, _, deed = name.partition(".")
    return f"{subject}: {deed.replace('_', ' ')}" if deed else subject


@register.simple_tag
def their_time(zone_name: str) -> SafeString:
    """The time of day at the customer's place."""
    local = timezone.now().astimezone(zoneinfo.ZoneInfo(zone_name))
    return format_html('<time datetime="{}">{} {}</time>', local.isoformat(), f"{local:%a %H:%M}", f"{local:%Z}")
