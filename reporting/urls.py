"""The console's addresses of reports and backlogs."""

from django.urls import path

from reporting import audit_views, views

urlpatterns = [
    path("reports/", views.reports, name="reports"),
    path("audit/", audit_views.trail, name="audit"),
    path("audit/exports/", audit_views.exports, name="audit_exports"),
    path("audit/proofs/", audit_views.proofs, name="audit_proofs"),
    path("reports/backlogs/<slug:backlog>/", views.backlog, name="backlog"),
]
