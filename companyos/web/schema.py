"""The API's description of itself: what drf-spectacular finds, and every way in which an operation may refuse."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from companyos.web.idempotency import HEADER, LONGEST_KEY

REFUSALS = {
    400: "The request is malformed or a value is not taken; each error names its field.",
    401: "No credential, or one that is no good.",
    403: "The role may not do this.",
    404: "Not there, or not there for you.",
    406: "Only JSON is answered.",
    409: "The thing changed first (`stale`), its state does not allow it, or the Idempotency-Key was used before.",
    413: "The request is too large.",
    415: "The body is of a type that is not read.",
    429: "Too many requests; Retry-After says for how many seconds.",
}


class ProblemError(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Stable; for programs.")
    detail = serializers.CharField(help_text="What is wrong and how to mend it; for people.")
    attr = serializers.CharField(allow_null=True, help_text="The field at fault, if there is one.")


class Problem(serializers.Serializer[Any]):
    """How the API refuses, whatever the reason."""

    type = serializers.ChoiceField(choices=["validation_error", "client_error", "server_error"])
    errors = ProblemError(many=True)  # type: ignore[assignment]  # DRF keeps declared fields elsewhere
    version = serializers.IntegerField(required=False, help_text="With `stale`: the thing's present version.")


class DescribedSchema(AutoSchema):
    """Adds the refusals that follow from an operation's shape, and the Idempotency-Key that its handler honours."""

    def get_override_parameters(self) -> list[Any]:
        found = list(super().get_override_parameters())
        honoured = self._idempotency()
        if honoured:
            found.append(
                OpenApiParameter(
                    HEADER,
                    {"type": "string", "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
                    OpenApiParameter.HEADER,
                    required=honoured == "required",
                    description="A random text per create, the same when it is sent again: it then happens once.",
                )
            )
        return found

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        problem = self.resolve_serializer(Problem, "response").ref
        for status in self._refusals():
            answer: dict[str, Any] = {
                "description": REFUSALS[status],
                "content": {"application/json": {"schema": problem}},
            }
            if status == 429:
                answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
            bodies[str(status)] = answer
        return dict(sorted(bodies.items()))

    def _refusals(self) -> list[int]:
        if not self.view.permission_classes:
            return [406, 429]
        found = [401, 403, 406, 429]
        reads_body = self.method in ("POST", "PUT", "PATCH")
        if reads_body:
            found += [400, 409, 413, 415]
        if any(each["in"] == "query" for each in self._get_parameters()):
            found.append(400)
        if "{" in self.path:
            found.append(404)
        return sorted(set(found))

    def _idempotency(self) -> str | None:
        return getattr(getattr(self.view, self.method.lower(), None), "idempotency", None)
