"""The forms of elevated access. Each checks its shape here; what is allowed is the verbs' to say."""

from __future__ import annotations

from typing import Any

from django import forms

from companyos.web.errors import DomainError
from tenants.models import Grant, User
from tenants.models.grant import LONGEST, LONGEST_BREAK_GLASS, SHORTEST

MINUTES = {"min": SHORTEST, "step": 5, "inputmode": "numeric"}
WHY = "What do you need to see, and why? The customer's administrators can read it."


class AccessForm(forms.Form):
    """What every form here can do: show a verb's refusal on the field at fault."""

    needed: tuple[str, ...] = ("reason", "words")

    def refuse(self, error: DomainError) -> None:
        self.add_error(error.field if error.field in self.fields else None, error.message)


def _minutes(longest: int, initial: int) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={**MINUTES, "max": longest})
    return forms.IntegerField(
        label="Minutes", initial=initial, widget=widget, help_text=f"{SHORTEST} to {longest}. It ends by itself."
    )


def _reason() -> forms.CharField:
    return forms.CharField(label="Reason", required=False, help_text=WHY, widget=forms.Textarea(attrs={"rows": 2}))


def _reach() -> forms.ChoiceField:
    return forms.ChoiceField(label="Opens", choices=Grant.Reach.choices, initial="case", widget=forms.RadioSelect)


class RequestForm(AccessForm):
    reach = _reach()
    reason = _reason()
    minutes = _minutes(LONGEST, 60)


class BreakGlassForm(AccessForm):
    reach = _reach()
    reason = _reason()
    minutes = _minutes(LONGEST_BREAK_GLASS, 30)
    sure = forms.BooleanField(
        label="It cannot wait for an approval. I know that leads are told now and review it.",
        error_messages={"required": "Confirm that it cannot wait."},
    )


class GiftForm(AccessForm):
    to = forms.ModelChoiceField(User.objects.none(), label="To", empty_label="Choose somebody")
    reach = _reach()
    reason = _reason()
    minutes = _minutes(LONGEST, 60)

    def __init__(self, *args: Any, giver: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True, is_service=False, groups__isnull=False).exclude(pk=giver or 0)
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = people.distinct().order_by("first_name", "last_name", "email")


class ApprovalForm(AccessForm):
    minutes = forms.IntegerField(required=False)
    words = forms.CharField(required=False)


class WordsForm(AccessForm):
    """A denial's, a revocation's, a withdrawal's words."""

    words = forms.CharField(required=False)


class ReviewForm(AccessForm):
    justified = forms.TypedChoiceField(
        choices=[("yes", "Justified"), ("no", "Not justified")],
        coerce=lambda value: value == "yes",
        error_messages={"required": "Choose whether it was justified."},
    )
    words = forms.CharField(required=False)


FORMS: dict[str, type[AccessForm]] = {"grants": RequestForm, "break-glass": BreakGlassForm, "gifts": GiftForm}
