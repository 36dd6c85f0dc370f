"""The verbs of the forecast: learn anew from the history, and write each open case's chance beside it.

A chance is about the promise at stake: the first response while it is owed and not broken, after that the resolution.
Resolved, closed and already broken promises have none; a paused one has, because it may run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import connection

from cases.forecast import features, fitting, history
from cases.forecast.features import Snapshot
from cases.forecast.model import Model, rows_of
from cases.models import Case, Forecast
from cases.models.case import OPEN
from sla import clocks
from sla.models import Clock
from tenants.models import Tenant

log = structlog.get_logger(__name__)
FEWEST_CLOCKS, FEWEST_BREACHES = 150, 15
ANEW_AFTER = timedelta(hours=24)
TRY_AGAIN_AFTER = timedelta(minutes=15)
BATCH = 1000
# A chance that moved by less is written again only when the last one grows old, so that a pass over many open cases
# rewrites few rows. Half a point; and well within what pages take for fresh (cases.forecast.chip.FRESH).
NOTICEABLE = 0.005
REWRITTEN_AFTER = timedelta(minutes=20)
_LOCK = 0x666F7265  # two workers do not learn at once
_WRITE = """
UPDATE cases_case SET breach_risk = told.risk, breach_risk_at = told.at, breach_risk_why = told.why
  FROM unnest(%s::bigint[], %s::float8[], %s::timestamptz[], %s::text[]) AS told (id, risk, at, why)
  WHERE cases_case.id = told.id
"""


def refit(now: datetime) -> Forecast | None:
    """Learn anew when the last forecast is a day old (a silent one a quarter of an hour); None when it is not."""
    last = Forecast.newest()
    if last is not None and now - last.fitted_at < (ANEW_AFTER if last.speaks else TRY_AGAIN_AFTER):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return None
    if last is not None and not last.speaks:
        last.delete()
    return learn(now)


def learn(now: datetime) -> Forecast:
    """Fit on the history and keep what came of it, be it the reason why nothing did."""
    sample = fitting.gather(history.lives(now))
    counted: dict[str, Any] = {"fitted_at": now, "clocks": sample.clocks, "breaches": sample.breaches}
    if sample.clocks < FEWEST_CLOCKS or sample.breaches < FEWEST_BREACHES:
        reason = (
            f"Too little history: {sample.clocks} decided promises, {sample.breaches} of them broken; "
            f"it takes {FEWEST_CLOCKS} and {FEWEST_BREACHES}."
        )
        return Forecast.objects.create(**counted, reason=reason)
    try:
        fitted = fitting.fit(sample)
    except ValueError as error:
        return Forecast.objects.create(**counted, reason=str(error)[:200])
    return Forecast.objects.create(
        **counted,
        examples=fitted.examples,
        trained_until=fitted.trained_until,
        basis=fitted.model.basis,
        parameters=fitted.model.as_json(),
        brier=fitted.figures.brier,
        due_only_brier=fitted.figures.due_only,
        figures=fitted.figures.as_json(),
    )


def in_force() -> Model | None:
    """The newest forecast's model; None while it is silent or speaks of features that this release does not have."""
    forecast = Forecast.newest()
    if forecast is None or forecast.parameters is None:
        return None
    try:
        return Model.from_json(forecast.parameters)
    except (ValueError, KeyError, TypeError) as error:
        log.warning("forecast.unusable", forecast=forecast.pk, error=str(error))
        return None


def score_open(now: datetime, after: int = 0, batch: int = BATCH) -> int | None:
    """Write the chances of the next open cases after that id; answers the last id, None when there are no more.

    Cases that somebody is changing are passed by until next time. Nobody's edit becomes stale by it: no version,
    no event, no line in the audit.
    """
    columns = ("pk", "clock_set_id", "tenant_id", "status", "breach_risk", "breach_risk_at", "breach_risk_why")
    found = Case.objects.filter(status__in=OPEN, pk__gt=after).order_by("pk").only(*columns)
    cases = list(found.select_for_update(skip_locked=True, no_key=True)[:batch])
    if not cases:
        return None
    model = in_force()
    told = _chances(model, _at_stake(cases, now)) if model is not None else {}
    _write([(case, *told.get(case.pk, (None, ""))) for case in cases], now)
    return cases[-1].pk


def _at_stake(cases: Sequence[Case], now: datetime) -> dict[int, Snapshot]:
    """The promise at stake of each case that has one."""
    tenants = Tenant.objects.in_bulk({case.tenant_id for case in cases})
    rows = Clock.objects.filter(
        clock_set_id__in=[case.clock_set_id for case in cases],
        metric__in=features.METRICS,
        state__in=clocks.OPEN,
        breached_at__isnull=True,
    ).order_by("clock_set_id", "cycle")
    by_set: dict[int, dict[str, Clock]] = {}
    for clock in rows:
        by_set.setdefault(clock.clock_set_id, {})[clock.metric] = clock
    found = {}
    for case in cases:
        owed = by_set.get(case.clock_set_id, {})
        open_clock = owed.get("first_response") or owed.get("resolution")
        if open_clock is not None and not tenants[case.tenant_id].is_drill:
            seen = _seen(case, tenants[case.tenant_id], open_clock, now)
            if seen is not None:
                found[case.pk] = seen
    return found


def _seen(case: Case, tenant: Tenant, clock: Clock, now: datetime) -> Snapshot | None:
    reading = clocks.read(clock, now)
    if reading.breached:  # a fact that no sweep has written yet
        return None
    return Snapshot(
        metric=clock.metric,
        priority=clock.priority,
        status=case.status,
        segment=tenant.segment,
        state=reading.state,
        basis=reading.basis,
        used=reading.used,
        left=reading.left,
        at=now,
        time_zone=tenant.time_zone,
    )


def _chances(model: Model, seen: dict[int, Snapshot]) -> dict[int, tuple[float, str]]:
    if not seen:
        return {}
    snapshots = list(seen.values())
    rows = rows_of(snapshots, model.segments)
    chances, reasons = model.chances(rows), model.reasons(rows, snapshots)
    told = (
        (round(float(chance), 4), f"{one.metric}: {why}"[:200])
        for chance, one, why in zip(chances, snapshots, reasons, strict=True)
    )
    return dict(zip(seen, told, strict=True))


def _write(told: list[tuple[Case, float | None, str]], now: datetime) -> None:
    changed = [one for one in told if _moved(*one, now)]
    if not changed:
        return
    cases, risks, reasons = zip(*changed, strict=True)
    instants = [now if risk is not None else None for risk in risks]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [[case.pk for case in cases], list(risks), instants, list(reasons)])


def _moved(case: Case, risk: float | None, why: str, now: datetime) -> bool:
    before = case.breach_risk
    if risk is None or before is None or case.breach_risk_at is None:
        return risk != before
    same_promise = why.partition(":")[0] == case.breach_risk_why.partition(":")[0]
    old = now - case.breach_risk_at > REWRITTEN_AFTER
    return abs(risk - before) >= NOTICEABLE or old or not same_promise
