"""The forms of the console: one per deed. Each checks its shape here; what is allowed is the verb's to say."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms

from cases import lifecycle, properties
from cases.models import Case, Evidence, Resolution
from cases.models.case import ClosedAs, Priority, Severity
from companyos.web.errors import DomainError
from tenants import reach
from tenants.access import Actor
from tenants.models import User


def owners_for(case: Case) -> list[User]:
    """The people of the support side who may own this case, by name."""
    people = reach.people_of(case.tenant).filter(groups__name__in=("agent", "lead", "manager"))
    return list(people.order_by("first_name", "last_name", "email"))


class DeedForm(forms.Form):
    """A deed on a case. `seen` is the version that the person was looking at."""

    noun: ClassVar[str]
    verb: ClassVar[str] = ""
    permission: ClassVar[str] = ""  # of a property; a move's stands in the lifecycle's table
    title: ClassVar[str]
    button: ClassVar[str]
    done: ClassVar[str]
    intro: ClassVar[str] = ""
    danger: ClassVar[bool] = False
    # Fields that the verb insists on: not "required" here, so that its own words say what is missing.
    needed: ClassVar[tuple[str, ...]] = ()

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    use_required_attribute = True

    def __init__(self, case: Case, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case, self.actor = case, actor
        self.fields["seen"].initial = case.version
        self.prepare()

    @classmethod
    def right(cls) -> str:
        """The permission that the deed takes."""
        return lifecycle.MOVES[cls.verb].permission if cls.verb else cls.permission

    def prepare(self) -> None:
        """Choices and first values that hang on the case."""

    def about(self, now: datetime) -> dict[str, Any]:
        return {"actor": self.actor, "seen": self.cleaned_data.get("seen"), "now": now}

    def perform(self, now: datetime) -> None:
        """Call the verb. Raises DomainError."""
        raise NotImplementedError

    def refuse(self, error: DomainError) -> None:
        """Show a verb's refusal at the field it names."""
        self.add_error(error.field if error.field in self.fields and error.field != "seen" else None, error.message)


class ReasonForm(DeedForm):
    reason = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=5_000)


class OwnerMixin(DeedForm):
    """A form that names an owner; choices are those who reach the case."""

    def people(self) -> dict[str, User]:
        return {str(person.pk): person for person in owners_for(self.case)}

    def owner(self) -> User | None:
        return self._people.get(self.cleaned_data["owner"])

    def offer_owners(self, none: str | None = None) -> None:
        self._people = self.people()
        choices = [(key, str(person)) for key, person in self._people.items()]
        self.fields["owner"].choices = ([("", none)] if none else []) + choices  # type: ignore[attr-defined]


class AcceptForm(OwnerMixin):
    noun, verb, title, button, done = "acceptances", "accept", "Accept to triage", "Accept", "Accepted to triage."
    priority = forms.ChoiceField(choices=Priority.choices, widget=forms.RadioSelect)
    severity = forms.ChoiceField(choices=[("", "Not judged yet"), *Severity.choices], required=False)
    owner = forms.ChoiceField()
    reason = forms.CharField(
        required=False, max_length=2_000, help_text="Why this priority, if it differs from the proposal."
    )

    def prepare(self) -> None:
        self.offer_owners()
        proposal = self.case.enrichment.get("proposal", {})
        self.fields["priority"].initial = proposal.get("priority") or self.case.priority
        self.fields["severity"].initial = self.case.severity or proposal.get("severity", "")
        self.fields["owner"].initial = str(self.case.owner_id or self.actor.user_id)

    def perform(self, now: datetime) -> None:
        data = self.cleaned_data
        lifecycle.accept(
            self.case,
            priority=data["priority"],
            severity=data["severity"],
            owner=self.owner(),
            reason=data["reason"],
            **self.about(now),
        )


class StartForm(ReasonForm):
    noun, verb, title, button, done = "starts", "start", "Start work", "Start work", "In progress."

    def perform(self, now: datetime) -> None:
        lifecycle.start(self.case, reason=self.cleaned_data["reason"], **self.about(now))


class WaitForm(DeedForm):
    noun, verb, title, button, done = (
        "waits",
        "wait",
        "Wait for the customer",
        "Send and wait",
        "Waiting on the customer.",
    )
    needed = ("ask",)
    intro = "What you ask is sent as a public message."
    ask = forms.CharField(
        label="What you need from the customer",
        required=False,
        max_length=50_000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    reason = forms.CharField(label="Reason, for colleagues", required=False, max_length=500)

    def perform(self, now: datetime) -> None:
        lifecycle.wait(self.case, ask=self.cleaned_data["ask"], reason=self.cleaned_data["reason"], **self.about(now))


class ResumeForm(ReasonForm):
    noun, verb, title, button, done = "resumptions", "resume", "Resume work", "Resume", "In progress again."

    def perform(self, now: datetime) -> None:
        lifecycle.resume(self.case, reason=self.cleaned_data["reason"], **self.about(now))


class ResolveForm(DeedForm):
    noun, verb, title, button, done = "resolutions", "resolve", "Resolve", "Send and resolve", "Resolved."
    needed = ("summary", "code", "evidence", "evidence_links")
    intro = "The summary is sent to the customer, who confirms or says that it is not fixed."
    summary = forms.CharField(
        required=False, max_length=50_000, widget=forms.Textarea(attrs={"rows": 5}), label="Resolution summary"
    )
    code = forms.ChoiceField(
        choices=[("", "Choose how"), *Resolution.Code.choices], required=False, label="How it was resolved"
    )
    root_cause = forms.CharField(
        required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 2}), label="Root cause, internal"
    )
    preventive = forms.CharField(
        required=False, max_length=20_000, widget=forms.Textarea(attrs={"rows": 2}), label="Preventive action, internal"
    )
    evidence = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Evidence on the case"
    )
    evidence_links = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Evidence links",
        help_text="One to a line: a trace, a change, a graph.",
    )

    def prepare(self) -> None:
        self._evidence = {str(one.pk): one for one in Evidence.objects.filter(case=self.case).order_by("-at")}
        self.fields["evidence"].choices = [(key, one.name) for key, one in self._evidence.items()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """All that is missing at once; the verb would name one thing after the other."""
        data = super().clean() or self.cleaned_data
        if not data.get("summary", "").strip():
            self.add_error("summary", "Write what was done; the customer reads it.")
        if not data.get("code"):
            self.add_error("code", "Choose how it was resolved.")
        if not data.get("evidence") and not data.get("evidence_links", "").strip():
            self.add_error("evidence", "Add evidence: tick a collected artefact or paste a link below.")
        return data

    def perform(self, now: datetime) -> None:
        data = self.cleaned_data
        fix = lifecycle.Fix(
            summary=data["summary"],
            code=data["code"],
            root_cause=data["root_cause"],
            preventive_action=data["preventive"],
            evidence=[self._evidence[key] for key in data["evidence"]],
            evidence_links=data["evidence_links"].splitlines(),
        )
        lifecycle.resolve(self.case, fix, **self.about(now))

    def refuse(self, error: DomainError) -> None:
        if error.field == "preventive_action":
            error.field = "preventive"
        super().refuse(error)


class RejectForm(ReasonForm):
    noun, verb, title, button, done = (
        "rejections",
        "reject",
        "Not fixed",
        "Back to work",
        "In progress again, same clocks.",
    )
    needed = ("reason",)

    def perform(self, now: datetime) -> None:
        lifecycle.reject(self.case, reason=self.cleaned_data["reason"], **self.about(now))


class CloseForm(ReasonForm):
    noun, verb, title, button, done = "closures", "close", "Close", "Close the case", "Closed."

    def perform(self, now: datetime) -> None:
        lifecycle.close(self.case, reason=self.cleaned_data["reason"], **self.about(now))


class ReopenForm(ReasonForm):
    noun, verb, title, button, done = "reopenings", "reopen", "Reopen", "Reopen", "Reopened with new clocks."
    needed = ("reason",)
    intro = "A new cycle of clocks starts with full targets. The old one stays as it was."

    def perform(self, now: datetime) -> None:
        lifecycle.reopen(self.case, reason=self.cleaned_data["reason"], **self.about(now))


class DismissForm(ReasonForm):
    noun, verb, title, button, done = "dismissals", "dismiss", "Dismiss", "Dismiss the case", "Dismissed."
    danger = True
    kind = forms.ChoiceField(
        choices=[(ClosedAs.SPAM, "Spam"), (ClosedAs.DUPLICATE, "Duplicate of another case")], widget=forms.RadioSelect
    )
    duplicate_of = forms.CharField(
        required=False, max_length=20, label="Repeats the case", help_text="Its reference, such as ACME-1042."
    )
    field_order = ("seen", "kind", "duplicate_of", "reason")

    def perform(self, now: datetime) -> None:
        data = self.cleaned_data
        repeated = (
            Case.objects.filter(reference=data["duplicate_of"].strip().upper()).first()
            if data["duplicate_of"]
            else None
        )
        lifecycle.dismiss(self.case, kind=data["kind"], duplicate_of=repeated, reason=data["reason"], **self.about(now))


class AssignForm(OwnerMixin):
    noun, title, button, done = "assignments", "Assign", "Assign", "Assigned."
    permission = "case.assign"
    needed = ("owner",)
    owner = forms.ChoiceField(required=False)

    def prepare(self) -> None:
        self.offer_owners(none=None if self.case.accepted_at else "Nobody")
        self.fields["owner"].initial = str(self.case.owner_id or self.actor.user_id)

    def perform(self, now: datetime) -> None:
        properties.assign(self.case, owner=self.owner(), **self.about(now))


class PriorityForm(DeedForm):
    noun, title, button, done = (
        "priorities",
        "Change the priority",
        "Change priority",
        "Priority changed; the clocks are retargeted.",
    )
    permission = "case.prioritise"
    needed = ("reason",)
    priority = forms.ChoiceField(choices=Priority.choices, widget=forms.RadioSelect)
    reason = forms.CharField(required=False, max_length=2_000, help_text="The customer may ask.")

    def prepare(self) -> None:
        self.fields["priority"].initial = self.case.priority

    def perform(self, now: datetime) -> None:
        data = self.cleaned_data
        properties.prioritise(self.case, priority=data["priority"], reason=data["reason"], **self.about(now))


class TagForm(DeedForm):
    noun, title, button, done = "tags", "Tags", "Save tags", "Tags saved."
    permission = "case.note"
    needed = ("tags",)
    tags = forms.CharField(required=False, max_length=1_000, help_text="Small letters, separated by commas or spaces.")

    def prepare(self) -> None:
        self.fields["tags"].initial = ", ".join(self.case.tags)

    def perform(self, now: datetime) -> None:
        words = self.cleaned_data["tags"].replace(",", " ").split()
        properties.tag(self.case, tags=words, **self.about(now))


DEEDS: dict[str, type[DeedForm]] = {
    form.noun: form
    for form in (
        AcceptForm,
        StartForm,
        WaitForm,
        ResumeForm,
        ResolveForm,
        RejectForm,
        CloseForm,
        ReopenForm,
        DismissForm,
        AssignForm,
        PriorityForm,
        TagForm,
    )
}
NOUN_OF_VERB = {form.verb: noun for noun, form in DEEDS.items() if form.verb}
