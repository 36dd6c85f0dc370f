"""What the endpoints below one case share, in this app and above it."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone
from rest_framework.response import Response

from cases import access, lifecycle, serializers
from cases.models import Case, CaseResource, Macro, Resolution
from companyos.web.errors import DomainError
from sla import clocks
from tenants import restriction
from tenants.endpoint import Endpoint
from tenants.models import User

# The noun that a verb of the lifecycle creates.
NOUNS = {
    "accept": "acceptances",
    "start": "starts",
    "wait": "waits",
    "resume": "resumptions",
    "resolve": "resolutions",
    "reject": "rejections",
    "close": "closures",
    "reopen": "reopenings",
    "dismiss": "dismissals",
}


class CaseEndpoint(Endpoint):
    def case(self, reference: str, *, content: bool = True) -> Case:
        """Every read is a look that the audit log keeps; a deed is kept as the change that it is."""
        return access.get_case(reference, self.actor, viewed=self.request.method == "GET", content=content)

    def replayed(self, body: dict[str, Any], reference: str = "", **about: Any) -> None:
        """A remembered answer shows the case, so it goes out only while the case itself would."""
        case = self.case(reference or str(body["reference"]))
        if _names_files(body):
            restriction.require_files(self.actor, case.tenant, case.pk)

    def changed(self, case: Case) -> Response:
        """The case as it is after the deed."""
        return Response(self.whole(self.case(case.reference)), status=201)

    def whole(self, case: Case) -> dict[str, Any]:
        affected = CaseResource.objects.select_related("resource", "snapshot").order_by("id")
        resolutions = Resolution.objects.prefetch_related("evidence").order_by("at")
        prefetch_related_objects(
            [case], Prefetch("affected", affected), Prefetch("resolutions", resolutions), "duplicate_of"
        )
        context = {
            "readings": clocks.readings([case.clock_set_id], timezone.now()),
            "moves": [NOUNS[move.verb] for move in lifecycle.allowed_moves(case, self.actor) if move.verb in NOUNS],
        }
        return serializers.CaseWhole(case, context=context).data

    def person(self, words: str, field: str) -> User:
        """Somebody of the support side by e-mail address, or oneself by `me`."""
        known = User.objects.filter(is_active=True)
        found = known.filter(pk=self.actor.user_id) if words == "me" else known.filter(email__iexact=words)
        person = found.first()
        if person is None:
            raise DomainError("unknown_person", f"Nobody here has the address {words[:100]}.", field)
        return person

    def macro(self, key: str) -> Macro | None:
        """The macro that a message began with, if it began with one."""
        if not key:
            return None
        found = Macro.objects.filter(key=key, active=True).first()
        if found is None:
            raise DomainError("unknown_macro", f"There is no macro {key}.", "macro")
        return found


def _names_files(body: Any) -> bool:
    """Whether there is a file, of a message or of the evidence, anywhere in an answer."""
    if isinstance(body, dict):
        return "sha256" in body or any(_names_files(part) for part in body.values())
    return isinstance(body, list) and any(_names_files(part) for part in body)
