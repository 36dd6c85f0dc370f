"""`python -m benchmarks [--json] [NAME …]`: a table, or one JSON object a line."""

from __future__ import annotations

import argparse
import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "companyos.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")


def main() -> int:
    django.setup()
    from benchmarks.figures import FIGURES  # noqa: PLC0415  (models need django.setup first)

    parser = argparse.ArgumentParser(prog="benchmarks", description="Each figure beside its floor, as a ratio.")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("names", nargs="*", choices=[*FIGURES, []], help="which (default: all)")
    options = parser.parse_args()
    if not options.json:
        print(f"{'name':32}{'n':>8}{'value ms':>12}{'floor ms':>12}{'ratio':>8}{'goal':>7}")
    for name in options.names or FIGURES:
        for figure in FIGURES[name]():
            if options.json:
                print(json.dumps(figure.as_dict()), flush=True)
            else:
                row = f"{figure.name:32}{figure.n:>8}{figure.value:>12.3f}{figure.floor:>12.3f}"
                met = figure.ratio <= figure.goal if figure.better == "less" else figure.ratio >= figure.goal
                print(f"{row}{figure.ratio:>8.2f}{figure.goal:>7.2f}{'' if met else '  missed'}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
