"""The browser that the browser tests drive: found where systems put it, installed where that takes one command."""

import os
import shutil

from companyos.local.packages import install
from companyos.local.state import LocalError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def find() -> str | None:
    """Its path, CHROMIUM_PATH first."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, (*NAMES, MAC))), None)


def obtain() -> str | None:
    """Installs it for root where there is apt-get. None, with a line that says what to do, where that is not possible.

    In CI a missing browser is an error: a skipped browser test must not look like a passed one.
    """
    if (found := find()) is not None:
        return found
    install("chromium", "the browser tests")
    if (found := find()) is not None:
        return found
    advice = "Chromium is missing: install the package `chromium` (or set CHROMIUM_PATH) for the browser tests."
    if os.environ.get("CI", "").lower() in ("1", "true"):
        raise LocalError(advice)
    print(f"{advice} They are skipped.", flush=True)
    return None
