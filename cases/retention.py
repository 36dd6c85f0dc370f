"""Cases, their messages and their files as classes of data. Only closed cases are ever touched, and none on hold.

Selecting and locking happens here; what deletes are functions of the database, which check all of it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from cases.models import Attachment, Case, Evidence, Message, Note, Transition
from cases.models.case import Status
from tenants.models import LegalHold, Requester
from tenants.retention.classes import Found, before, functions

BATCH = 20  # cases; a batch is one short transaction
REMOVED = "[removed]"  # the same word as in the database's functions


def owner_of(reference: str) -> tuple[int, int] | None:
    """The tenant and the requester of a case, by ids."""
    return Case.objects.filter(reference=reference).values_list("tenant_id", "requester_id").first()


def holds_elsewhere(requester: Requester) -> QuerySet[LegalHold]:
    """The holds in force on other people's cases in which the person wrote something or moved them."""
    words = Message.objects.filter(author_kind=Message.REQUESTER, author_id=requester.pk)
    moves = Transition.objects.filter(actor_kind="requester", actor_id=requester.pk)
    there = Case.objects.filter(Q(pk__in=words.values("case")) | Q(pk__in=moves.values("case")))
    there = there.filter(tenant=requester.tenant_id).exclude(requester=requester)
    named = Q(case_reference__in=there.values("reference"))
    person = Q(case_reference="", requester__in=there.values("requester"))
    return LegalHold.objects.filter(named | person, tenant=requester.tenant_id, released_at__isnull=True)


def _closed(tenant_ids: Collection[int], before: datetime) -> QuerySet[Case]:
    return Case.objects.filter(tenant_id__in=tenant_ids, status=Status.CLOSED, closed_at__lt=before)


def _hold() -> Exists:
    named = Q(case_reference=OuterRef("reference"))
    person = Q(case_reference="", requester=OuterRef("requester_id"))
    whole = Q(case_reference="", requester__isnull=True)
    return Exists(
        LegalHold.objects.filter(named | person | whole, tenant=OuterRef("tenant_id"), released_at__isnull=True)
    )


def _every_case(cases: QuerySet[Case]) -> QuerySet[Case]:
    return cases


def _with_files(cases: QuerySet[Case]) -> QuerySet[Case]:
    attached = Exists(Attachment.objects.filter(case=OuterRef("pk")))
    kept = Exists(Evidence.objects.filter(case=OuterRef("pk")))
    return cases.filter(attached | kept)


def _with_words(cases: QuerySet[Case]) -> QuerySet[Case]:
    """A case that was reopened and closed again has words anew."""
    return cases.filter(Q(words_removed_at__isnull=True) | Q(words_removed_at__lt=F("closed_at")))


def _cases(cases: QuerySet[Case]) -> tuple[dict[int, int], int]:
    size = sum(stored.filter(case__in=cases).aggregate(n=Sum("size"))["n"] or 0 for stored in _FILES)
    return _counts(cases.values_list("tenant_id")), size


def _files(cases: QuerySet[Case]) -> tuple[dict[int, int], int]:
    size = sum(stored.filter(case__in=cases).aggregate(n=Sum("size"))["n"] or 0 for stored in _FILES)
    return _added(*(_counts(stored.filter(case__in=cases).values_list("tenant_id")) for stored in _FILES)), size


def _words(cases: QuerySet[Case]) -> tuple[dict[int, int], int]:
    said = (Message.objects, Note.objects)
    rows = (one.filter(case__in=cases).exclude(body=REMOVED).values_list("tenant_id") for one in said)
    return _added(*map(_counts, rows)), 0


_FILES = (Attachment.objects, Evidence.objects)


def _counts(rows: QuerySet) -> dict[int, int]:
    return dict(rows.annotate(n=Count("pk")).order_by().values_list("tenant_id", "n"))


def _added(*counts: dict[int, int]) -> dict[int, int]:
    return {pk: sum(one.get(pk, 0) for one in counts) for pk in set().union(*counts)}


@dataclass(frozen=True)
class CaseData:
    """A class of data that lives in closed cases: which cases, how it is counted, and the function that takes it."""

    key: str
    title: str
    unit: str
    words: str
    usual_days: int
    narrow: Callable[[QuerySet[Case]], QuerySet[Case]]
    measure: Callable[[QuerySet[Case]], tuple[dict[int, int], int]]
    deed: str
    least_days: int = 30

    def find(self, tenant_ids: Collection[int], before: datetime) -> Found:
        closed = self.narrow(_closed(tenant_ids, before))
        free = closed.exclude(_hold())
        counts, size = self.measure(free)
        oldest = free.order_by("closed_at", "id").values_list("reference", "closed_at")[:5]
        held = sum(self.measure(closed.filter(_hold()))[0].values())
        return Found(counts, held, size, [f"{reference}, closed {at:%Y-%m-%d}" for reference, at in oldest])

    def take(self, tenant_id: int, days: int, at: datetime) -> int:
        due = self.narrow(_closed([tenant_id], before(days, at))).exclude(_hold())
        locked = due.select_for_update(skip_locked=True, of=("self",)).order_by("closed_at", "id")
        ids = list(locked.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return 0
        if self.key == "cases":
            for prepare in functions("BEFORE_CASES_GO"):
                prepare(ids)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {self.deed}(%s, %s)", [ids, at])
            return int(cursor.fetchone()[0])


ATTACHMENTS = CaseData(
    key="attachments",
    title="Attachments and evidence",
    unit="files",
    words="files of closed cases: what customers sent, what diagnostics collected",
    usual_days=365,
    narrow=_with_files,
    measure=_files,
    deed="companyos_drop_files",
)
MESSAGES = CaseData(
    key="messages",
    title="Messages and notes",
    unit="texts",
    words="what was said in closed cases; the case, its moves, its clocks and its resolution stay",
    usual_days=730,
    narrow=_with_words,
    measure=_words,
    deed="companyos_drop_words",
)
CASES = CaseData(
    key="cases",
    title="Closed cases",
    unit="cases",
    words="the whole case with its clocks and history; a row of figures without person or reference stays",
    usual_days=1095,
    narrow=_every_case,
    measure=_cases,
    deed="companyos_drop_cases",
)
