"""The one place where words of people become HTML that a page prints as it is: Markdown, HTML mail, links in text.

What is allowed is listed, all else is dropped. Nothing is loaded from elsewhere: a picture would tell its sender who
reads it, and when.
"""

from __future__ import annotations

import nh3
from django.utils.html import urlize
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p",
    "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),
    "a": {"href", "title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
# Of these nothing is kept, not even the words in them.
EMPTIED = {"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "title", "textarea", "xmp"}
SCHEMES = {"http", "https", "mailto"}
REL = "noopener nofollow ugc"
LONGEST = 200_000  # characters; of longer HTML the rest is dropped before it is read
_MARKDOWN = MarkdownIt("js-default")


def sanitised(html: str) -> SafeString:
    """HTML from anywhere (a mail, a rendered text), made harmless."""
    found = nh3.clean(
        html[:LONGEST],
        tags=TAGS,
        attributes=ATTRIBUTES,
        clean_content_tags=EMPTIED,
        url_schemes=SCHEMES,
        url_relative="deny",
        link_rel=REL,
        strip_comments=True,
    )
    return mark_safe(found)


def from_markdown(text: str) -> SafeString:
    return sanitised(_MARKDOWN.render(text[:LONGEST]))


def linked(text: str) -> SafeString:
    """Plain text with its addresses as links; markup in it stays text."""
    return sanitised(urlize(text[:LONGEST], autoescape=True))
