"""The content policy and what people write, in Chromium: no page breaks the one, no words break out of the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from companyos.demo import signins
from companyos.local import chromium
from tests.processes import Product
from tests.security.vectors import VECTORS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("product"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(chromium.find() is None, reason="Chromium is not installed"),
]
LISTEN = """
window.__broken = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.__broken.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile ?? ""}`));
"""
CONSOLE = ("/", "/cases/?view=waiting", "/incidents/", "/runbooks/", "/reports/", "/notices/", "/profile/")
ADMIN = ("/admin/", "/admin/tenants/tenant/", "/admin/cases/case/", "/admin/events/event/")


class Watched:
    """A page, signed in, and all that its browser complained about: violations, script errors, dialogs."""

    def __init__(self, browser: Browser, product: Product, person: signins.SignIn) -> None:
        self.product, self.complaints = product, []
        self.page: Page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self.page.add_init_script(LISTEN)
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error {error}"))
        self.page.on("console", self._said)
        self.open("/accounts/login/")
        self.page.get_by_label("Email").fill(person.email)
        self.page.get_by_label("Password").fill(signins.PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(lambda url: "/accounts/login" not in url)

    def _said(self, message: object) -> None:
        if "Content Security Policy" in message.text or "Permissions policy" in message.text:
            self.complaints.append(message.text)

    def open(self, path: str) -> None:
        answer = self.page.goto(path if path.startswith("http") else f"{self.product.web_url}{path}")
        assert answer is not None and answer.status < 400, f"{path}: {answer and answer.status}"
        self.page.wait_for_load_state("load")

    def broken(self) -> list[str]:
        return [*self.page.evaluate("window.__broken"), *self.complaints]

    def token(self) -> str:
        return str(self.page.locator("[name=csrfmiddlewaretoken]").first.input_value())


def an_open_case(seen: Watched) -> str:
    """The path of one that everybody may read, with words in it."""
    (found,) = seen.product.query(
        "SELECT c.reference FROM cases_case c JOIN tenants_tenant t ON t.id = c.tenant_id "
        "WHERE t.restriction = 'open' AND c.status = 'in_progress' ORDER BY c.id DESC LIMIT 1"
    )
    return f"/cases/{found[0]}/"


@pytest.fixture
def watch(browser: Browser, product: Product) -> Iterator[Callable[[str], Watched]]:
    begun: list[Watched] = []

    def begin(role: str) -> Watched:
        begun.append(Watched(browser, product, next(one for one in signins.SIGN_INS if one.role == role)))
        return begun[-1]

    yield begin
    for watched in begun:
        watched.page.context.close()


def test_no_page_of_the_console_breaks_the_content_policy(watch) -> None:
    seen = watch("lead")
    for path in CONSOLE:
        seen.open(path)
        assert seen.broken() == [], path
    seen.open(an_open_case(seen))
    expect(seen.page.locator("#case-head")).to_be_visible()
    seen.page.keyboard.press("e")
    assert seen.broken() == []


def test_no_page_of_the_admin_breaks_the_content_policy_and_its_scripts_work(watch) -> None:
    seen = watch("operator")
    for path in ADMIN:
        seen.open(path)
        seen.page.wait_for_function("window.Alpine !== undefined")
        assert seen.broken() == [], path
    seen.page.locator("#result_list a, table a").first.click()
    seen.page.wait_for_load_state("load")
    assert seen.broken() == []


def test_the_api_s_pages_and_the_page_with_the_widget_keep_it_too(watch) -> None:
    seen = watch("agent")
    seen.open("/api/docs/")
    expect(seen.page.get_by_text("Conversation", exact=True).first).to_be_visible()
    assert seen.broken() == []
    seen.open(seen.product.host_url)
    seen.page.get_by_role("button", name="Help", exact=True).click()
    expect(seen.page.get_by_role("heading", name=re.compile("Your cases|Cases of"))).to_be_visible()
    assert seen.broken() == []


def test_no_words_break_out_of_a_case(watch) -> None:
    seen = watch("agent")
    seen.open(an_open_case(seen))
    expect(seen.page.locator("#case-head")).to_be_visible()
    case = seen.page.url.partition("?")[0]
    words = "\n\n".join(vector.replace("\x00", "") for vector in VECTORS)
    form = {"csrfmiddlewaretoken": seen.token(), "body": words, "mode": "note", "kind": "note"}
    sent = seen.page.request.post(f"{case}notes/", form=form, headers={"Referer": case})
    assert sent.ok, sent.text()[:500]
    seen.page.goto(case)
    expect(seen.page.get_by_text("<script>alert(1)</script>").first).to_be_visible()
    links = seen.page.locator(".entry-text a").evaluate_all("found => found.map(a => [a.protocol, a.rel])")
    assert {protocol for protocol, _ in links} <= {"http:", "https:", "mailto:"}
    assert all("noopener" in rel for _, rel in links)
    for found in seen.page.locator(".entry-text").all()[-1:]:
        found.hover()
        assert found.locator("img, script, iframe, form, input, svg").count() == 0
    assert seen.broken() == []
