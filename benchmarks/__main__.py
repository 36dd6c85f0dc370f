"""`python -m benchmarks [--json] [NAME …]`: a table, or one JSON object a line."""

from __future__ import annotations

import argparse
import json
import os
import sys

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "companyos.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")


def main() -> int:
    django.setup()
    settings.DEBUG = False  # or the connection would keep every statement
    from benchmarks import figures, forecast, replay, sla  # noqa: PLC0415  (models need django.setup first)

    measured = figures.FIGURES | forecast.FIGURES | sla.FIGURES | replay.FIGURES

    parser = argparse.ArgumentParser(prog="benchmarks", description="Each figure beside its floor, as a ratio.")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("names", nargs="*", choices=[*measured, []], help="which (default: all)")
    options = parser.parse_args()
    if not options.json:
        print(f"{'name':32}{'n':>10}{'value':>12}{'floor':>12}  {'unit':6}{'ratio':>8}{'goal':>7}")
    for name in options.names or measured:
        for figure in measured[name]():
            if options.json:
                print(json.dumps(figure.as_dict()), flush=True)
            else:
                row = f"{figure.name:32}{figure.n:>10}{figure.value:>12.3f}{figure.floor:>12.3f}  {figure.unit:6}"
                print(f"{row}{figure.ratio:>8.2f}{figure.goal:>7.2f}{'' if figure.met else '  missed'}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
