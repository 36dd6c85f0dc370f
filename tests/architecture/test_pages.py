"""Templates and served files: nothing inline, which the content security policy would refuse anyway."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source import APPS, ROOT

PAGES = sorted(
    path
    for folder in ("templates", "static", "companyos/demo/host_pages", *(f"{app}/templates" for app in APPS))
    for path in (ROOT / folder).rglob("*.html")
)
INLINE = {
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(?!\s*</script>)", re.IGNORECASE),
    "inline style": re.compile(r"<style\b", re.IGNORECASE),
    "style attribute": re.compile(r"\sstyle\s*=\s*[\"'{]", re.IGNORECASE),
    "event attribute": re.compile(r"\son[a-z]{3,}\s*=\s*[\"'{]", re.IGNORECASE),
    "javascript address": re.compile(r"(?:href|src|action)\s*=\s*[\"']\s*javascript:", re.IGNORECASE),
    "htmx that evaluates text": re.compile(r"\bhx-(?:on[:\w-]*|vals\s*=\s*[\"']js:)", re.IGNORECASE),
    "address of another site": re.compile(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']https?://", re.IGNORECASE),
}
UNESCAPED = re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off|mark_safe", re.IGNORECASE)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_inline(page: Path) -> None:
    text = re.sub(r"{#.*?#}", "", page.read_text())
    assert [name for name, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_marks_text_as_safe(page: Path) -> None:
    """HTML is made safe in one module (companyos/web/markup.py), and comes to the page so marked."""
    assert not UNESCAPED.search(page.read_text())


def test_forms_that_post_carry_the_token() -> None:
    wrong = []
    for page in PAGES:
        for form in re.findall(
            r"<form\b[^>]*method=[\"']post[\"'].*?</form>", page.read_text(), re.IGNORECASE | re.DOTALL
        ):
            if "csrf_token" not in form and "host_pages" not in str(page):
                wrong.append(str(page.relative_to(ROOT)))
    assert wrong == []
