"""Which cases the ninety days hold: who opened what when, and what became of it. The same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from cases.models import Macro
from companyos.demo.seed import words
from companyos.demo.seed.plots import PLOTS
from companyos.demo.seed.plots.plot import Plot, told
from companyos.demo.seed.recent import RECENT, Recent
from companyos.demo.seed.stage import Stage
from companyos.demo.seed.story import Plan, Telling
from companyos.demo.seed.world import World
from tenants.models import Requester

DAYS = 90
SEED = 204
TENANT_WEIGHTS = {"acme": 48, "birch": 33, "cedar": 19}
TOPIC_WEIGHTS = {"ingestion": 34, "authentication": 24, "billing": 20, "interface": 22}
SCORES = (5, 5, 5, 5, 5, 4, 4, 4, 3, 3, 2, 1)
CHANNELS = ("widget", "widget", "widget", "widget", "widget", "email", "email", "api", "phone")


def tellings(stage: Stage, world: World, macros: dict[str, Macro]) -> Iterator[Telling]:
    """Every case of the demo, in no order."""
    author = Author(stage.end, world, random.Random(SEED))
    plans = [*author.old(), *(author.recent(recent) for recent in RECENT)]
    for number, plan in enumerate(plans):
        telling = Telling(stage, world, macros, plan, random.Random(SEED * 10_000 + number))
        yield telling
        if number % 41 == 7:
            twin = author.twin(plan)
            yield Telling(stage, world, macros, twin, random.Random(SEED * 20_000 + number), twin=telling)
    for number, (subject, body) in enumerate(words.SPAM):
        yield Telling(stage, world, macros, author.spam(subject, body), random.Random(SEED * 30_000 + number))


class Author:
    """Draws plans from the plots."""

    def __init__(self, end: datetime, world: World, rng: random.Random) -> None:
        self.end, self.world, self.rng = end, world, rng

    def old(self) -> Iterator[Plan]:
        for _ in range(settings.DEMO_OLD_CASES):
            slug = self._one_of(TENANT_WEIGHTS)
            topic = self._one_of(TOPIC_WEIGHTS)
            requester = self.rng.choice(self.world.requesters[slug])
            opened_at = self._working_moment(requester, self.rng.uniform(6, DAYS))
            yield self._shaped(self._plan(topic, self._plot(topic), requester, opened_at))

    def recent(self, given: Recent) -> Plan:
        """One of the hand-placed cases of the last days: where it stands is given, not drawn."""
        requesters = self.world.requesters[given.tenant]
        requester = requesters[given.requester % len(requesters)]
        plot = told(PLOTS[given.topic][given.plot], self.rng)
        plan = self._plan(given.topic, plot, requester, self.end - given.ago)
        return replace(
            plan,
            ends=given.ends,
            owner=given.owner or plan.owner,
            accept=given.accept,
            respond=given.respond,
            resolve=given.resolve,
            asks=given.ends == "waiting",
            reopened=given.ends == "reopened",
            score=self.rng.choice((4, 5)) if given.ends == "reopened" else None,
            channel="widget",
            diagnosed=given.diagnosed,
        )

    def twin(self, plan: Plan) -> Plan:
        """A colleague reports the same problem a little later."""
        others = [r for r in self.world.requesters[plan.requester.tenant.slug] if r.pk != plan.requester.pk]
        return replace(
            plan,
            requester=others[0] if others else plan.requester,
            opened_at=plan.opened_at + timedelta(minutes=self.rng.uniform(4, 40)),
            dismissed="duplicate",
            ends="closed",
            attached=False,
            channel="widget",
        )

    def spam(self, subject: str, body: str) -> Plan:
        requester = self.rng.choice(self.world.requesters["cedar"])
        plot = Plot(subject, body, "P3", code="no_fault", summary="", root_cause="")
        at = self._working_moment(requester, self.rng.uniform(8, DAYS))
        return replace(self._plan("interface", plot, requester, at), dismissed="spam", channel="email")

    # ── Drawing ──────────────────────────────────────────────────────────────
    def _one_of(self, weights: dict[str, int]) -> str:
        return self.rng.choices(list(weights), list(weights.values()))[0]

    def _plot(self, topic: str) -> Plot:
        # The first plots of a topic are its bread and butter; an outage is rare.
        plots = [(plot, 0.5 if plot.priority == "P0" else 6 / (3 + rank)) for rank, plot in enumerate(PLOTS[topic])]
        chosen = self.rng.choices([plot for plot, _ in plots], [weight for _, weight in plots])[0]
        return told(chosen, self.rng)

    def _plan(self, topic: str, plot: Plot, requester: Requester, opened_at: datetime) -> Plan:
        slug = requester.tenant.slug
        owner = self.rng.choice(self.world.agents_of(slug))
        return Plan(plot=plot, topic=topic, requester=requester, owner=owner, opened_at=opened_at)

    def _shaped(self, plan: Plan) -> Plan:
        """Twists, in the proportions of a support desk that mostly keeps its promises."""
        draw = self.rng.random
        late_answer, late_fix = draw() < 0.07, draw() < 0.11
        channel = self.rng.choice(CHANNELS)
        return replace(
            plan,
            accept=self.rng.uniform(1.05, 1.3) if draw() < 0.03 else self.rng.uniform(0.03, 0.3),
            respond=self.rng.uniform(1.05, 1.6) if late_answer else self.rng.uniform(0.32, 0.7),
            resolve=self.rng.uniform(1.05, 1.7) if late_fix else self.rng.triangular(0.1, 0.95, 0.35),
            asks=draw() < 0.55,
            rejected=draw() < 0.05,
            reopened=draw() < 0.05,
            silent=draw() < 0.2,
            score=self.rng.choice(SCORES) if draw() < 0.62 else None,
            channel=channel,
            diagnosed=plan.plot.resource != "" and draw() < 0.35,
            attached=channel == "widget" and draw() < 0.15,
            chased=draw() < 0.3,
        )

    def _working_moment(self, requester: Requester, days_ago: float) -> datetime:
        """An instant that day in the customer's working hours; one in twelve at any hour of any day."""
        local = (self.end - timedelta(days=days_ago)).astimezone(ZoneInfo(requester.time_zone))
        if self.rng.random() < 1 / 12:
            return local
        while local.weekday() >= 5:
            local -= timedelta(days=1)
        hour = min(max(self.rng.gauss(13, 2.4), 8), 18)
        return local.replace(hour=int(hour), minute=self.rng.randint(0, 59), second=self.rng.randint(0, 59))
