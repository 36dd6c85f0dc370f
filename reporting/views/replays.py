"""What if: replays of the past under other service levels. Asked for here, done by the worker, read here."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from cases.dials import METRIC_NAMES
from companyos.web.csv_export import csv_response
from companyos.web.errors import DomainError
from companyos.web.gate import console_view
from reporting import replays as report
from sla import jobs
from sla.models import Job
from sla.replays import replaying as rules
from tenants import audit

SHOWN = 30
ASKED = ("period", "since", "until", "alternative", "everybody", "metric")


@dataclass(frozen=True)
class Form:
    """What was typed, and what is wrong with it."""

    given: dict[str, str] = field(default_factory=lambda: {"period": "month"})
    error: DomainError | None = None


@console_view(GET="replay.run", POST="replay.run")
def replays(request: HttpRequest) -> HttpResponse:
    """The runs that one may read; POST asks for another."""
    if request.method != "POST":
        return _list(request, Form({name: request.GET.get(name, "") for name in ASKED} | _preset(request)))
    given = {name: request.POST.get(name, "").strip() for name in ASKED}
    try:
        job = rules.ask(_question(given), actor=request.actor, now=timezone.now())
    except DomainError as error:
        if error.status != 422:
            raise
        return _list(request, Form(given, error), status=422)
    return redirect("replay", job.pk)


def _preset(request: HttpRequest) -> dict[str, str]:
    asked = request.GET.get("period", "")
    return {"period": asked if asked in report.PERIODS else "month"}


def _question(given: dict[str, str]) -> rules.Question:
    since, before = report.period(given["period"], given["since"], given["until"], timezone.localdate())
    source, _, pk = given["alternative"].partition(":")
    number = int(pk) if pk.isdecimal() and len(pk) < 18 else 0
    return rules.Question(since, before, source, number, given["everybody"] == "1", given["metric"])


def _list(request: HttpRequest, form: Form, status: int = 200) -> HttpResponse:
    found = jobs.visible(request.actor).filter(kind=rules.KIND).select_related("asked_by").order_by("-pk")
    context = {
        "runs": [_told(job) for job in found[:SHOWN]],
        "form": form,
        "periods": report.PERIODS,
        "metrics": METRIC_NAMES,
        "offered": report.offered(),
        "most_days": rules.MOST_DAYS,
        "place": "service_levels",
    }
    return render(request, "reporting/replays.html", context, status=status)


def _told(job: Job) -> Job:
    """The job with the first and the last day of its period."""
    job.first_day, job.last_day = report.days(job.params)
    return job


@console_view(GET="replay.run")
def replay(request: HttpRequest, replay_id: int) -> HttpResponse:
    """One run: how far it is, what it counted so far, and who changes sides."""
    job = _told(jobs.get(replay_id, kind=rules.KIND, actor=request.actor))
    ended = job.state not in Job.OPEN
    if request.htmx and not ended:
        return render(request, "reporting/_replay_progress.html", {"job": job})
    move = request.GET.get("move", "") if request.GET.get("move", "") in (*report.MOVES, "other") else ""
    movers, one = report.movers(job, move, after=request.GET.get("after")) if ended else ([], None)
    audit.listed([mover.case for mover in movers if mover.case is not None])
    context = {
        "job": job,
        "ended": ended,
        "comparison": report.comparison(job.result),
        "movers": movers,
        "moves": report.moves(job.result),
        "move": move,
        "page": one,
        "most": rules.MOST_DIFFERENCES,
        "beyond": max(0, job.result.get("differences", 0) - rules.MOST_DIFFERENCES),
        "metric": METRIC_NAMES.get(job.params.get("metric", ""), ""),
        "place": "service_levels",
    }
    answer = render(request, "reporting/replay.html", context)
    if request.htmx:
        answer["HX-Refresh"] = "true"
    return answer


@console_view(POST="replay.run")
def cancellations(request: HttpRequest, replay_id: int) -> HttpResponse:
    """Stop it at its next step; what it has found so far is kept."""
    try:
        job = jobs.cancel(replay_id, kind=rules.KIND, actor=request.actor, now=timezone.now())
        messages.success(request, f"“{job.title}” is cancelled.")
    except DomainError as error:
        if error.status != 409:
            raise
        messages.error(request, error.message)
    return redirect("replay", replay_id)


@console_view(POST="replay.run")
def exports(request: HttpRequest, replay_id: int) -> HttpResponse:
    """The cases that change sides, as CSV."""
    job = jobs.get(replay_id, kind=rules.KIND, actor=request.actor)
    move = request.POST.get("move", "")
    audit.exported("cases that change sides in a replay", run=job.pk, tried=job.title, move=move or "all")
    return csv_response(f"replay-{job.pk}.csv", report.HEADER, report.exported(job, move))
