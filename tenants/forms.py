"""The forms of one's own profile, and of a person's reach."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms

from companyos.web.errors import DomainError
from tenants import reach
from tenants.access import Actor
from tenants.models import Membership, User

_ZONES = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))


class ProfileForm(forms.ModelForm):
    """Name, time zone, theme, and whether single keys do things."""

    time_zone = forms.ChoiceField(choices=[("UTC", "UTC"), *((name, name.replace("_", " ")) for name in _ZONES)])

    class Meta:
        model = User
        fields = ("first_name", "last_name", "time_zone", "theme", "single_key_shortcuts")
        widgets: dict[str, Any] = {"theme": forms.RadioSelect}
        labels = {"single_key_shortcuts": "Single-key shortcuts (j, k, r, n …) outside of text fields"}


class MembershipForm(forms.ModelForm):
    """A person's reach, as operations set it: regions and segments that some tenant has, no wider than one's own."""

    actor: Actor | None = None  # who edits; the admin sets it
    regions = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="Data residency. None ticked: every region."
    )
    segments = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, help_text="None ticked: every segment."
    )

    class Meta:
        model = Membership
        fields = ("regions", "segments", "tenants")
        help_texts = {"tenants": "None named: every tenant of these regions and segments. All three lists must fit."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, known in (("regions", reach.regions()), ("segments", reach.segments())):
            now = getattr(self.instance, name)
            self.fields[name].choices = [(value, value) for value in sorted({*known, *now})]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or self.cleaned_data
        asked = reach.Reach(
            told.get("regions", ()), told.get("segments", ()), [tenant.slug for tenant in told.get("tenants") or ()]
        )
        if self.actor is not None:
            try:
                reach.check_within(asked, self.actor)
            except DomainError as error:
                self.add_error("regions", error.message)
        return told
