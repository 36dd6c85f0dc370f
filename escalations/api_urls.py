"""Below /api/v1/."""

from django.urls import path

from escalations import api

urlpatterns = [
    path("incidents/", api.IncidentsEndpoint.as_view()),
    path("incidents/<slug:reference>/", api.IncidentEndpoint.as_view()),
    path("cases/<slug:reference>/incidents/", api.CaseIncidentsEndpoint.as_view()),
]
