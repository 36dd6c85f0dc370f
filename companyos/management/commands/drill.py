"""`manage.py drill`: test the escalation paths with a marked case, and tell each hop's time and result."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from companyos.events import dispatch
from companyos.events.models import Heartbeat
from companyos.web.errors import DomainError
from escalations import drills
from escalations.drill_hops import METRIC
from escalations.models import Drill
from integrations import outbox
from sla import sweep
from tenants import actors, isolation
from tenants.access import SYSTEM, Actor
from tenants.models import User

LATE = timedelta(seconds=30)  # a beat that ticked before that is taken for gone
LOOK_EVERY = 0.5
BATCH = 200
GRACE = timedelta(seconds=15)


class Command(BaseCommand):
    help = (
        "Sends a marked test case through the real path: clock, sweep, alert, escalation, delivery, acknowledgement. "
        "People and channels are really told. Exits with 1 when a hop is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--policy", default="", help="key of the policy whose alert rules are tested")
        parser.add_argument("--metric", default=METRIC, help="whose alert rules: resolution, next_update …")
        parser.add_argument("--priority", default="P0")
        parser.add_argument("--by", default="", metavar="EMAIL", help="who asks; by default the first lead or manager")
        parser.add_argument("--wait", action="store_true", help="wait for the end and print the hops")
        parser.add_argument("--inline", action="store_true", help="do the worker's steps here; for one who has none")

    def handle(self, *args: Any, **options: Any) -> None:
        alive = Heartbeat.objects.filter(name="beat", at__gte=timezone.now() - LATE).exists()
        if not alive and not options["inline"]:
            raise CommandError("Neither beat nor worker ticked within 30 s. Start them, or use --inline.")
        try:
            with isolation.scope(SYSTEM):
                actor = _asker(options["by"])
            with isolation.scope(actor):
                asked = {"policy_key": options["policy"], "metric": options["metric"], "priority": options["priority"]}
                drill = drills.start(actor, timezone.now(), **asked)
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{drill.case_reference} has begun; it ends within {drills.LIMIT.seconds} s.")
        if options["wait"] or options["inline"]:
            self.tell(_ended(drill, inline=options["inline"]))

    def tell(self, drill: Drill) -> None:
        for hop in drill.hops:
            at = parse_datetime(hop["at"]) if hop["at"] else None
            took = f"+{hop['took_ms'] / 1000:.1f} s" if hop["took_ms"] is not None else ""
            when = f"{at:%H:%M:%S}" if at else ""
            self.stdout.write(f"{when:8}  {took:>8}  {hop['result']:8}  {hop['title']:28}  {hop['detail']}".rstrip())
        if drill.state != Drill.State.PASSED:
            raise CommandError(f"{drill.case_reference} {drill.state}: {drill.missing or 'it did not end in time'}")
        self.stdout.write(self.style.SUCCESS(f"{drill.case_reference} passed in {drill.seconds:.1f} s"))


def _asker(email: str) -> Actor:
    people = User.objects.filter(is_active=True, is_service=False).order_by("pk")
    people = people.filter(email__iexact=email) if email else people.filter(groups__name__in=["lead", "manager"])
    person = people.first()
    actor = actors.of_user(person) if person else None
    if actor is None:
        raise DomainError("nobody", f"There is nobody {email or 'who leads'} to ask for the drill; use --by EMAIL.")
    return actor


def _ended(drill: Drill, *, inline: bool) -> Drill:
    """The drill once it has ended, or a little after it should have."""
    while True:
        if inline:
            _step()
        with isolation.scope(SYSTEM):
            found = drills.get_drill(drill.pk)
        if not found.is_running or timezone.now() > found.deadline_at + GRACE:
            return found
        time.sleep(LOOK_EVERY)


def _step() -> None:
    """What worker and beat do every few seconds."""
    sweep.drain(timezone.now(), BATCH)
    for _ in range(BATCH):
        with isolation.scope(SYSTEM):
            if not dispatch.deliver_one(timezone.now()):
                break
    for _ in range(BATCH):
        if not outbox.send_one(timezone.now()):
            break
    drills.advance(timezone.now())
