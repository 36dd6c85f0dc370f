"""The console's addresses of service levels."""

from django.urls import URLPattern, path

from sla.views import activations, calendars, exchange, policies, scenarios

urlpatterns: list[URLPattern] = [
    path("service-levels/", policies.policies, name="policies"),
    path("service-levels/new-policy/", policies.new_policy, name="new_policy"),
    path("service-levels/policies/<slug:key>/", policies.policy, name="policy"),
    path("service-levels/drafts/<int:draft_id>/", policies.draft, name="draft"),
    path("service-levels/drafts/<int:draft_id>/previews/", activations.previews, name="draft_previews"),
    path("service-levels/drafts/<int:draft_id>/activations/", activations.activations, name="draft_activations"),
    path("service-levels/drafts/<int:draft_id>/rebases/", activations.rebases, name="draft_rebases"),
    path("service-levels/drafts/<int:draft_id>/removals/", activations.removals, name="draft_removals"),
    path("service-levels/runs/<int:job_id>/", activations.run, name="preview_run"),
    path("service-levels/runs/<int:job_id>/cancellations/", activations.cancellations, name="preview_cancellations"),
    path("service-levels/export/", exchange.export, name="service_levels_export"),
    path("service-levels/import/", exchange.exchange, name="service_levels_import"),
    path("service-levels/calendars/", calendars.calendars, name="calendars"),
    path("service-levels/new-calendar/", calendars.new_calendar, name="new_calendar"),
    path("service-levels/calendars/<slug:key>/", calendars.calendar, name="calendar"),
    path("service-levels/calendars/<slug:key>/draft/", calendars.draft, name="calendar_draft"),
    path("service-levels/scenarios/", scenarios.scenario_list, name="scenarios"),
    path("service-levels/new-scenario/", scenarios.new_scenario, name="new_scenario"),
    path("service-levels/scenarios/<int:scenario_id>/", scenarios.scenario, name="scenario"),
]
