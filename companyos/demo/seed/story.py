"""One case from report to lesson, told through the verbs of cases and escalations."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.files.uploadedfile import SimpleUploadedFile

from cases import conversation, diagnostics, intake, lifecycle, macros, properties
from cases.models import Case, Macro, Runbook
from cases.models.knowledge import DiagnosticRun
from companyos.demo.seed import words
from companyos.demo.seed.plots.plot import Plot
from companyos.demo.seed.stage import Stage, Story, moment_at, silence
from companyos.demo.seed.world import World
from escalations import incidents
from escalations.models import IncidentLink
from tenants import actors
from tenants.access import Actor
from tenants.models import Requester

SEVERITY = {"P0": "S1", "P1": "S2", "P2": "S3", "P3": "S4"}


@dataclass(frozen=True)
class Plan:
    """What becomes of a case. Shares are of each clock's target: 1.2 is a breach. `ends` is where the story stops."""

    plot: Plot
    topic: str
    requester: Requester
    owner: str
    opened_at: datetime
    ends: str = "closed"
    accept: float = 0.15
    respond: float = 0.4
    resolve: float = 0.5
    asks: bool = True
    rejected: bool = False
    reopened: bool = False
    silent: bool = False
    score: int | None = None
    channel: str = "widget"
    diagnosed: bool = False
    attached: bool = False
    chased: bool = False
    dismissed: str = ""


@dataclass
class Telling:
    """A plan being played. `twin` is the case that a duplicate repeats."""

    stage: Stage
    world: World
    macros: dict[str, Macro]
    plan: Plan
    rng: random.Random
    twin: Telling | None = None
    case: Case = field(init=False)

    # ── Who, when ────────────────────────────────────────────────────────────
    @property
    def now(self) -> datetime:
        return self.stage.now

    @property
    def agent(self) -> Actor:
        return self.world.acting[self.plan.owner]

    @property
    def customer(self) -> Actor:
        return actors.of_requester(self.plan.requester)

    def at(self, metric: str, share: float) -> datetime:
        """When that share of the clock is used, and a minute or so from now at the earliest."""
        return max(
            moment_at(self.case, metric, share, self.now), self.now + timedelta(seconds=self.rng.randint(50, 240))
        )

    def customers_hours(self, hours: float) -> datetime:
        """So many hours from now, or when the customer is at work again."""
        local = (self.now + timedelta(hours=hours)).astimezone(ZoneInfo(self.plan.requester.time_zone))
        if local.hour >= 18:
            local += timedelta(days=1)
        while local.weekday() >= 5:
            local += timedelta(days=1)
        if not 8 <= local.hour < 18:
            local = local.replace(hour=self.rng.randint(8, 10), minute=self.rng.randint(0, 59))
        return max(local, self.now + timedelta(minutes=5))

    def soon(self, least: int = 2, most: int = 15) -> datetime:
        return self.now + timedelta(minutes=self.rng.uniform(least, most))

    # ── The story ────────────────────────────────────────────────────────────
    def tell(self) -> Story:
        plan = self.plan
        yield plan.opened_at
        self.open()
        if plan.ends == "new":
            return
        if plan.dismissed:
            yield self.soon(10, 90)
            self.dismiss()
            return
        yield self.at("accept", plan.accept)
        self.accept()
        if plan.ends == "triage":
            return
        yield from self.work()
        if plan.ends in ("in_progress", "waiting"):
            return
        yield from self.finish(plan.resolve)
        if plan.ends == "resolved":
            return
        yield from self.end()
        if plan.reopened:
            yield from self.again()

    def work(self) -> Story:
        plan = self.plan
        yield self.at("first_response", plan.respond)
        self.respond()
        yield self.soon()
        self.start()
        if plan.diagnosed:
            yield self.soon(1, 4)
            self.diagnose()
        if plan.plot.note:
            yield self.soon(4, 25)
            conversation.note(self.case, actor=self.agent, body=plan.plot.note, now=self.now)
        if plan.plot.mitigation and plan.ends != "in_progress":
            yield self.soon(3, 15)
            conversation.note(self.case, actor=self.agent, body=plan.plot.mitigation, kind="mitigation", now=self.now)
        if plan.asks and plan.ends != "in_progress":
            yield self.soon(4, 20)
            self.wait()
            if plan.ends == "waiting":
                return
            yield self.customers_hours(self.rng.lognormvariate(1.0, 0.9))
            self.answer(plan.plot.answer)
        elif plan.chased:
            yield self.customers_hours(self.rng.uniform(0.5, 4))
            self.answer(self.rng.choice(words.CHASING))

    def finish(self, share: float) -> Story:
        yield self.at("resolution", share)
        self.resolve()
        if self.plan.rejected:
            yield self.customers_hours(self.rng.uniform(1, 20))
            lifecycle.reject(self.case, actor=self.customer, reason=self.plan.plot.not_fixed, seen=None, now=self.now)
            yield self.soon(10, 40)
            self.say(self.rng.choice(words.LOOKING_AGAIN))
            yield self.at("resolution", min(share + 0.25, 0.95))
            self.resolve(words.SECOND_FIX)

    def end(self) -> Story:
        plan = self.plan
        if plan.silent:
            yield from silence(self.case)
            return
        yield self.customers_hours(self.rng.lognormvariate(1.6, 1.0))
        if plan.score:
            said = self.rng.choice(words.SURVEY[plan.score])
            conversation.survey(self.case, actor=self.customer, score=plan.score, words=said, now=self.now)
        by_agent = plan.channel == "phone"
        reason = "Confirmed on the phone" if by_agent else ""
        lifecycle.close(
            self.case, actor=self.agent if by_agent else self.customer, seen=None, now=self.now, reason=reason
        )

    def again(self) -> Story:
        """The closed case comes back: a new cycle, which may be where the story stops."""
        yield self.customers_hours(self.rng.uniform(20, 110))
        self.case = lifecycle.reopen(
            self.case, actor=self.customer, reason=self.plan.plot.not_fixed, seen=None, now=self.now
        )
        yield self.at("first_response", self.rng.uniform(0.2, 0.6))
        self.say(self.rng.choice(words.LOOKING_AGAIN))
        if self.plan.ends == "reopened":
            return
        yield self.at("resolution", self.rng.uniform(0.2, 0.7))
        self.resolve(words.SECOND_FIX)
        yield self.customers_hours(self.rng.uniform(2, 20))
        lifecycle.close(self.case, actor=self.customer, seen=None, now=self.now)

    # ── The deeds ────────────────────────────────────────────────────────────
    def open(self) -> None:
        plot, plan = self.plan.plot, self.plan
        trace = f"https://traces.northwind.example/{plan.requester.tenant.slug}/{self.rng.getrandbits(64):016x}"
        report = intake.Report(
            subject=plot.subject,
            description=plot.description,
            error_ids=[plot.error_id] if plot.error_id else [],
            trace_links=[trace] if plot.error_id else [],
            page_url=f"https://app.northwind.example/{plan.topic}" if plan.channel == "widget" else "",
            app_version="5.41.1" if plan.channel == "widget" else "",
            resource=plot.resource if plan.channel == "widget" else "",
        )
        files = [SimpleUploadedFile("producer.log", words.log_file(plot, plan.opened_at))] if plan.attached else []
        self.case = intake.open_case(
            report,
            requester=plan.requester,
            actor=self.agent if plan.channel == "phone" else self.customer,
            now=self.now,
            channel=plan.channel,
            files=files,
        )

    def dismiss(self) -> None:
        self.case = lifecycle.dismiss(
            self.case,
            actor=self.world.acting["lead@demo.example"],
            kind=self.plan.dismissed,
            duplicate_of=self.twin.case if self.twin else None,
            seen=None,
            now=self.now,
            reason="Reported twice by the same team" if self.twin else "Advertising, no customer of ours wrote this",
        )

    def accept(self) -> None:
        priority = self.plan.plot.priority
        self.case = lifecycle.accept(
            self.case,
            actor=self.agent,
            priority=priority,
            severity=SEVERITY[priority],
            owner=self.world.users[self.plan.owner],
            reason=words.TRIAGE_REASON[priority],
            seen=None,
            now=self.now,
        )
        tags = {self.plan.topic, *self.plan.plot.tags}
        properties.tag(self.case, actor=self.agent, tags=tags, seen=None, now=self.now)

    def respond(self) -> None:
        suggested = IncidentLink.objects.filter(case=self.case, state=IncidentLink.SUGGESTED).select_related("incident")
        for link in suggested:
            incidents.link(self.case, link.incident, actor=self.agent, now=self.now, reason="Same resource, same error")
        if self.plan.plot.macro:
            self.case.refresh_from_db(fields=["incident_reference"])
            macro, body = macros.filled(self.case, self.plan.plot.macro, self.agent)
            conversation.reply(self.case, actor=self.agent, body=body, macro=macro, now=self.now)
        else:
            self.say(self.plan.plot.reply)

    def say(self, text: str) -> None:
        body = f"Hello {self.plan.requester.name.split()[0]},\n\n{text}\n\nKind regards,\n{self.agent.name}"
        conversation.reply(self.case, actor=self.agent, body=body, now=self.now)

    def start(self) -> None:
        self.case = lifecycle.start(self.case, actor=self.agent, seen=None, now=self.now)

    def diagnose(self) -> None:
        """A real run: its steps read the demo product's telemetry over HTTP, as it was at that moment."""
        self.stage.host.now = lambda: self.now
        runbook = Runbook.objects.get(topic=self.plan.topic)
        run = diagnostics.start(self.case, runbook, actor=self.agent, now=self.now)
        for number in range(1, len(runbook.diagnostics) + 1):
            diagnostics.run_one_step(self.now + timedelta(seconds=2 * number))
        run.refresh_from_db()
        if run.state != DiagnosticRun.DONE:
            raise RuntimeError(f"The diagnostics of {self.case.reference} failed: {run.error}")

    def wait(self) -> None:
        self.case = lifecycle.wait(self.case, actor=self.agent, ask=self.plan.plot.ask, seen=None, now=self.now)

    def answer(self, text: str) -> None:
        conversation.reply(self.case, actor=self.customer, body=text, now=self.now)

    def resolve(self, summary: str = "") -> None:
        plot = self.plan.plot
        evidence = list(self.case.evidence.order_by("id")[:3])
        change = f"https://changes.northwind.example/{self.rng.randint(20_000, 49_999)}"
        fix = lifecycle.Fix(
            summary=summary or plot.summary,
            code=plot.code,
            root_cause=plot.root_cause,
            preventive_action=plot.preventive,
            evidence=evidence,
            evidence_links=[change] if not evidence or self.rng.random() < 0.4 else [],
        )
        self.case = lifecycle.resolve(self.case, fix, actor=self.agent, seen=None, now=self.now)
