"""People's words as HTML: only what is listed comes out, whatever goes in."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companyos.web import markup
from tests.security.vectors import VECTORS

pieces = st.sampled_from(
    [
        *VECTORS,
        "<",
        ">",
        '"',
        "'",
        "</",
        "<a ",
        "<p>",
        " href=",
        "javascript:",
        "\t",
        "\x00",
        "&#x6a;",
        "]]>",
        "`",
        "](",
        "-->",
    ]
)
hostile = st.lists(pieces | st.text(max_size=8), max_size=8).map("".join)


class Seen(HTMLParser):
    """What a parser finds in the result; raises at the first thing that is not listed."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in markup.TAGS, tag
        for name, value in attrs:
            assert name in markup.ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set()), (tag, name)
            if name == "href":
                assert urlsplit(value or "").scheme in markup.SCHEMES, value
            if name == "rel":
                assert value == markup.REL

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


@pytest.mark.parametrize("make", [markup.sanitised, markup.from_markdown, markup.linked])
@given(text=hostile)
def test_only_what_is_listed_comes_out(make, text: str) -> None:
    Seen().feed(made := make(text))
    assert markup.sanitised(made) == made, "what is clean stays as it is"


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_of_a_vector_runs_or_is_fetched(vector: str) -> None:
    for make in (markup.sanitised, markup.from_markdown, markup.linked):
        Seen().feed(made := make(vector))
        assert "<img" not in made and "<script" not in made.lower()


def test_plain_text_keeps_every_character_and_links_its_addresses() -> None:
    made = markup.linked("a < b & c: see https://status.example/x?a=1&b=2, or write to help@acme.example")
    assert made.startswith("a &lt; b &amp; c: see <a ")
    assert f'href="https://status.example/x?a=1&amp;b=2" rel="{markup.REL}"' in made
    assert 'href="mailto:help@acme.example"' in made


def test_markdown_and_mail_keep_their_form() -> None:
    assert markup.from_markdown("# One\n\n- *two*\n\n`three`").split() == [
        "<h1>One</h1>", "<ul>", "<li><em>two</em></li>", "</ul>", "<p><code>three</code></p>",
    ]  # fmt: skip
    mail = '<html><head><title>t</title></head><body><p class="x">Hello <b>Ada</b><img src="https://t.example/p"></p></body>'
    assert markup.sanitised(mail) == "<p>Hello <b>Ada</b></p>"


def test_addresses_within_our_own_site_are_no_links_in_what_others_wrote() -> None:
    assert "href" not in markup.sanitised('<a href="/accounts/logout/">x</a><a href="//evil.example">y</a>')


def test_endless_text_is_cut_before_it_is_read() -> None:
    assert len(markup.sanitised("<p>" * markup.LONGEST * 2)) < markup.LONGEST * 10
