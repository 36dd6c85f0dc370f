"""Below /api/v1/widget/: the same nouns as everywhere."""

from django.urls import path

from cases import widget_api as api
from cases import widget_portal

urlpatterns = [
    path("session", api.SessionView.as_view()),
    path("portal-links", widget_portal.PortalLinksView.as_view()),
    path("cases", api.CasesView.as_view()),
    path("cases/<slug:reference>", api.CaseView.as_view()),
    path("cases/<slug:reference>/messages", api.MessagesView.as_view()),
    path("cases/<slug:reference>/attachments", api.AttachmentsView.as_view()),
    path("cases/<slug:reference>/attachments/<uuid:uuid>", api.AttachmentView.as_view()),
    path("cases/<slug:reference>/disputes", api.DisputesView.as_view()),
    path("cases/<slug:reference>/confirmations", api.ConfirmationsView.as_view()),
    path("cases/<slug:reference>/rejections", api.RejectionsView.as_view()),
    path("cases/<slug:reference>/reopenings", api.ReopeningsView.as_view()),
    path("cases/<slug:reference>/surveys", api.SurveysView.as_view()),
]
