"""Ingestion delays."""

from companyos.demo.seed.plots.plot import Plot

PLOTS = (
    Plot(
        subject="Events of the {stream} stream are delayed by {minutes} minutes",
        description=(
            "Since {hour} what we send to {stream} shows up about {minutes} minutes late. Our producers log "
            "ERR-INGEST-429 for roughly {percent} % of the batches. Dashboards that the {team} team "
            "relies on are stale."
        ),
        priority="P1",
        error_id="ERR-INGEST-429",
        resource="ingest",
        macro="ingestion-delay-first-response",
        note="Offered rate is above the quota since {hour}; nothing else is wrong on ingest. Runbook says raise it.",
        mitigation="Raised the ingest quota to {quota} events/s. Refusals stopped within a minute.",
        ask=(
            "We have raised your ingest quota to {quota} events/s. Could you check whether {stream} is "
            "up to date again?"
        ),
        answer="The backlog is gone and {stream} is current. Our producers stopped logging errors.",
        code="quota",
        summary=(
            "Your events were refused above the workspace's ingest quota. We raised the quota to {quota} events/s; "
            "since then everything you send is accepted and the delay is gone."
        ),
        root_cause="Traffic on {stream} outgrew the default ingest quota",
        preventive="Raise the default quota for this segment and warn at 80 % of it.",
        tags=("ingestion", "quota", "throttling"),
        not_fixed="We are throttled again: ERR-INGEST-429 since {hour}, on {stream} and one more stream.",
    ),
    Plot(
        subject="{stream}: about {percent} % of events missing since our deployment",
        description=(
            "After we deployed at {hour} some events of {stream} never arrive. The producer reports ERR-INGEST-422 "
            "for them. We changed one field from a number to text, could that be the reason?"
        ),
        priority="P2",
        error_id="ERR-INGEST-422",
        macro="ingestion-schema-rejects",
        note="Dead-letter stream holds them all. Field type changed without a new schema version.",
        ask="We registered the new schema version for you and replayed what was held. Is {stream} complete now?",
        answer="Counts match ours again, thanks for the replay.",
        code="configuration",
        summary=(
            "The events were refused because one field changed its type without a new schema version. The version is "
            "registered and everything that was held back has been replayed."
        ),
        root_cause="Schema change of {stream} deployed before it was registered",
        preventive="Show refused schemas in the deployment check of the command-line client.",
        tags=("ingestion", "schema"),
    ),
    Plot(
        subject="How do we size the quota for a campaign on {stream}?",
        description=(
            "The {team} team plans a campaign and expects {count} times the usual events on {stream} for two days. "
            "What do we have to arrange so that nothing is refused?"
        ),
        priority="P3",
        reply=(
            "A quota holds per workspace, not per stream, so take the sum of all streams at the busiest minute and add "
            "a fifth. If you tell us the two days, we raise it for you beforehand."
        ),
        ask="Which two days is it, and what rate do you expect at the busiest minute?",
        answer="Thursday and Friday next week; about {quota} events/s at the peak.",
        code="answered",
        summary=(
            "The quota will be {quota} events/s for the campaign and goes back afterwards. The sizing guide is linked."
        ),
        root_cause="No guide on sizing for a planned peak",
        preventive="Write a guide: sizing ingest for a campaign.",
        tags=("ingestion", "how-to", "quota"),
    ),
    Plot(
        subject="Production ingest is down for {stream}",
        description=(
            "Production ingest is down: every request of the {stream} producers fails since {hour} with "
            "ERR-INGEST-503. All our downstream jobs are standing still. Please call if you need anything."
        ),
        priority="P0",
        error_id="ERR-INGEST-503",
        resource="ingest",
        reply=(
            "We are on it as a critical case: one partition group of ingest is not answering and is being moved now. "
            "We write here every 15 minutes until it works. What you sent with retries on is not lost."
        ),
        note="Partition group 4 lost its leader after the node was drained. Moving it by hand.",
        mitigation="Moved partition group 4 to a healthy node; requests are accepted again.",
        ask="Requests are accepted again. Can you confirm that your producers are through their retries?",
        answer="Confirmed, all producers are green and the downstream jobs caught up.",
        code="defect",
        summary=(
            "One partition group lost its leader when a node was drained and did not elect a new one. We moved it by "
            "hand; ingest accepts everything again and no accepted event was lost."
        ),
        root_cause="A drained node kept its lease, so its partitions elected no new leader",
        preventive="Release leases before a drain; alert on a partition without leader after 30 seconds.",
        tags=("ingestion", "outage", "defect"),
    ),
    Plot(
        subject="Connector to {stream} lags behind every night",
        description=(
            "Between midnight and four the connector for {stream} is lagging by up to {minutes} minutes, "
            "then it catches "
            "up. It started about a week ago. Nothing changed on our side that we know of."
        ),
        priority="P2",
        note="Compaction window moved last week and collides with their nightly batch.",
        reply=(
            "We see the same pattern: our nightly compaction runs at the hour of your batch since last week. We are "
            "moving it for your region and will tell you when."
        ),
        ask="The window is moved. Would you watch the coming night and tell us how it went?",
        answer="Last night there was no lag at all.",
        code="configuration",
        summary="The nightly compaction no longer runs at the hour of your batch, and the lag has not come back.",
        root_cause="Compaction window collides with customers' nightly batches",
        preventive="Choose the compaction window per workspace from its quietest hours.",
        tags=("ingestion", "lag"),
    ),
    Plot(
        subject="Duplicates in {stream} after a retry",
        description=(
            "When a producer times out and retries, we find the same event twice in {stream}. We send an event ID, and "
            "the documentation says duplicates are dropped for ten minutes. Error rate was about {percent} % at {hour}."
        ),
        priority="P2",
        reply=(
            "Thank you for the example, that helped: deduplication looks at the event ID per partition, "
            "and a retry can "
            "reach another partition when the key is missing. We are checking whether that is meant."
        ),
        note="Keyless events hash on batch id, so retries change partition. Real defect, see bug.",
        code="workaround",
        summary=(
            "Retries of events without a key can reach another partition, where the copy is not recognised. Setting a "
            "key avoids it today; the fix that makes it needless is planned."
        ),
        root_cause="Deduplication is per partition and keyless retries change the partition",
        preventive="Hash keyless events by event ID.",
        tags=("ingestion", "duplicates"),
    ),
    Plot(
        subject="Quota warning mails for {stream} arrive after the throttling",
        description=(
            "We are told that we are close to the quota only after events have been refused, today {minutes} minutes "
            "later. Could the warning come earlier, or could we read it from the API?"
        ),
        priority="P3",
        reply=(
            "You can read it today: the resource's usage shows offered rate and quota each minute. An "
            "earlier mail is a "
            "wish that we pass on, with your case as an example."
        ),
        code="workaround",
        summary=(
            "The usage endpoint gives offered rate and quota each minute; a sample alert rule is attached to the guide."
        ),
        root_cause="Quota warnings are computed hourly",
        preventive="Compute quota warnings each minute.",
        tags=("ingestion", "quota", "alerts"),
    ),
)
