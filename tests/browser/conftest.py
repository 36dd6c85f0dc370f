"""One seeded product, with all its processes, for all tests that click through it: its making is the dear part.

Tests that ask for it share an xdist group, so that one worker makes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from companyos.local import chromium
from tests.processes import Product

SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with Product(Path(tmp_path_factory.mktemp("product")), seed=True) as running:
        running.start()
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Of a module only: its loop keeps running in this thread, and Django would take other tests for asynchronous code.
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=chromium.find(), args=SWITCHES)
        yield running
        running.close()
