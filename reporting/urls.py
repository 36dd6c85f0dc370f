"""The console's addresses of reports and backlogs."""

from django.urls import path

from reporting.views import audit, pauses, reports

urlpatterns = [
    path("reports/", reports.reports, name="reports"),
    path("reports/pauses/", pauses.pauses, name="pauses"),
    path("reports/pauses/exports/", pauses.pauses_export, name="pauses_export"),
    path("audit/", audit.trail, name="audit"),
    path("audit/exports/", audit.exports, name="audit_exports"),
    path("audit/proofs/", audit.proofs, name="audit_proofs"),
    path("reports/backlogs/<slug:backlog>/", reports.backlog, name="backlog"),
]
