"""System packages for the tests: what no Python package brings."""

import os
import shutil
import subprocess


def install(package: str, purpose: str) -> None:
    """For root where there is apt-get; elsewhere nothing happens. Says what it does, not whether it worked."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(f"Installing {package} for {purpose} …", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-yq", "--no-install-recommends", package],
    ):
        subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)
