"""The console's addresses of exports and erasures."""

from django.urls import path

from tenants.privacy import views

_PERSON = "privacy/people/<slug:slug>/<int:requester_id>/"

urlpatterns = [
    path("privacy/", views.requests, name="data_requests"),
    path(_PERSON, views.person, name="person"),
    path(f"{_PERSON}exports/", views.export, name="person_export"),
    path(f"{_PERSON}erasures/", views.erasure, name="person_erasure"),
    path("privacy/jobs/<uuid:job>/", views.job, name="data_job"),
    path("privacy/jobs/<uuid:job>/file/", views.download, name="data_job_file"),
    path("privacy/jobs/<uuid:job>/confirmations/", views.confirmation, name="data_job_confirmation"),
    path("privacy/jobs/<uuid:job>/refusals/", views.refusal, name="data_job_refusal"),
]
# Below /portal/: what the tenants' own people ask for.
portal = [
    path("", views.own_data, name="portal_data"),
    path("exports/", views.own_export, name="portal_export"),
    path("erasures/", views.own_erasure, name="portal_erasure"),
    path("<uuid:job>/file/", views.own_file, name="portal_data_file"),
]
