"""Below /api/v1/: the same nouns as in the console."""

from django.urls import path

from cases.api import cases, clocks, conversation, deeds, knowledge

CASE = "cases/<slug:reference>/"

urlpatterns = [
    path("cases/", cases.CasesEndpoint.as_view()),
    path(CASE, cases.WholeCaseEndpoint.as_view(), name="api-case"),
    path(f"{CASE}timeline/", cases.TimelineEndpoint.as_view()),
    path(f"{CASE}clocks/", cases.ClocksEndpoint.as_view()),
    path(f"{CASE}clocks/<int:clock_id>/explanation/", clocks.ExplanationEndpoint.as_view()),
    path(f"{CASE}evidence/", cases.EvidenceEndpoint.as_view()),
    path(f"{CASE}replies/", conversation.RepliesEndpoint.as_view()),
    path(f"{CASE}notes/", conversation.NotesEndpoint.as_view()),
    path(f"{CASE}notes/<int:note_id>/publications/", conversation.PublicationsEndpoint.as_view()),
    path(f"{CASE}attachments/", conversation.AttachmentsEndpoint.as_view()),
    path(f"{CASE}acceptances/", deeds.AcceptancesEndpoint.as_view()),
    path(f"{CASE}starts/", deeds.StartsEndpoint.as_view()),
    path(f"{CASE}waits/", deeds.WaitsEndpoint.as_view()),
    path(f"{CASE}resumptions/", deeds.ResumptionsEndpoint.as_view()),
    path(f"{CASE}resolutions/", deeds.ResolutionsEndpoint.as_view()),
    path(f"{CASE}closures/", deeds.ClosuresEndpoint.as_view()),
    path(f"{CASE}rejections/", deeds.RejectionsEndpoint.as_view()),
    path(f"{CASE}reopenings/", deeds.ReopeningsEndpoint.as_view()),
    path(f"{CASE}dismissals/", deeds.DismissalsEndpoint.as_view()),
    path(f"{CASE}assignments/", deeds.AssignmentsEndpoint.as_view()),
    path(f"{CASE}priorities/", deeds.PrioritiesEndpoint.as_view()),
    path(f"{CASE}tags/", deeds.TagsEndpoint.as_view()),
    path(f"{CASE}macros/<slug:key>/", knowledge.FilledMacroEndpoint.as_view()),
    path(f"{CASE}diagnostics/", knowledge.DiagnosticsEndpoint.as_view()),
    path(f"{CASE}diagnostics/<int:run_id>/", knowledge.DiagnosticEndpoint.as_view()),
    path("files/attachments/<uuid:uuid>/", conversation.AttachmentEndpoint.as_view(), name="api-attachment"),
    path("files/evidence/<uuid:uuid>/", conversation.EvidenceFileEndpoint.as_view(), name="api-evidence"),
    path("macros/", knowledge.MacrosEndpoint.as_view()),
    path("runbooks/", knowledge.RunbooksEndpoint.as_view()),
    path("runbooks/<slug:key>/", knowledge.RunbookEndpoint.as_view()),
]
