"""Event name → handlers: the one place that says who listens to what. The event log alone imports it, by name."""

SUBSCRIBERS: dict[str, tuple[str, ...]] = {
    "case.opened": ("cases.reactions.enrich_case",),
    "case.enriched": ("escalations.reactions.suggest_incidents",),
    "case.assigned": ("escalations.reactions.tell_new_owner",),
    "case.rejected": ("escalations.reactions.tell_owner",),
    "case.reopened": ("escalations.reactions.tell_owner",),
    "case.closed": ("reporting.reactions.raise_feedback",),
    "message.received": ("escalations.reactions.tell_owner",),
    "survey.answered": ("reporting.reactions.take_score",),
    "clock.warned": ("escalations.reactions.alert_about_clock",),
    "clock.breached": ("escalations.reactions.alert_about_clock",),
}
