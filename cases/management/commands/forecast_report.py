"""`manage.py forecast_report`: how good the breach forecast is, on this history or on a synthetic one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.loader import render_to_string
from django.utils import timezone

from cases.forecast import fitting, history
from cases.forecast.fitting import Bin, Fitted
from cases.forecast.picture import picture
from cases.forecast.synthetic import World
from tenants import isolation
from tenants.access import SYSTEM

# The synthetic year always ends here, so that its figures are the same whenever they are asked for.
SYNTHETIC_END = datetime(2026, 11, 1, tzinfo=UTC)


class Command(BaseCommand):
    help = "Fits the breach forecast, keeps nothing, and prints its figures on held-out clocks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--synthetic", action="store_true", help="a year of a desk drawn from a seed")
        parser.add_argument("--cases", type=int, default=12_000, help="how many cases the synthetic desk has")
        parser.add_argument("--svg", type=Path, help="where to write the reliability plot")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            fitted = self._fitted(options)
        except (ValueError, IndexError) as error:
            raise CommandError("There is too little history to fit anything.") from error
        for line in report(fitted):
            self.stdout.write(line)
        if options["svg"]:
            options["svg"].write_text(plot(fitted))

    def _fitted(self, options: dict[str, Any]) -> Fitted:
        if options["synthetic"]:
            return fitting.fit(fitting.gather(World(SYNTHETIC_END, cases=options["cases"]).lives()))
        with isolation.scope(SYSTEM):
            return fitting.fit(fitting.gather(history.lives(timezone.now())))


def report(fitted: Fitted) -> list[str]:
    """The figures as Markdown."""
    figures = fitted.figures
    lines = [
        f"{fitted.clocks} decided promises, {fitted.breaches} broken; {fitted.examples} snapshots.",
        f"Held out: {figures.held_out_clocks} promises made since {figures.held_out_from:%Y-%m-%d}, "
        f"{figures.held_out} snapshots.",
        "",
        "| Brier score | forecast | due time only | overall share |",
        "| --- | --- | --- | --- |",
        f"| all held out | {figures.brier:.4f} | {figures.due_only:.4f} | {figures.base_rate:.4f} |",
    ]
    lines += [f"| {one.month} | {one.brier:.4f} | {one.due_only:.4f} | |" for one in figures.months]
    lines += ["", "| forecast between | mean forecast | broken | snapshots |", "| --- | --- | --- | --- |"]
    return lines + [_row(one) for one in figures.bins]


def _row(one: Bin) -> str:
    return f"| {one.low:.0%} and {one.high:.0%} | {one.forecast:.1%} | {one.observed:.1%} | {one.count} |"


def plot(fitted: Fitted) -> str:
    told = fitted.figures.as_json()
    return render_to_string("cases/forecast/reliability.svg", {"picture": picture(told["bins"], told["due_only_bins"])})
