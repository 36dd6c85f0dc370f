"""Event name → handlers: the one place that says who listens to what. The event log alone imports it, by name."""

SUBSCRIBERS: dict[str, tuple[str, ...]] = {
    "case.opened": ("cases.reactions.enrich_case",),
    "case.enriched": ("escalations.reactions.suggest_incidents",),
    "case.assigned": ("escalations.reactions.tell_new_owner",),
    "case.rejected": ("escalations.reactions.tell_owner",),
    "case.wait_disputed": ("escalations.reactions.tell_owner",),
    "case.reopened": ("escalations.reactions.tell_owner",),
    "case.closed": ("reporting.reactions.raise_feedback",),
    "grant.requested": ("escalations.reactions.tell_deciders",),
    "grant.broken_glass": ("escalations.reactions.tell_deciders",),
    "grant.unreviewed": ("escalations.reactions.tell_deciders",),
    "grant.granted": ("escalations.reactions.tell_holder",),
    "grant.denied": ("escalations.reactions.tell_holder",),
    "grant.revoked": ("escalations.reactions.tell_holder",),
    "grant.reviewed": ("escalations.reactions.tell_holder",),
    "message.received": ("escalations.reactions.tell_owner",),
    "survey.answered": ("reporting.reactions.take_score",),
    "clock.warned": ("escalations.reactions.alert_about_clock",),
    "clock.breached": ("escalations.reactions.alert_about_clock",),
}
