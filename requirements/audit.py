"""`make audit`: asks the vulnerability service about each pinned package. What could not be asked is a failure."""

from __future__ import annotations

import json
import subprocess
import sys

ASK = (
    "-m", "pip_audit", "--require-hashes", "--disable-pip", "--format", "json",
    "--progress-spinner", "off", "--timeout", "15", "--requirement",
)  # fmt: skip
UNREACHED = "The vulnerability service could not be asked about {} of {} packages: no network, or a mirror without it."


def main(pins: str) -> int:
    done = subprocess.run([sys.executable, *ASK, pins], capture_output=True, text=True, check=False)  # noqa: S603
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = (done.stderr.strip().splitlines() or ["nothing was said"])[-1]
        print(f"The vulnerability service could not be asked: {said[:200]}", file=sys.stderr)
        return 2
    return report(packages)


def report(packages: list[dict]) -> int:
    """1 for a known vulnerability, 2 when not every package was looked up, 0 when all are and none has one."""
    for package in packages:
        for found in package.get("vulns", ()):
            mended = ", ".join(found["fix_versions"]) or "no version yet"
            print(f"{package['name']} {package['version']}: {found['id']}, mended in {mended}")
    skipped = [package for package in packages if "skip_reason" in package]
    if skipped:
        print(UNREACHED.format(len(skipped), len(packages)), file=sys.stderr)
    if any(package.get("vulns") for package in packages):
        return 1
    if skipped:
        return 2
    print(f"No known vulnerability in {len(packages)} packages.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
