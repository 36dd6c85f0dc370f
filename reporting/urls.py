"""The console's addresses of reports and backlogs."""

from django.urls import path

from reporting import views

urlpatterns = [
    path("reports/", views.reports, name="reports"),
    path("reports/backlogs/<slug:backlog>/", views.backlog, name="backlog"),
]
