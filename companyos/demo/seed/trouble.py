"""Incidents: INC-204, open on the ingest service, and three that are over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from companyos.demo.seed.stage import Stage, Story
from companyos.demo.seed.world import World
from escalations.models import CorrectiveAction, Incident, IncidentUpdate

H, D = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Trouble:
    """An incident told from its end of the calendar: it began `ago` before now, and `lasts` (None: it goes on)."""

    reference: str
    title: str
    severity: str
    resource: str
    ago: timedelta
    lasts: timedelta | None
    summary: str
    mitigation: str
    updates: tuple[tuple[timedelta, str, str], ...]  # after the beginning, the status from then on, the words
    actions: tuple[tuple[str, str, int, bool], ...]  # title, owner, due so many days after the beginning, done


TROUBLES = (
    Trouble(
        "INC-187", "Sign-in refused after a certificate was renewed", "SEV3", "auth", 58 * D, 5 * H,
        "One identity provider rolled its signing certificate a day earlier than announced; sign-ins "
        "through it failed.",
        "The new certificate was taken over from the provider's metadata.",
        (
            (20 * timedelta(minutes=1), "identified", "Fingerprints differ; the provider renewed a day early."),
            (3 * H, "monitoring", "New certificate in place, sign-ins succeed. Watching the morning in the Americas."),
        ),
        (("Read the provider's metadata daily", "Identity team", 21, True),),
    ),
    Trouble(
        "INC-196", "Dashboards blank after release 5.40", "SEV2", "dashboard", 31 * D, 9 * H,
        "The service worker kept names of parts from the earlier release, so some dashboards asked for "
        "files that are gone.",
        "Cache purged at the edge; the worker's version is part of its name since 5.40.1.",
        (
            (35 * timedelta(minutes=1), "identified", "Old chunk names in the service worker. Purging the edge helps."),
            (4 * H, "monitoring", "5.40.1 is out. Reports of blank dashboards have stopped."),
        ),
        (
            ("Browser test that opens dashboards over an update", "Web team", 14, True),
            ("Keep the files of the last two releases", "Platform", 30, False),
        ),
    ),
    Trouble(
        "INC-199", "Ingest partition group without leader", "SEV1", "ingest", 17 * D + 6 * H, 4 * H,
        "A drained node kept its lease; partition group 4 elected no leader and refused every request for 41 minutes.",
        "Group 4 moved by hand to a healthy node.",
        (
            (8 * timedelta(minutes=1), "identified", "Group 4 has no leader since the drain of node 17."),
            (41 * timedelta(minutes=1), "monitoring", "Moved by hand; all partitions accept again."),
        ),
        (
            ("Release leases before a node is drained", "Ingest team", 10, True),
            ("Alert on a partition without leader after 30 seconds", "Reliability", 10, True),
        ),
    ),
    Trouble(
        "INC-204", "Ingest refuses events above the cut default quota", "SEV2", "ingest", 20 * H, None,
        "Release 2026.3.4 brought the default quota of large workspaces back to 5,000 events/s. Workspaces that send "
        "more are throttled with ERR-INGEST-429; accepted events are not lost.",
        "Raise the quota of a hit workspace to 120 % of its highest offered rate; it holds within a minute.",
        (
            (25 * timedelta(minutes=1), "investigating", "Accepted events below objective for some large workspaces."),
            (2 * H, "identified", "The release reset quotas raised by hand. List of workspaces in the channel."),
            (9 * H, "identified", "Quotas are raised per workspace on request until the correction is released."),
        ),
        (
            ("Keep raised quotas over a release", "Ingest team", 6, False),
            ("Increase the default quota for the segment enterprise", "Product", 20, False),
            ("Warn at 80 % of a quota", "Ingest team", 30, False),
        ),
    ),
)  # fmt: skip


def unfold(trouble: Trouble, stage: Stage, world: World) -> Story:
    """The incident's own story: it begins, is written about, and (but for INC-204) ends."""
    began = stage.end - trouble.ago
    yield began
    incident = _begin(trouble, began, world)
    is_throttling = trouble.reference == "INC-204"
    if is_throttling:
        stage.throttle(began)
    stage.fresh_health(began + timedelta(minutes=5))
    for after, status, words in trouble.updates:
        yield began + after
        incident.status = status
        incident.save(update_fields=["status"])
        IncidentUpdate.objects.create(incident=incident, author=str(incident.commander), body=words, at=began + after)
    if trouble.lasts is None:
        return
    ended = began + trouble.lasts
    yield ended
    incident.status, incident.resolved_at = Incident.Status.RESOLVED, ended
    incident.save(update_fields=["status", "resolved_at"])
    IncidentUpdate.objects.create(
        incident=incident, author=str(incident.commander), body="Over. Review follows.", at=ended
    )
    stage.fresh_health(ended)


def _begin(trouble: Trouble, began: datetime, world: World) -> Incident:
    incident = Incident.objects.create(
        reference=trouble.reference,
        title=trouble.title,
        severity=trouble.severity,
        commander=world.users["operator@demo.example" if trouble.reference == "INC-204" else "lead@demo.example"],
        channel=f"#{trouble.reference.lower()}-{trouble.resource}",
        resource_keys=[trouble.resource],
        summary=trouble.summary,
        mitigation=trouble.mitigation,
        started_at=began,
    )
    for title, owner, days, done in trouble.actions:
        due = began + timedelta(days=days)
        CorrectiveAction.objects.create(
            incident=incident, title=title, owner=owner, due_on=due.date(), done_at=due - D if done else None
        )
    return incident
