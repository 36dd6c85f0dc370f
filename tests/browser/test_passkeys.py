"""Passkeys with Chromium's own virtual authenticator: added, signed in with alone, asked for again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from companyos.demo import signins
from companyos.local import chromium
from tests.processes import Product

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("product"),
    pytest.mark.timeout(420),
    pytest.mark.skipif(chromium.find() is None, reason="Chromium is not installed"),
]
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    """A page whose device has a fingerprint reader. A passkey belongs to a name, so not to 127.0.0.1."""
    with browser.new_context(base_url=f"http://localhost:{product.port}") as context:
        page = context.new_page()
        device = context.new_cdp_session(page)
        device.send("WebAuthn.enable")
        device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
        refused: list[str] = []
        page.on("console", lambda line: refused.append(line.text) if "Content Security Policy" in line.text else None)
        yield page
        assert refused == []


@contextmanager
def held(page: Page, address: str) -> Iterator[None]:
    """What the page asks for at the address comes when the block ends, as over a slow line."""
    waiting: list[Route] = []
    page.route(address, lambda route: waiting.append(route))
    yield
    for route in waiting:
        route.continue_()
    page.unroute(address)


def test_a_passkey_is_added_and_then_signs_in_alone(page: Page) -> None:
    person = signins.SIGN_INS[-1].email
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(person)
    page.get_by_label("Password").fill(signins.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")
    page.goto("/accounts/security/")
    add = page.get_by_role("button", name="Add the passkey")
    with held(page, "**/js/passkeys*.js"):
        page.get_by_role("link", name="Add").first.click()
        page.get_by_label("Name").fill("Work laptop")
        expect(add, "a click before the script is there would do nothing").to_be_disabled()
    add.click()
    expect(page.locator("#recovery-codes li")).to_have_count(10)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("Work laptop")).to_be_visible()
    expect(page.get_by_text("Signs in alone")).to_be_visible()

    page.context.clear_cookies()
    page.goto("/accounts/login/?next=/profile/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/profile/")
    expect(page.get_by_text(f"{person},")).to_be_visible()

    page.goto("/accounts/2fa/webauthn/reauthenticate/?next=/accounts/security/")
    page.get_by_role("button", name="Use the passkey").click()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
