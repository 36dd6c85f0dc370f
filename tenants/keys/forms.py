"""The forms of API keys and service accounts. Shape is checked here; what is allowed is the verbs' to say."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms

from companyos.web.errors import DomainError
from tenants import keys, reach
from tenants.access import SERVICE, scopes_of
from tenants.keys import accounts as service_accounts
from tenants.models import Membership, Tenant, User
from tenants.reach import Reach

DAYS = [
    (keys.SHORTEST, "1 day"),
    (7, "7 days"),
    (30, "30 days"),
    (keys.DEFAULT, "90 days"),
    (180, "180 days"),
    (keys.LONGEST, "1 year"),
]
GRACE = [(0, "It ends at once"), (1, "1 hour"), (8, "8 hours"), (keys.GRACE_LONGEST, "24 hours")]


class Choice(NamedTuple):
    """One checkbox."""

    value: str
    words: str
    checked: bool


class RefusableForm(forms.Form):
    """A form that shows a verb's refusal at the field it names."""

    needed: tuple[str, ...] = ()
    use_required_attribute = False

    def refuse(self, error: DomainError) -> None:
        self.add_error(error.field if error.field in self.fields else None, error.message)

    def chosen(self, name: str) -> set[str]:
        """The values ticked of a field with several, as posted or as they begin."""
        return {str(value) for value in self[name].value() or ()}


class KeyForm(RefusableForm):
    """A new key. `whole` is offered to people only: a service account's key names what it may."""

    name = forms.CharField(max_length=80, help_text="What uses it, such as “Weekly report”.")
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, initial=keys.DEFAULT, label="It ends after")
    whole = forms.BooleanField(required=False, label="All that my role may")
    scopes = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, role: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = scopes_of(role)
        rows = [row for found in self.groups.values() for row in found]
        self.fields["scopes"].choices = [(row.name, row.words) for row in rows]  # type: ignore[attr-defined]
        if role == SERVICE:
            del self.fields["whole"]

    @property
    def scope_groups(self) -> list[tuple[str, list[Choice]]]:
        ticked = self.chosen("scopes")
        return [
            (group, [Choice(row.name, row.words, row.name in ticked) for row in rows])
            for group, rows in self.groups.items()
        ]

    def asked(self) -> dict[str, Any]:
        told = self.cleaned_data
        scopes = None if told.get("whole") else told["scopes"]
        return {"name": told["name"], "days": told["days"], "scopes": scopes}


class RotationForm(RefusableForm):
    grace_hours = forms.TypedChoiceField(
        choices=GRACE, coerce=int, initial=keys.GRACE_LONGEST, label="The old key goes on for"
    )


class AccountForm(RefusableForm):
    """A service account: its name, what it is for, and its reach."""

    name = forms.CharField(max_length=service_accounts.LONGEST_NAME, help_text="Its deeds carry this name.")
    purpose = forms.CharField(
        max_length=200, required=False, label="What for", help_text="What it does, and who minds it."
    )
    regions = forms.MultipleChoiceField(required=False, help_text="None ticked: every region.")
    segments = forms.MultipleChoiceField(required=False, help_text="None ticked: every segment.")
    tenants = forms.MultipleChoiceField(required=False, help_text="None ticked: every tenant of those above.")
    active = forms.BooleanField(required=False, label="Active: its keys work")

    def __init__(self, account: User | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("regions", [(name, name) for name in reach.regions()])
        self.offer("segments", [(name, name) for name in reach.segments()])
        self.offer("tenants", list(Tenant.objects.order_by("name").values_list("slug", "name")))
        if account is None:
            del self.fields["active"]
        else:
            self.initial = {**_as_it_is(account), **self.initial}

    def offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @property
    def reach_groups(self) -> list[tuple[Any, list[Choice]]]:
        found = []
        for name in ("regions", "segments", "tenants"):
            ticked = self.chosen(name)
            choices = [Choice(str(value), str(words), value in ticked) for value, words in self.fields[name].choices]  # type: ignore[attr-defined]
            found.append((self[name], choices))
        return found

    def asked(self) -> dict[str, Any]:
        told = self.cleaned_data
        asked = {"name": told["name"], "purpose": told["purpose"]}
        asked["reach"] = Reach(told["regions"], told["segments"], told["tenants"])
        return asked | ({"active": told["active"]} if "active" in told else {})


def _as_it_is(account: User) -> dict[str, Any]:
    now = reach.of(account.pk) if Membership.objects.filter(user=account).exists() else Reach()
    return {
        "name": account.first_name,
        "purpose": account.purpose,
        "active": account.is_active,
        "regions": now.regions,
        "segments": now.segments,
        "tenants": now.tenants,
    }
