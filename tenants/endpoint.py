"""What every endpoint of the support side's API shares: who may come in, and how a body is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from tenants.access import Actor


class IsSupport(BasePermission):
    """Somebody of the support side whose role has the right that the endpoint's method takes."""

    message = "This account has no support role; ask operations for one."

    def has_permission(self, request: Request, view: APIView) -> bool:
        actor = getattr(request._request, "actor", None)
        if actor is None or actor.kind != "agent":
            return False
        actor.require(getattr(view, "rights", {}).get(request.method, "api.use"))
        return True


class Endpoint(APIView):
    """`rights` names the permission that a method takes, checked before anything of the request is read."""

    permission_classes = [IsSupport]
    throttle_scope = "api"
    rights: ClassVar[Mapping[str, str]] = {}

    @property
    def actor(self) -> Actor:
        return self.request._request.actor  # type: ignore[attr-defined,no-any-return]

    def read(self, form: type[serializers.Serializer[Any]], **context: Any) -> dict[str, Any]:
        """The request's body, checked."""
        filled = form(data=self.request.data, context=context)
        filled.is_valid(raise_exception=True)
        return filled.validated_data  # type: ignore[no-any-return]

    def asked(self, form: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The query string, checked; a parameter that is unknown is refused rather than passed over."""
        fields, params = form().fields, self.request.query_params
        unknown = [name for name in params if name not in fields]
        if unknown:
            known = ", ".join(fields)
            raise ValidationError(
                {unknown[0]: [f"There is no such parameter. There are: {known}."]}, "unknown_parameter"
            )
        filled = form(data=_plain(params, fields))
        filled.is_valid(raise_exception=True)
        return filled.validated_data  # type: ignore[no-any-return]


def _plain(params: QueryDict, fields: Mapping[str, serializers.Field[Any, Any, Any, Any]]) -> dict[str, Any]:
    """A list for each field that takes several values, the last value for the others."""
    many = {name for name, field in fields.items() if isinstance(field, serializers.ListField)}
    return {name: params.getlist(name) if name in many else params[name] for name in params}


class PageQuery(serializers.Serializer[Any]):
    after = serializers.CharField(required=False, max_length=200, help_text="`next` of the page before.")
    before = serializers.CharField(required=False, max_length=200, help_text="`previous` of the page behind.")
    size = serializers.IntegerField(default=50, min_value=1, max_value=100, help_text="Rows of a page.")


class PageFields(serializers.Serializer[Any]):
    """What a page has beside its `results`."""

    next = serializers.CharField(allow_null=True, help_text="The value of `after` for the next page; null on the last.")
    previous = serializers.CharField(
        allow_null=True, help_text="The value of `before` for the page before; null on the first."
    )
