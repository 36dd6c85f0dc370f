"""The widget's endpoints. The token says who asks, the request's scope what they may see; views call the verbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from cases import conversation, downloads, intake, lifecycle, widget_view
from cases import widget_serializers as wire
from cases.access import get_case
from cases.models import Attachment, Case
from cases.models.case import Channel
from companyos.web.errors import DomainError
from companyos.web.idempotency import idempotent
from tenants import audit
from tenants.access import Actor
from tenants.authentication import WidgetTokenAuthentication
from tenants.models import Requester

TAG = "Widget"
ORIGIN = OpenApiParameter(
    "Origin", str, OpenApiParameter.HEADER, required=True, description="Sent by the browser; the token's origin."
)
AFTER = OpenApiParameter("after", str, description="`next` of the page before.")


class IsRequester(BasePermission):
    """A customer with a good widget token and the right that the method takes; nobody of the support side comes in."""

    message = "Send the widget's token."

    def has_permission(self, request: Request, view: APIView) -> bool:
        user: Any = request.user
        if not isinstance(user, Actor) or user.kind != "requester":
            return False
        user.require(getattr(view, "rights", {}).get(request.method, "case.read"))
        return True


def asking(request: Request) -> Actor:
    """Who asks, after IsRequester has let them in."""
    actor: Any = request.user
    return actor


class PerRequester(ScopedRateThrottle):
    """The rate is each requester's own, whatever address they come from."""

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.cache_format % {"scope": self.scope, "ident": f"requester:{asking(request).requester_id}"}


class WidgetView(APIView):
    """`rights` names the permission that a method takes, as in the support side's API."""

    rights: ClassVar[Mapping[str, str]] = {}
    authentication_classes = [WidgetTokenAuthentication]
    permission_classes = [IsRequester]
    throttle_classes = [PerRequester]
    throttle_scope = "widget"

    def actor(self) -> Actor:
        return asking(self.request)

    def requester(self) -> Requester:
        asked_by = self.actor().requester_id
        assert asked_by is not None
        return Requester.objects.select_related("tenant").get(pk=asked_by)

    def case(self, reference: str) -> Case:
        """A read is kept in the audit log, once in a while: the widget asks again and again."""
        return get_case(reference, self.actor(), viewed=self.request.method == "GET")

    def replayed(self, body: dict[str, Any], reference: str = "", **about: Any) -> None:
        """A remembered answer shows the case: not to who was its administrator when it was given."""
        self.case(reference or str(body["reference"]))

    def read(self, form: type[Serializer[Any]]) -> dict[str, Any]:
        """The request's body, checked."""
        filled = form(data=self.request.data)
        filled.is_valid(raise_exception=True)
        return filled.validated_data

    def made(self, case: Case) -> Response:
        """The case as the customer sees it after the deed."""
        case = Case.objects.get(pk=case.pk)
        return Response(wire.WidgetCase(widget_view.whole(case, self.actor())).data, status=201)


def described(name: str, form: type[Serializer[Any]], summary: str) -> Any:
    return extend_schema(
        operation_id=f"widget_{name}",
        tags=[TAG],
        summary=summary,
        parameters=[ORIGIN],
        request={"multipart/form-data": form, "application/json": form},
        responses={201: wire.WidgetCase},
    )


class SessionView(WidgetView):
    rights = {"GET": "case.read"}

    @extend_schema(
        operation_id="widget_session",
        tags=[TAG],
        summary="Who asks, and what a new case may name",
        parameters=[ORIGIN],
        responses=wire.WidgetSession,
    )
    def get(self, request: Request) -> Response:
        return Response(wire.WidgetSession(widget_view.session(self.requester())).data)


class CasesView(WidgetView):
    rights = {"GET": "case.read", "POST": "case.open"}

    @extend_schema(
        operation_id="widget_cases",
        tags=[TAG],
        summary="The customer's cases, newest first",
        parameters=[ORIGIN, AFTER],
        responses=wire.WidgetCasePage,
    )
    def get(self, request: Request) -> Response:
        page = widget_view.cases_page(request.query_params.get("after"))
        audit.listed(page.items)
        found = {"results": [widget_view.row(case) for case in page.items], "next": page.next_cursor}
        return Response(wire.WidgetCasePage(found).data)

    @described("open_case", wire.WidgetReport, "Ask for help: a new case")
    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        told = self.read(wire.WidgetReport)
        requester, files = self.requester(), told.pop("files")
        if told["resource"] and not widget_view.choosable(requester).filter(key=told["resource"]).exists():
            raise DomainError("unknown_resource", "Choose one of the resources that the session names.", "resource")
        case = intake.open_case(
            intake.Report(**told),
            requester=requester,
            actor=self.actor(),
            now=timezone.now(),
            channel=Channel.WIDGET,
            files=files,
        )
        return self.made(case)


class CaseView(WidgetView):
    rights = {"GET": "case.read"}

    @extend_schema(
        operation_id="widget_case",
        tags=[TAG],
        summary="One case: its public conversation, and what may be done",
        parameters=[ORIGIN],
        responses=wire.WidgetCase,
    )
    def get(self, request: Request, reference: str) -> Response:
        return Response(wire.WidgetCase(widget_view.whole(self.case(reference), self.actor())).data)


class MessagesView(WidgetView):
    rights = {"POST": "case.answer"}

    @described("reply", wire.WidgetReply, "Answer")
    @idempotent(required=True)
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(wire.WidgetReply)
        conversation.reply(
            case,
            actor=self.actor(),
            body=told["body"],
            files=told["files"],
            now=timezone.now(),
            channel=Channel.WIDGET,
        )
        return self.made(case)


class AttachmentsView(WidgetView):
    rights = {"POST": "case.answer"}

    @extend_schema(
        operation_id="widget_attach",
        tags=[TAG],
        summary="Add files",
        parameters=[ORIGIN],
        request={"multipart/form-data": wire.WidgetFiles},
        responses={201: wire.WidgetCase},
    )
    @idempotent(required=True)
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(wire.WidgetFiles)
        now = timezone.now()
        conversation.attach(case, actor=self.actor(), files=told["files"], now=now, channel=Channel.WIDGET)
        return self.made(case)


class AttachmentView(WidgetView):
    rights = {"GET": "case.read"}

    @extend_schema(
        operation_id="widget_attachment",
        tags=[TAG],
        summary="Download a file of the conversation",
        parameters=[ORIGIN],
        responses={200: wire.WidgetFileLink, 404: OpenApiResponse(description="Not there")},
    )
    def get(self, request: Request, reference: str, uuid: str) -> Response:
        """A link and no redirect: a script that follows one to another host would have to show its token there."""
        found = Attachment.objects.filter(case=self.case(reference), uuid=uuid).first()
        url = downloads.link(found, self.actor(), origin=request.headers.get("Origin", ""))
        return Response({"url": request.build_absolute_uri(url)})


class DisputesView(WidgetView):
    rights = {"POST": "case.dispute"}

    @described("dispute", wire.WidgetDispute, "Support is not waiting for me: Waiting → In progress")
    @idempotent(required=True)
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(wire.WidgetDispute)
        now = timezone.now()
        lifecycle.dispute(case, actor=self.actor(), words=told["reason"], now=now, channel=Channel.WIDGET)
        return self.made(case)


class ConfirmationsView(WidgetView):
    rights = {"POST": "case.confirm"}

    @described("confirm", wire.WidgetConfirmation, "It is fixed: Resolved → Closed")
    @idempotent(required=True)
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(wire.WidgetConfirmation)
        lifecycle.close(case, actor=self.actor(), seen=None, now=timezone.now(), reason=told["reason"])
        return self.made(case)


class RejectionsView(WidgetView):
    rights = {"POST": "case.confirm"}

    @described("reject", wire.WidgetReason, "It is not fixed: Resolved → In progress")
    @idempotent(required=True)
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(wire.WidgetReason)
        lifecycle.reject(case, actor=self.actor(), seen=None, now=timezone.now(), reason=told["reason"])
        return self.made(case)


class ReopeningsView(WidgetView):
    rights = {"POST": "case.reopen"}

    @described("reopen", wire.WidgetReason, "It is back: Closed → In progress, with clocks of its own")
    @idempotent(required=True)
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(wire.WidgetReason)
        lifecycle.reopen(case, actor=self.actor(), seen=None, now=timezone.now(), reason=told["reason"])
        return self.made(case)


class SurveysView(WidgetView):
    rights = {"POST": "case.confirm"}

    @described("survey", wire.WidgetSurveyAnswer, "How did we do?")
    @idempotent(required=True)
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(wire.WidgetSurveyAnswer)
        now = timezone.now()
        conversation.survey(case, actor=self.actor(), score=told["score"], words=told["words"], now=now)
        return self.made(case)
