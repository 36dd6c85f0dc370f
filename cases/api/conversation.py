"""Replies, notes, files."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponseRedirect
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cases import conversation, downloads, inputs, serializers
from cases.endpoint import CaseEndpoint
from cases.models import Attachment, Evidence, Message, Note
from companyos.web.errors import NotFound
from companyos.web.idempotency import idempotent
from tenants.endpoint import Endpoint

TAG = "Conversation"
ON_TO_THE_BYTES = {302: OpenApiResponse(description="On to the bytes, by a link that is good for a minute")}


def sent(message: Message) -> Response:
    return Response(serializers.SentMessage(message).data, status=201)


class RepliesEndpoint(CaseEndpoint):
    rights = {"POST": "case.reply"}

    @extend_schema(
        operation_id="reply",
        tags=[TAG],
        summary="A public message to the customer",
        description="The first one by a person meets the first-response clock.",
        request={"application/json": inputs.NewReply, "multipart/form-data": inputs.NewReply},
        responses={201: serializers.SentMessage},
    )
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.NewReply)
        message = conversation.reply(
            case,
            actor=self.actor,
            body=told["body"],
            files=told["files"],
            macro=self.macro(told["macro"]),
            seen=told["version"],
            now=timezone.now(),
            channel="api",
        )
        return sent(message)


class NotesEndpoint(CaseEndpoint):
    rights = {"POST": "case.note"}

    @extend_schema(
        operation_id="note",
        tags=[TAG],
        summary="An internal note, or a mitigation that was applied",
        request=inputs.NewNote,
        responses={201: serializers.WrittenNote},
    )
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.NewNote)
        written = conversation.note(
            case, actor=self.actor, body=told["body"], kind=told["kind"], seen=told["version"], now=timezone.now()
        )
        return Response(serializers.WrittenNote(written).data, status=201)


class PublicationsEndpoint(CaseEndpoint):
    rights = {"POST": "case.reply"}

    @extend_schema(
        operation_id="publish_note",
        tags=[TAG],
        summary="Make a note public: its words are sent to the customer now",
        request=inputs.Change,
        responses={201: serializers.SentMessage},
    )
    @idempotent()
    def post(self, request: Request, reference: str, note_id: int) -> Response:
        case, told = self.case(reference), self.read(inputs.Change)
        written = Note.objects.filter(case=case, pk=note_id).first()
        if written is None:
            raise NotFound("not_found", f"{case.reference} has no note {note_id}.")
        message = conversation.publish(case, written, actor=self.actor, seen=told["version"], now=timezone.now())
        return sent(message)


class AttachmentsEndpoint(CaseEndpoint):
    rights = {"POST": "case.reply"}

    @extend_schema(
        operation_id="attach",
        tags=[TAG],
        summary="Send files to the customer",
        request={"multipart/form-data": inputs.NewAttachments},
        responses={201: serializers.SentMessage},
    )
    @idempotent()
    def post(self, request: Request, reference: str) -> Response:
        case, told = self.case(reference), self.read(inputs.NewAttachments)
        message = conversation.attach(
            case, actor=self.actor, files=told["files"], seen=told["version"], now=timezone.now(), channel="api"
        )
        return sent(message)


class AttachmentEndpoint(Endpoint):
    rights = {"GET": "case.read"}

    @extend_schema(operation_id="attachment", tags=[TAG], summary="Download a public file", responses=ON_TO_THE_BYTES)
    def get(self, request: Request, uuid: UUID) -> HttpResponseRedirect:
        stored = Attachment.objects.select_related("case").filter(uuid=uuid).first()
        return downloads.redirect(stored, self.actor)


class EvidenceFileEndpoint(Endpoint):
    rights = {"GET": "case.read"}

    @extend_schema(
        operation_id="evidence", tags=[TAG], summary="Download an internal artefact", responses=ON_TO_THE_BYTES
    )
    def get(self, request: Request, uuid: UUID) -> HttpResponseRedirect:
        stored = Evidence.objects.select_related("case").filter(uuid=uuid).first()
        return downloads.redirect(stored, self.actor)
