"""How good the breach forecast is: its figures on clocks that it had not seen, and why it is silent when it is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from cases.forecast.picture import picture
from cases.models import Forecast
from companyos.web.gate import console_view


@console_view(GET="report.read")
def forecast(request: HttpRequest) -> HttpResponse:
    """The newest forecast. Shares of all tenants together: no tenant's record is shown."""
    newest = Forecast.newest()
    figures = newest.figures if newest else {}
    shown = picture(figures["bins"], figures["due_only_bins"]) if figures else None
    better = 1 - newest.brier / newest.due_only_brier if newest and newest.due_only_brier else None
    context = {"forecast": newest, "figures": figures, "picture": shown, "better": better and round(100 * better)}
    return render(request, "reporting/forecast.html", context | {"place": "reports"})
