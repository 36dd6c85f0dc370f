"""`python -m benchmarks.worker CLOCKS …`: sweeps until that many of the scratch database's clocks are handled,
and prints the most megabytes that it has had by then."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402  (needs the set-up above)
from django.db import connection  # noqa: E402

from benchmarks import data  # noqa: E402
from sla import sweep  # noqa: E402


def most_megabytes() -> float:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


settings.DEBUG = False
connection.settings_dict["NAME"] = os.environ["BENCH_DATABASE"]
for clocks in map(int, sys.argv[1:]):
    sweep.drain(data.BASE + timedelta(hours=4, milliseconds=clocks), clocks)
    print(most_megabytes())
