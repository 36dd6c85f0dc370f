"""The whole path in Chromium against the demo's real processes: from the customer's widget to Closed, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from companyos.demo import signins
from companyos.local import chromium
from tests.processes import Product

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("product"),
    pytest.mark.timeout(420),
    pytest.mark.skipif(chromium.find() is None, reason="Chromium is not installed"),
]
# Effects are a worker's and may wait for beat's next round.
PATIENT = 30_000


@pytest.fixture
def customer(browser: Browser, product: Product) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1200, "height": 900}) as context:
        page = context.new_page()
        page.goto(product.host_url)
        yield page


@pytest.fixture
def agent(browser: Browser, product: Product) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1440, "height": 900}, timezone_id="Europe/Berlin") as context:
        page = context.new_page()
        page.goto(product.web_url)
        page.get_by_label("Email").fill(signins.SIGN_INS[0].email)
        page.get_by_label("Password").fill(signins.PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("#live")).to_have_attribute("data-state", "on", timeout=PATIENT)
        yield page


def deed(page: Page, name: str) -> Locator:
    """Open the dialog of a move by its button in the case's header."""
    page.locator("#case-head").get_by_role("link", name=name, exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_be_visible()
    return dialog


def step_now(page: Page) -> Locator:
    return page.locator("#case-head .stepper [aria-current=step]")


def clock(page: Page, name: str) -> Locator:
    return page.locator("#case-head .clocks > *").filter(has_text=name)


def tab(page: Page, name: str) -> Locator:
    page.locator("#context").get_by_role("link", name=re.compile(name)).first.click()
    return page.locator("#context")


def ask_for_help(page: Page) -> str:
    page.get_by_role("button", name="Help", exact=True).click()
    page.get_by_role("button", name=re.compile("Ask for help|Go on with")).click()
    panel = page.get_by_role("dialog")
    expect(panel.get_by_text("ERR-INGEST-429")).to_be_visible()
    page.get_by_label("What is it about?").fill("Ingest refuses a fifth of our events")
    page.get_by_label("What happened").fill("Since this morning events are throttled. <script>alert(1)</script>")
    log = {"name": "ingest.log", "mimeType": "text/plain", "buffer": b"429 too many events\n"}
    page.locator("companyos-help input[type=file]").set_input_files(log)
    page.get_by_role("button", name="Send to support").click()
    title = page.get_by_role("heading", name=re.compile(r"^ACME-\d+$"))
    expect(title).to_be_visible(timeout=PATIENT)
    return title.inner_text()


def rows(product: Product, statement: str, *parameters: object) -> list[tuple]:
    with psycopg.connect(product.database_url) as connection:
        return connection.execute(statement, parameters).fetchall()


def test_from_the_widget_to_closed_and_reopened(customer: Page, agent: Page, product: Product) -> None:
    agent.goto(f"{product.web_url}/?view=inbox")
    expect(agent.locator("#live")).to_have_attribute("data-state", "on", timeout=PATIENT)

    # 1 The customer submits; the case is New. 3 The agent sees it without reloading.
    reference = ask_for_help(customer)
    panel = customer.get_by_role("dialog")
    expect(panel.get_by_text("Received", exact=True)).to_be_visible()
    arrived = agent.get_by_text(re.compile(rf"{reference}|new, show", re.IGNORECASE)).first
    expect(arrived).to_be_visible(timeout=PATIENT)

    # 2 Enrichment: health, the frozen resource, a proposal with reasons, INC-204 suggested.
    agent.goto(f"{product.web_url}/cases/{reference}/")
    expect(step_now(agent)).to_contain_text("New")
    context = agent.locator("#context")
    expect(context.get_by_text("Proposed priority")).to_be_visible(timeout=PATIENT)
    expect(context.get_by_text(re.compile("is throttling"))).to_be_visible()
    expect(context.get_by_text("Red then")).to_be_visible()
    expect(tab(agent, "Incidents").get_by_role("link", name="INC-204").first).to_be_visible(timeout=PATIENT)
    expect(context.get_by_text(re.compile("Both affect"))).to_be_visible()
    context.get_by_role("button", name="Link", exact=True).first.click()
    expect(agent.locator("#case-head").get_by_text("INC-204")).to_be_visible(timeout=PATIENT)
    expect(clock(agent, "First response")).to_be_visible()
    expect(clock(agent, "Resolution")).to_have_count(0)

    # 3 Accepted to Triage, P1 and owner confirmed: the resolution clock starts.
    dialog = deed(agent, "Accept")
    dialog.get_by_label(re.compile("P1")).check(force=True)
    dialog.get_by_role("button", name="Accept", exact=True).click()
    expect(step_now(agent)).to_contain_text("Triage")
    expect(clock(agent, "Resolution")).to_contain_text(re.compile(r"left"))

    # 4 The suggested macro, filled, sent as a public reply: first response is met, the customer reads it.
    composer = agent.locator("#composer")
    composer.locator("[data-macros] > summary").click()
    composer.locator(".macro-list a").first.click()
    body = composer.locator("#reply-body")
    expect(body).to_have_value(re.compile("Ada"))
    expect(composer.locator("form[data-form=reply] [data-effects-text]")).to_contain_text("First response")
    sent_words = body.input_value().splitlines()[-1].strip() or body.input_value()[:40]
    composer.locator("form[data-form=reply] [data-send]").click()
    expect(clock(agent, "First response")).to_contain_text("Met", timeout=PATIENT)
    expect(panel.get_by_label("Conversation")).to_contain_text(sent_words[:40], timeout=PATIENT)

    # 5 The runbook's diagnostic runs in the worker; its artefacts are evidence with size and SHA-256.
    runbook = tab(agent, "Runbooks")
    runbook.get_by_role("button", name="Run diagnostics").first.click()
    expect(agent.locator(".run").first.get_by_text("Done")).to_be_visible(timeout=60_000)
    dialog = deed(agent, "Start work")
    dialog.get_by_role("button", name="Start work").click()
    expect(step_now(agent)).to_contain_text("In progress")
    note_tab = composer.get_by_role("link", name="Internal note")
    note_tab.click()
    composer.locator("#note-body").fill("Quota raised from 5,000 to 8,000 events a second.")
    composer.locator("#note-kind").select_option("mitigation")
    composer.locator("form[data-form=note] [data-send]").click()
    expect(agent.locator("#timeline").get_by_text("Quota raised from 5,000")).to_be_visible(timeout=PATIENT)

    # 6 Waiting: the resolution clock stands still; the customer's answer sets it going by itself.
    dialog = deed(agent, "Wait for the customer")
    dialog.get_by_label("What you need from the customer").fill("Is the backlog gone on your side?")
    dialog.get_by_role("button", name="Send and wait").click()
    expect(step_now(agent)).to_contain_text("Waiting")
    expect(clock(agent, "Resolution")).to_contain_text("Paused")
    expect(panel.get_by_role("heading", name="Support needs something from you")).to_be_visible(timeout=PATIENT)
    expect(panel).not_to_contain_text("Quota raised from 5,000")
    panel.get_by_label("Your answer").fill("Yes, all events arrive again.")
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(step_now(agent)).to_contain_text("In progress", timeout=PATIENT)
    expect(clock(agent, "Resolution")).to_contain_text("left")

    # 7 Resolved needs summary and evidence, and says what is missing.
    dialog = deed(agent, "Resolve")
    dialog.get_by_role("button", name="Send and resolve").click()
    for missing in ("Write what was done", "Choose how it was resolved.", "Add evidence"):
        expect(dialog.get_by_text(missing)).to_be_visible()
    dialog.get_by_label("Resolution summary").fill("The ingest quota was too low for your load; it is raised.")
    dialog.get_by_label("How it was resolved").select_option("quota")
    dialog.locator("input[name=evidence]").first.check()
    dialog.get_by_role("button", name="Send and resolve").click()
    expect(agent.get_by_role("dialog")).to_have_count(0)
    expect(step_now(agent)).to_contain_text("Resolved")
    panel.get_by_role("button", name="Yes, it is fixed").click(timeout=PATIENT)
    panel.locator('input[name=score][value="5"]').check(force=True)
    panel.get_by_label("In your words").fill("Quick and clear.")
    panel.get_by_role("button", name="Send", exact=True).click()
    expect(panel.get_by_text("Thank you. You gave 5 of 5")).to_be_visible(timeout=PATIENT)
    expect(step_now(agent)).to_contain_text("Closed", timeout=PATIENT)
    expect(agent.locator("#timeline").get_by_text(re.compile("Increase default quotas"))).to_be_visible(timeout=PATIENT)
    agent.goto(f"{product.web_url}/reports/backlogs/product/")
    expect(agent.get_by_text("Increase default quotas for segment enterprise").first).to_be_visible()

    # 8 Reopening needs a reason and begins a new cycle with full targets.
    agent.goto(f"{product.web_url}/cases/{reference}/")
    dialog = deed(agent, "Reopen")
    dialog.get_by_role("button", name="Reopen").click()
    expect(dialog.get_by_text("Say why it is reopened")).to_be_visible()
    dialog.get_by_label("Reason").fill("Throttled again at noon.")
    dialog.get_by_role("button", name="Reopen").click()
    expect(step_now(agent)).to_contain_text("In progress")
    expect(clock(agent, "Resolution")).to_contain_text("left")

    # 9 The timeline tells all of it, and the database agrees with what was shown.
    moves = rows(
        product,
        "SELECT verb, actor_name <> '', jsonb_typeof(sla_impact) FROM cases_transition t"
        " JOIN cases_case c ON c.id = t.case_id WHERE c.reference = %s ORDER BY t.id",
        reference,
    )
    verbs = ["accept", "start", "wait", "resume", "resolve", "close", "reopen"]
    assert moves == [(verb, True, "array") for verb in verbs]
    told = agent.locator("#timeline")
    for words in ("ingest.log", "Throttled again at noon.", "Is the backlog gone", "Quick and clear."):
        expect(told).to_contain_text(words)
    proofs = rows(
        product,
        "SELECT size > 0, sha256 ~ '^[0-9a-f]{64}$' FROM cases_evidence e JOIN cases_case c ON c.id = e.case_id"
        " WHERE c.reference = %s",
        reference,
    )
    assert len(proofs) >= 3 and set(proofs) == {(True, True)}
    cycles = rows(
        product,
        "SELECT k.metric, k.cycle, k.state FROM sla_clock k JOIN cases_case c ON c.clock_set_id = k.clock_set_id"
        " WHERE c.reference = %s ORDER BY k.cycle, k.metric",
        reference,
    )
    first = [row for row in cycles if row[1] == 0]
    updates = [row for row in first if row[0] == "next_update"]
    assert len(updates) == 3 and {state for _, _, state in updates} == {"met"}
    assert [row for row in first if row not in updates] == [
        ("accept", 0, "met"),
        ("first_response", 0, "met"),
        ("resolution", 0, "met"),
    ]
    assert ("resolution", 1, "running") in cycles
    product.manage("verify_clocks")


def test_without_the_live_process_the_console_works_and_says_so(agent: Page, product: Product) -> None:
    product.stop("live")
    agent.goto(f"{product.web_url}/?view=open")
    expect(agent.locator("#live")).to_have_attribute("data-state", "off")
    expect(agent.locator("#live")).to_contain_text(re.compile("Not live|Connecting"))
    agent.locator("a[href*='/cases/ACME-']").first.click()
    expect(agent.locator("#case-head")).to_be_visible()
    product.start("live")
    expect(agent.locator("#live")).to_have_attribute("data-state", "on", timeout=PATIENT)
