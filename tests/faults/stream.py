"""`python -m tests.faults.stream SEED SECONDS`: cases opened and moved as fast as it goes, under targets of seconds."""

from __future__ import annotations

import random
import sys
import time
from datetime import timedelta

import django

django.setup()

from django.utils import timezone  # noqa: E402  (models need the set-up above)

from cases import conversation, intake, lifecycle  # noqa: E402
from cases.intake import Report  # noqa: E402
from cases.models import Case  # noqa: E402
from companyos.web.errors import DomainError  # noqa: E402
from sla import versions  # noqa: E402
from sla.choice import PRIORITIES  # noqa: E402
from sla.models import Calendar, Policy  # noqa: E402
from tenants import actors, isolation  # noqa: E402
from tenants.access import SYSTEM, Actor  # noqa: E402
from tenants.models import Requester, Tenant, User  # noqa: E402
from tests.cases.way import FIX  # noqa: E402

AT_LEAST = 25  # cases opened, and moves made, on however busy a machine
SECONDS = {"accept": 2.5, "first_response": 4.0, "resolution": 5.0, "next_update": 4.5}
MOVES = {
    "new": ["accept", "accept", "reply"],
    "triage": ["start", "wait", "reply"],
    "in_progress": ["wait", "resolve", "reply"],
    "waiting": ["resume", "answer"],
    "resolved": ["reject", "close"],
    "closed": ["reopen"],
}


def promise_seconds() -> None:
    """Every tenant gets a policy of its own; all priorities have the same targets, so that no due instant moves."""
    for tenant in Tenant.objects.all():
        now = timezone.now()
        policy = Policy(
            key=f"fast-{tenant.pk}", name="Fast", tenant=tenant, calendar=Calendar.objects.first(), active_from=now
        )
        versions.publish(policy, now)
        for metric, seconds in SECONDS.items():
            for priority in PRIORITIES:
                policy.targets.create(metric=metric, priority=priority, amount=timedelta(seconds=seconds))


def move(case: Case, verb: str, agent: Actor, customer: Actor, owner: User) -> None:
    now = timezone.now()
    about = {"actor": agent, "seen": None, "now": now}
    match verb:
        case "accept":
            lifecycle.accept(case, priority="P1", owner=owner, **about)
        case "start":
            lifecycle.start(case, **about)
        case "wait":
            lifecycle.wait(case, ask="Which region?", **about)
        case "resume":
            lifecycle.resume(case, **about)
        case "resolve":
            lifecycle.resolve(case, FIX, **about)
        case "reject":
            lifecycle.reject(case, reason="No", **about)
        case "close":
            lifecycle.close(case, **about)
        case "reopen":
            lifecycle.reopen(case, reason="Back", **about)
        case "reply":
            conversation.reply(case, body="Words", actor=agent, now=now)
        case "answer":
            conversation.reply(case, body="The eastern one", actor=customer, now=now)


def run(chance: random.Random, seconds: float) -> int:
    with isolation.scope(SYSTEM):
        promise_seconds()
        owner, ada = User.objects.get(email="agent@support.example"), Requester.objects.get(external_id="u-ada")
        agent, customer = actors.of_user(owner), actors.of_requester(ada)
    assert agent is not None
    assert customer is not None
    ids: list[int] = []
    moved, until = 0, time.monotonic() + seconds
    while time.monotonic() < until or min(len(ids), moved) < AT_LEAST:
        with isolation.scope(SYSTEM):
            if not ids or chance.random() < 0.35:
                told = Report(subject=f"Case {len(ids)}", description="Events get 429.")
                ids.append(intake.open_case(told, requester=ada, actor=customer, now=timezone.now()).pk)
                continue
            case = Case.objects.get(pk=chance.choice(ids[-40:]))
            try:
                move(case, chance.choice(MOVES[case.status]), agent, customer, owner)
                moved += 1
            except DomainError:
                continue
    return 0


if __name__ == "__main__":
    sys.exit(run(random.Random(int(sys.argv[1])), float(sys.argv[2])))
