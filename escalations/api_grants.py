"""Temporary elevated access by the API: the same verbs as on the console's access page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cases.access import get_case
from cases.endpoint import CaseEndpoint
from companyos.web.errors import DomainError, NotFound
from companyos.web.idempotency import idempotent
from companyos.web.pagination import page
from escalations import grant_lists, grants, incidents
from tenants.endpoint import PageFields, PageQuery
from tenants.models import Grant, Tenant
from tenants.models.grant import LONGEST, LONGEST_BREAK_GLASS, SHORTEST
from tenants.reauthentication import demand
from tenants.serializers import Person, TenantName

TAG = "Elevated access"
STANDINGS = ["requested", "open", "ended", "denied", "withdrawn", "revoked"]
PROOF = "No API key may do this; with a session, only shortly after having signed in."


# ── Shapes ───────────────────────────────────────────────────────────────────
class GrantRow(serializers.Serializer[Any]):
    """Somebody's access to restricted content: who, what, why, until when."""

    id = serializers.IntegerField()
    standing = serializers.ChoiceField(choices=STANDINGS, help_text="By the database's clock.")
    tenant = TenantName()
    person = Person(source="user")
    opens = serializers.ChoiceField(source="reach", choices=Grant.Reach.choices)
    subject_kind = serializers.ChoiceField(choices=["case", "incident"])
    subject = serializers.CharField(source="subject_reference")
    reason = serializers.CharField()
    minutes = serializers.IntegerField()
    requested_by = Person()
    requested_at = serializers.DateTimeField()
    decided_by = Person(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    decision = serializers.CharField(help_text="The words of whoever decided.")
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    revoked_by = Person(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    break_glass = serializers.BooleanField()
    reviewed_by = Person(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)
    justified = serializers.BooleanField(allow_null=True, help_text="What the review found.")
    review = serializers.CharField()


class GrantPage(PageFields):
    results = GrantRow(many=True)


class GrantQuery(PageQuery):
    list = serializers.ChoiceField(
        choices=list(grant_lists.LISTS), default="history", help_text="A list of the console's access page."
    )
    tenant = serializers.CharField(required=False, max_length=50, help_text="Its slug.")
    person = serializers.CharField(required=False, max_length=100, help_text="Part of a name or an e-mail address.")


class Wish(serializers.Serializer[Any]):
    """For a case, or for a tenant because of an incident; then the whole tenant is opened."""

    case = serializers.CharField(required=False, max_length=20, help_text="The case's reference.")
    incident = serializers.CharField(required=False, max_length=20, help_text="The incident's reference.")
    tenant = serializers.CharField(required=False, max_length=50, help_text="With an incident: the tenant's slug.")
    opens = serializers.ChoiceField(choices=Grant.Reach.choices, default=Grant.Reach.CASE)
    reason = serializers.CharField(max_length=grants.LONGEST_WORDS, min_length=grants.SHORTEST_REASON)
    minutes = serializers.IntegerField(min_value=SHORTEST, max_value=LONGEST)


class BrokenGlass(Wish):
    minutes = serializers.IntegerField(min_value=SHORTEST, max_value=LONGEST_BREAK_GLASS)


class Gift(Wish):
    to = serializers.CharField(max_length=254, help_text="An e-mail address.")


class Approval(serializers.Serializer[Any]):
    minutes = serializers.IntegerField(
        min_value=SHORTEST, max_value=LONGEST, required=False, help_text="To shorten what was asked for."
    )
    words = serializers.CharField(max_length=grants.LONGEST_WORDS, default="", allow_blank=True)


class Denial(serializers.Serializer[Any]):
    words = serializers.CharField(max_length=grants.LONGEST_WORDS, help_text="Why not.")


class Revocation(serializers.Serializer[Any]):
    words = serializers.CharField(max_length=grants.LONGEST_WORDS, default="", allow_blank=True)


class Withdrawal(serializers.Serializer[Any]):
    """Nothing to say."""


class Review(serializers.Serializer[Any]):
    justified = serializers.BooleanField()
    words = serializers.CharField(max_length=grants.LONGEST_WORDS, help_text="What you found.")


# ── Endpoints ────────────────────────────────────────────────────────────────
def told(operation: str, summary: str, request: Any, description: str = "") -> Any:
    return extend_schema(
        operation_id=operation,
        tags=[TAG],
        summary=summary,
        description=description,
        request=request,
        responses={201: GrantRow},
    )


class GrantEndpoint(CaseEndpoint):
    def grant(self, grant_id: int) -> Grant:
        return grant_lists.get_grant(grant_id, self.actor)

    def replayed(self, body: dict[str, Any], reference: str = "", **about: Any) -> None:
        """A remembered answer tells of the grant: it must be in reach still."""
        self.grant(int(about.get("grant_id") or body["id"]))

    def made(self, grant: Grant) -> Response:
        """The grant as it is now, by the database's clock."""
        return Response(GrantRow(grant_lists.shown().get(pk=grant.pk)).data, status=201)

    def subject(self, asked: dict[str, Any]) -> grants.Subject:
        case, incident = asked.pop("case", ""), asked.pop("incident", "")
        slug = asked.pop("tenant", "")
        if bool(case) == bool(incident):
            raise DomainError("one_of", "Name a case or an incident.", "case")
        if case:
            try:
                found = get_case(case, self.actor, viewed=False, content=False)
            except NotFound as error:
                raise DomainError("unknown_case", error.message, "case") from error
            return grants.about_case(found)
        tenant = Tenant.objects.filter(slug=slug).first()
        if tenant is None:
            raise DomainError("unknown_tenant", f"There is no tenant {slug}.", "tenant")
        try:
            return grants.about_incident(incidents.get_incident(incident), tenant)
        except NotFound as error:
            raise DomainError("unknown_incident", error.message, "incident") from error

    def opened(self, verb: Callable[..., Grant], asked: dict[str, Any]) -> Response:
        subject = self.subject(asked)
        about = {"actor": self.actor, "reach": asked.pop("opens"), "now": timezone.now()}
        return self.made(verb(subject, **about, **asked))

    def decided(self, verb: Callable[..., Grant], grant_id: int, asked: dict[str, Any]) -> Response:
        return self.made(verb(self.grant(grant_id), actor=self.actor, now=timezone.now(), **asked))


class GrantsEndpoint(GrantEndpoint):
    rights = {"GET": "grant.read", "POST": "grant.request"}

    @extend_schema(
        operation_id="grants",
        tags=[TAG],
        summary="Requests and grants within your reach",
        parameters=[GrantQuery],
        responses=GrantPage,
    )
    def get(self, request: Request) -> Response:
        asked = self.asked(GrantQuery)
        key = asked.pop("list")
        found = grant_lists.rows(key, self.actor, tenant=asked.pop("tenant", ""), person=asked.pop("person", ""))
        one = page(found, grant_lists.LISTS[key].sort, **asked)
        rows = GrantRow(one.items, many=True).data
        return Response({"results": rows, "next": one.next_cursor, "previous": one.previous_cursor})

    @told("request_access", "Ask for access to restricted content; a lead or manager decides", Wish)
    @idempotent()
    def post(self, request: Request) -> Response:
        return self.opened(grants.request, self.read(Wish))


class BrokenGlassEndpoint(GrantEndpoint):
    rights = {"POST": "grant.break_glass"}

    @told("break_glass", "Take access at once, for an hour at most; it is reviewed afterwards", BrokenGlass, PROOF)
    @idempotent()
    def post(self, request: Request) -> Response:
        demand(request._request)
        return self.opened(grants.break_glass, self.read(BrokenGlass))


class GiftsEndpoint(GrantEndpoint):
    rights = {"POST": "grant.approve"}

    @told("give_access", "Give somebody access at once, without a request", Gift, PROOF)
    @idempotent()
    def post(self, request: Request) -> Response:
        demand(request._request)
        asked = self.read(Gift)
        asked["to"] = self.person(asked["to"], "to")
        return self.opened(grants.give, asked)


class OneGrantEndpoint(GrantEndpoint):
    rights = {"GET": "grant.read"}

    @extend_schema(operation_id="grant", tags=[TAG], summary="One request or grant", responses=GrantRow)
    def get(self, request: Request, grant_id: int) -> Response:
        return Response(GrantRow(self.grant(grant_id)).data)


class ApprovalsEndpoint(GrantEndpoint):
    rights = {"POST": "grant.approve"}

    @told("approve_access", "Requested → in force, for as long as was asked for or shorter", Approval, PROOF)
    @idempotent()
    def post(self, request: Request, grant_id: int) -> Response:
        self.grant(grant_id)
        demand(request._request)
        return self.decided(grants.approve, grant_id, self.read(Approval))


class DenialsEndpoint(GrantEndpoint):
    rights = {"POST": "grant.approve"}

    @told("deny_access", "Requested → denied, with words", Denial)
    @idempotent()
    def post(self, request: Request, grant_id: int) -> Response:
        self.grant(grant_id)
        return self.decided(grants.deny, grant_id, self.read(Denial))


class WithdrawalsEndpoint(GrantEndpoint):
    rights = {"POST": "grant.request"}

    @told("withdraw_access_request", "Take back one's own request", Withdrawal)
    @idempotent()
    def post(self, request: Request, grant_id: int) -> Response:
        return self.decided(grants.withdraw, grant_id, {})


class RevocationsEndpoint(GrantEndpoint):
    rights = {"POST": "grant.request"}

    @told("revoke_access", "End it from the next request on: one's own, or as somebody who approves", Revocation)
    @idempotent()
    def post(self, request: Request, grant_id: int) -> Response:
        self.grant(grant_id)
        return self.decided(grants.revoke, grant_id, self.read(Revocation))


class ReviewsEndpoint(GrantEndpoint):
    rights = {"POST": "grant.approve"}

    @told("review_access", "Say whether breaking the glass was justified", Review)
    @idempotent()
    def post(self, request: Request, grant_id: int) -> Response:
        self.grant(grant_id)
        return self.decided(grants.review, grant_id, self.read(Review))
