"""The form of one's own profile."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms

from tenants.models import User

_ZONES = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))


class ProfileForm(forms.ModelForm):
    """Name, time zone, theme, and whether single keys do things."""

    time_zone = forms.ChoiceField(choices=[("UTC", "UTC"), *((name, name.replace("_", " ")) for name in _ZONES)])

    class Meta:
        model = User
        fields = ("first_name", "last_name", "time_zone", "theme", "single_key_shortcuts")
        widgets: dict[str, Any] = {"theme": forms.RadioSelect}
        labels = {"single_key_shortcuts": "Single-key shortcuts (j, k, r, n …) outside of text fields"}
