"""Below /api/v1/."""

from django.urls import path

from escalations import api, api_escalations, api_grants

urlpatterns = [
    path("incidents/", api.IncidentsEndpoint.as_view()),
    path("incidents/<slug:reference>/", api.IncidentEndpoint.as_view()),
    path("cases/<slug:reference>/incidents/", api.CaseIncidentsEndpoint.as_view()),
    path("cases/<slug:reference>/escalations/", api_escalations.CaseEscalationsEndpoint.as_view()),
    path("escalations/<int:escalation_id>/acknowledgements/", api_escalations.AcknowledgementsEndpoint.as_view()),
    path("grants/", api_grants.GrantsEndpoint.as_view()),
    path("grants/break-glass/", api_grants.BrokenGlassEndpoint.as_view()),
    path("grants/gifts/", api_grants.GiftsEndpoint.as_view()),
    path("grants/<int:grant_id>/", api_grants.OneGrantEndpoint.as_view()),
    path("grants/<int:grant_id>/approvals/", api_grants.ApprovalsEndpoint.as_view()),
    path("grants/<int:grant_id>/denials/", api_grants.DenialsEndpoint.as_view()),
    path("grants/<int:grant_id>/withdrawals/", api_grants.WithdrawalsEndpoint.as_view()),
    path("grants/<int:grant_id>/revocations/", api_grants.RevocationsEndpoint.as_view()),
    path("grants/<int:grant_id>/reviews/", api_grants.ReviewsEndpoint.as_view()),
]
