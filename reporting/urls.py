"""The console's addresses of reports and backlogs."""

from django.urls import path

from reporting.views import audit, forecast, pauses, replays, reports

urlpatterns = [
    path("reports/", reports.reports, name="reports"),
    path("reports/forecast/", forecast.forecast, name="forecast"),
    path("reports/pauses/", pauses.pauses, name="pauses"),
    path("reports/pauses/exports/", pauses.pauses_export, name="pauses_export"),
    path("audit/", audit.trail, name="audit"),
    path("audit/exports/", audit.exports, name="audit_exports"),
    path("audit/proofs/", audit.proofs, name="audit_proofs"),
    path("service-levels/replays/", replays.replays, name="replays"),
    path("service-levels/replays/<int:replay_id>/", replays.replay, name="replay"),
    path("service-levels/replays/<int:replay_id>/cancellations/", replays.cancellations, name="replay-cancel"),
    path("service-levels/replays/<int:replay_id>/exports/", replays.exports, name="replay-export"),
    path("reports/backlogs/<slug:backlog>/", reports.backlog, name="backlog"),
]
