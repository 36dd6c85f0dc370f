"""The browser that the browser tests drive: found where systems put it, installed where that takes one command."""

import os
import shutil
import subprocess

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
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Chromium for the browser tests …", flush=True)
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-q"],
            ["apt-get", "install", "-yq", "--no-install-recommends", "chromium"],
        ):
            subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
        if (found := find()) is not None:
            return found
    advice = "Chromium is missing: install the package `chromium` (or set CHROMIUM_PATH) for the browser tests."
    if os.environ.get("CI", "").lower() in ("1", "true"):
        raise LocalError(advice)
    print(f"{advice} They are skipped.", flush=True)
    return None
