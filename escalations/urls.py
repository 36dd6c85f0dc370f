"""The console's addresses of incidents, runbooks and notices."""

from django.urls import path

from cases import urls as _references  # noqa: F401  (registers the reference converter)
from escalations import views

urlpatterns = [
    path("incidents/", views.incidents, name="incidents"),
    path("incidents/<slug:reference>/", views.incident, name="incident"),
    path("cases/<ref:reference>/incidents/", views.links, name="incident-links"),
    path("notices/", views.notices, name="notices"),
]
