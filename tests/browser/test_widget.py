"""The widget as a customer meets it: in Chromium, on the demo's host page, on another origin than support's."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from wsgiref.simple_server import make_server

import pytest
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import connection
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from cases.models import Case
from companyos.demo import host_secrets, people
from companyos.demo.host import QuietHandler, ThreadingServer, serve
from companyos.local import chromium
from companyos.widget_host import widget_token
from tenants import actors, isolation
from tenants.access import SYSTEM, Actor
from tenants.models import Resource, Tenant
from tests.factories import UserFactory
from tests.widget import support

pytestmark = [pytest.mark.browser, pytest.mark.skipif(chromium.find() is None, reason="Chromium is not installed")]
CREATE = re.compile(r"/api/v1/widget/cases$")
KEY = "browser-tests-secret-key"
expect.set_options(timeout=20_000)  # of a machine that does other things besides


@dataclass
class Site:
    """Support's server and the customer's, each on a port of its own, and an agent."""

    support: str
    host: str
    agent: Actor


def in_background(server: ThreadingServer) -> None:
    threading.Thread(target=server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright keeps a loop running in this thread, and Django would take these tests for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as driver:
        switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        running = driver.chromium.launch(executable_path=chromium.find(), args=switches)
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def media(settings, tmp_path) -> None:
    """Uploads of these tests go where they are thrown away."""
    kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": kept}


@pytest.fixture
def site(transactional_db, media, monkeypatch) -> Iterator[Site]:
    cache.clear()
    # The server's threads come and go; a connection that stayed would keep the test database from being dropped.
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    ours = make_server("127.0.0.1", 0, get_wsgi_application(), ThreadingServer, QuietHandler)
    theirs = serve(0, f"http://127.0.0.1:{ours.server_port}", KEY)
    for server in (ours, theirs):
        in_background(server)
    with isolation.scope(SYSTEM):
        acme = Tenant.objects.create(
            name="Acme Analytics",
            slug="acme",
            prefix="ACME",
            widget_secret=host_secrets.widget_secret(KEY, "acme"),
            widget_origins=people.host_origins(theirs.server_port),
        )
        Resource.objects.create(tenant=acme, key="ingest", name="Event ingest", health="red")
        agent = UserFactory(email="sam@support.example", first_name="Sam", last_name="Agent", role="lead")
    actor = actors.of_user(agent)
    assert actor is not None
    yield Site(f"http://127.0.0.1:{ours.server_port}", f"http://localhost:{theirs.server_port}", actor)
    for server in (ours, theirs):
        server.shutdown()
        server.server_close()


@pytest.fixture
def page(browser: Browser, site: Site) -> Iterator[Page]:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(site.host)
        yield page


def open_panel(page: Page) -> None:
    page.get_by_role("button", name="Help", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("Your cases|Cases of"))).to_be_visible()


def compose(page: Page) -> None:
    open_panel(page)
    page.get_by_role("button", name=re.compile("Ask for help|Go on with")).click()
    page.get_by_label("What is it about?").fill("Events are refused")
    page.get_by_label("What happened").fill("A fifth of our events get 429.")


def send(page: Page) -> None:
    page.get_by_role("button", name="Send to support").click()


def sent(page: Page) -> str:
    """The reference of the case that was just made, as the panel's title."""
    title = page.get_by_role("heading", name=re.compile(r"^ACME-\d+$"))
    expect(title).to_be_visible()
    return title.inner_text()


def cases() -> list[Case]:
    with isolation.scope(SYSTEM):
        return list(Case.objects.order_by("id"))


def test_from_question_to_closed(page: Page, site: Site):
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    compose(page)
    panel = page.get_by_role("dialog")
    expect(panel.get_by_text("ERR-INGEST-429")).to_be_visible()
    expect(panel.get_by_text(f"{site.host}/traces/acme/")).to_be_visible()
    expect(panel.get_by_text("2026.3.4")).to_be_visible()
    expect(panel.get_by_label("What does it affect?")).to_have_value("ingest")
    log = {"name": "log.txt", "mimeType": "text/plain", "buffer": b"429 429 429\n"}
    page.locator("companyos-help input[type=file]").set_input_files(log)
    send(page)
    reference = sent(page)
    (case,) = cases()
    assert case.reference == reference
    assert case.context["error_ids"] == ["ERR-INGEST-429"]
    assert case.context["trace_links"][0].startswith(f"{site.host}/traces/acme/")
    expect(panel.get_by_text("Received", exact=True)).to_be_visible()
    with page.expect_download() as download:
        panel.get_by_role("button", name="log.txt").click()
    assert download.value.path().read_bytes() == b"429 429 429\n"

    support.accepted(reference, site.agent)
    support.asks(reference, site.agent, "Which stream? <img src=x onerror=alert(1)>")
    expect(panel.get_by_role("heading", name="Support needs something from you")).to_be_visible()
    expect(panel.get_by_label("Conversation").get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    panel.get_by_label("Your answer").fill("All of them.")
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(panel.get_by_text("In progress", exact=True)).to_be_visible()
    expect(panel.get_by_role("button", name="Not waiting on me")).to_be_hidden()

    support.asks(reference, site.agent, "Anything else?")
    panel.get_by_role("button", name="Not waiting on me").click()
    panel.get_by_role("button", name="Send", exact=True).first.click()
    expect(panel.get_by_text("In progress", exact=True)).to_be_visible()

    support.resolved(reference, site.agent)
    panel.get_by_role("button", name="Yes, it is fixed").click()
    panel.get_by_label("5: Excellent").check()
    panel.get_by_label("In your words").fill("Quick and clear.")
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(panel.get_by_text("Thank you. You gave 5 of 5")).to_be_visible()
    with isolation.scope(SYSTEM):
        case = Case.objects.get(reference=reference)
        assert (case.status, case.surveys.get().words) == ("closed", "Quick and clear.")
    assert complaints == []
    assert [cookie["name"] for cookie in page.context.cookies()] == []
    assert page.evaluate("localStorage.length") == 0


def test_not_fixed(page: Page, site: Site):
    compose(page)
    send(page)
    reference = sent(page)
    support.accepted(reference, site.agent)
    support.resolved(reference, site.agent)
    panel = page.get_by_role("dialog")
    panel.get_by_role("button", name="No, not fixed").click()
    panel.get_by_label("What still goes wrong?").fill("Still 429.")
    panel.get_by_role("button", name="Send", exact=True).first.click()
    expect(panel.get_by_label("Conversation").get_by_text("Still 429.")).to_be_visible()
    expect(panel.get_by_text("In progress", exact=True)).to_be_visible()


def test_a_lost_connection_keeps_the_draft_and_tries_again(page: Page):
    page.route(CREATE, lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    compose(page)
    send(page)
    panel = page.get_by_role("dialog")
    expect(panel.get_by_text("No connection to support")).to_be_visible()
    expect(panel.get_by_label("What is it about?")).to_have_value("Events are refused")
    assert cases() == []
    page.unroute(CREATE)
    panel.get_by_role("button", name="Try now").click()
    reference = sent(page)
    assert [case.reference for case in cases()] == [reference]


def test_a_lost_answer_makes_no_second_case(page: Page):
    lost: list[str] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST" or lost:
            return route.continue_()
        lost.append(route.fetch().text())
        return route.abort()

    page.route(CREATE, lose_the_first)
    compose(page)
    log = {"name": "log.txt", "mimeType": "text/plain", "buffer": b"429\n"}
    page.locator("companyos-help input[type=file]").set_input_files(log)
    send(page)
    reference = sent(page)
    assert reference in lost[0]
    assert [case.reference for case in cases()] == [reference]


def test_a_reload_while_sending_goes_on_with_the_same_create(page: Page):
    taken: list[int] = []

    def lose(route: Route) -> None:
        """The first create arrives and its answer is lost; the next ones don't even arrive."""
        if route.request.method != "POST":
            return route.continue_()
        if not taken:
            taken.append(route.fetch().status)
        return route.abort()

    page.route(CREATE, lose)
    compose(page)
    send(page)
    expect(page.get_by_role("dialog").get_by_text("No connection to support")).to_be_visible()
    page.unroute(CREATE)
    page.reload()
    open_panel(page)
    page.get_by_role("button", name="Go on with your draft").click()
    reference = sent(page)
    assert [case.reference for case in cases()] == [reference]


def test_a_draft_survives_a_reload_and_is_its_writers_own(page: Page):
    compose(page)
    page.reload()
    open_panel(page)
    page.get_by_role("button", name="Go on with your draft").click()
    expect(page.get_by_label("What is it about?")).to_have_value("Events are refused")
    page.keyboard.press("Escape")
    page.get_by_label("Signed in as").select_option("u-ben")
    expect(page.get_by_label("Signed in as")).to_have_value("u-ben")
    open_panel(page)
    expect(page.get_by_role("button", name="Ask for help")).to_be_visible()


def test_with_the_keyboard_alone(page: Page):
    page.get_by_role("button", name="Help", exact=True).focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog", name="Help")
    expect(page.get_by_role("button", name="Ask for help")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("What is it about?")).to_be_focused()
    focused = "document.activeElement === document.body || document.activeElement.localName === 'companyos-help'"
    for _ in range(25):
        page.keyboard.press("Tab")
        assert page.evaluate(focused), "the focus left the dialog for the page behind it"
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.get_by_role("button", name="Help", exact=True)).to_be_focused()


def test_a_refusal_is_shown_at_its_field(page: Page):
    compose(page)
    page.get_by_label("What is it about?").fill(" ")
    send(page)
    subject = page.get_by_label("What is it about?")
    expect(subject).to_be_focused()
    expect(subject).to_have_attribute("aria-invalid", "true")
    expect(subject).to_have_accessible_description(re.compile("blank"))
    subject.fill("Events are refused")
    program = {"name": "tool.txt", "mimeType": "text/plain", "buffer": b"MZ\x90\x00" + bytes(60)}
    page.locator("companyos-help input[type=file]").set_input_files(program)
    send(page)
    expect(page.get_by_role("dialog").get_by_text("is a program")).to_be_visible()
    page.get_by_role("button", name="Remove tool.txt").click()
    send(page)
    sent(page)


def test_an_expired_token_is_renewed(page: Page, site: Site):
    asked: list[str] = []
    person = {"id": "u-ada", "name": "Ada Moreno", "email": "ada@acme.example", "role": "admin"}
    secret = host_secrets.widget_secret(KEY, "acme")
    old = widget_token(secret, "acme", person, site.host, now=datetime.now(UTC) - timedelta(hours=1))

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(json={"token": old}) if len(asked) == 1 else route.continue_()

    page.route("**/companyos-token", answer)
    open_panel(page)
    assert len(asked) == 2


def test_a_host_that_knows_nobody(page: Page):
    page.route("**/companyos-token", lambda route: route.fulfill(status=401))
    page.get_by_role("button", name="Help", exact=True).click()
    expect(page.get_by_role("alert").get_by_text("Please sign in first")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(browser: Browser, site: Site, scheme):
    with browser.new_context(viewport={"width": 360, "height": 640}, color_scheme=scheme, has_touch=True) as context:
        page = context.new_page()
        page.goto(site.host)
        compose(page)
        box = page.get_by_role("dialog").bounding_box()
        assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 360, 640)
        body = "document.querySelector('companyos-help').body"
        assert page.evaluate(f"{body}.scrollWidth - {body}.clientWidth") == 0
        send(page)
        sent(page)
