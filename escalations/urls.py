"""The console's addresses of incidents, elevated access and notices."""

from django.urls import path

from cases import urls as _references  # noqa: F401  (registers the reference converter)
from escalations.views import access, incidents

urlpatterns = [
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/<slug:reference>/", incidents.incident, name="incident"),
    path("incidents/<slug:reference>/grants/", access.incident_requests, name="incident-grants"),
    path("cases/<ref:reference>/incidents/", incidents.links, name="incident-links"),
    path("cases/<ref:reference>/grants/", access.requests, name="grants"),
    path("cases/<ref:reference>/break-glass/", access.broken_glass, name="break-glass"),
    path("cases/<ref:reference>/gifts/", access.gifts, name="gifts"),
    path("access/", access.lists, name="access"),
    path("access/<int:grant_id>/", access.grant, name="grant"),
    path("access/<int:grant_id>/approvals/", access.approvals, name="approvals"),
    path("access/<int:grant_id>/denials/", access.denials, name="denials"),
    path("access/<int:grant_id>/withdrawals/", access.withdrawals, name="withdrawals"),
    path("access/<int:grant_id>/revocations/", access.revocations, name="revocations"),
    path("access/<int:grant_id>/reviews/", access.reviews, name="reviews"),
    path("notices/", incidents.notices, name="notices"),
]
