"""The console's addresses of cases. A deed is the creation of its noun."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from cases import downloads, forms
from cases.views import clocks, composing, deeds, files, inbox, page, runbooks, watching


class ReferenceConverter(StringConverter):
    """A case's reference: ACME-1042, in capitals or not."""

    regex = r"[A-Za-z][A-Za-z0-9]{1,7}-[0-9]{1,10}"


register_converter(ReferenceConverter, "ref")

urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("cases/", inbox.inbox, name="cases"),
    path("views/", inbox.views, name="views"),
    path("palette/", inbox.palette, name="palette"),
    path("d/<str:signed>/<str:name>", downloads.file, name="file"),
    path("files/attachments/<uuid:uuid>/", files.attachment, name="attachment"),
    path("files/evidence/<uuid:uuid>/", files.evidence, name="evidence"),
    path("runbooks/", runbooks.runbooks, name="runbooks"),
    path("runbooks/<slug:key>/", runbooks.runbook, name="runbook"),
    path("cases/<ref:reference>/", page.case, name="case"),
    path("cases/<ref:reference>/fresh/", page.fresh, name="case-fresh"),
    path("cases/<ref:reference>/context/<slug:tab>/", page.context, name="case-context"),
    path("cases/<ref:reference>/clocks/<int:clock_id>/", clocks.clock, name="case-clock"),
    path("cases/<ref:reference>/watchers/", watching.watchers, name="watchers"),
    path("cases/<ref:reference>/replies/", composing.replies, name="replies"),
    path("cases/<ref:reference>/notes/", composing.notes, name="notes"),
    path("cases/<ref:reference>/notes/<int:note_id>/publications/", composing.publications, name="publications"),
    path("cases/<ref:reference>/drafts/", composing.drafts, name="drafts"),
    path("cases/<ref:reference>/macros/<slug:key>/", composing.macro, name="macro"),
    path("cases/<ref:reference>/diagnostics/", files.diagnostics, name="diagnostics"),
    path("cases/<ref:reference>/diagnostics/<int:run_id>/", files.diagnostic, name="diagnostic"),
    *(path(f"cases/<ref:reference>/{noun}/", deeds.deed(form), name=noun) for noun, form in forms.DEEDS.items()),
]
