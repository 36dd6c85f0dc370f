"""The console by keyboard, by phone and without JavaScript, in Chromium against real processes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from companyos.demo import signins
from companyos.local import chromium
from tests.processes import Product

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("product"),
    pytest.mark.timeout(300),
    pytest.mark.skipif(chromium.find() is None, reason="Chromium is not installed"),
]


def signed_in(browser: Browser, product: Product, **options: object) -> Page:
    page = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options}).new_page()
    page.goto(product.web_url)
    page.get_by_label("Email").fill(signins.SIGN_INS[0].email)
    page.get_by_label("Password").fill(signins.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#main")).to_be_visible()
    return page


def awake(page: Page) -> None:
    """Its scripts run: a key that is pressed before is nobody's."""
    page.wait_for_load_state("load")


def test_a_case_is_opened_and_worked_on_by_keys_alone(browser: Browser, product: Product) -> None:
    page = signed_in(browser, product)
    page.goto(f"{product.web_url}/cases/?view=waiting")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#case-head")).to_be_visible()
    awake(page)

    page.keyboard.press("n")
    expect(page.locator("#note-body")).to_be_focused()
    page.keyboard.type("jot this down: e, r and ? are letters here")
    expect(page.locator("[data-draft-state]")).to_have_text("Draft kept")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect(page.locator("#note-body")).to_have_value(re.compile("jot this down"))

    page.keyboard.press("e")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send and resolve").click()
    for missing in ("Write what was done", "Choose how it was resolved.", "Add evidence"):
        expect(dialog.get_by_text(missing, exact=False)).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    page.keyboard.press("t")
    page.get_by_role("dialog").get_by_label("Tags").fill("quota, ingest")
    page.keyboard.press("Enter")
    expect(page.locator("#context").get_by_text("quota", exact=True)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page).to_have_url(re.compile("view=mine"))


def test_single_keys_can_be_turned_off(browser: Browser, product: Product) -> None:
    page = signed_in(browser, product)
    page.goto(f"{product.web_url}/profile/")
    page.get_by_label(re.compile("Single-key")).uncheck()
    page.get_by_role("button", name="Save profile").click()
    expect(page.get_by_text("Profile saved.")).to_be_visible()
    awake(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.keyboard.press("Escape")
    page.get_by_label(re.compile("Single-key")).check()
    page.get_by_role("button", name="Save profile").click()


def test_without_javascript_a_note_and_a_deed_go_through(browser: Browser, product: Product) -> None:
    page = signed_in(browser, product, java_script_enabled=False)
    page.goto(f"{product.web_url}/cases/?view=waiting")
    page.locator("[data-row] a").first.click()
    page.locator("#composer").get_by_role("link", name="Internal note").click()
    page.locator("#note-body").fill("Written without a script.")
    page.get_by_role("button", name="Add internal note").click()
    expect(page.locator("#timeline").get_by_text("Written without a script.")).to_be_visible()
    page.locator("#case-head").get_by_role("link", name="Resume").click()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#case-head [aria-current=step]")).to_contain_text("In progress")


def test_nothing_runs_over_the_edge_of_a_phone(browser: Browser, product: Product) -> None:
    page = signed_in(browser, product, viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page.goto(f"{product.web_url}/cases/?view=waiting")
    case = page.locator("[data-row] a").first.get_attribute("href")
    others = ("/incidents/INC-204/", "/tenants/acme/", "/reports/", "/profile/", "/service-levels/policies/premium/")
    for address in ("/cases/?view=open", case, *others):
        page.goto(f"{product.web_url}{address}")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, address
    page.goto(f"{product.web_url}{case}")
    page.get_by_role("link", name="Details").click()
    expect(page.locator("#context")).to_be_visible()
    expect(page.locator("#timeline")).to_be_hidden()
