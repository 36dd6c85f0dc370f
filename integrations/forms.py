"""The form of a channel."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms

from companyos.web.errors import DomainError
from escalations.models import Channel
from integrations import chat
from tenants.access import Actor
from tenants.models import Tenant, but_drills

_ZONES = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
_TIME = {"type": "time"}


class ChannelForm(forms.ModelForm):
    """The addresses are typed anew or left as they are; what is stored is never put into the page."""

    addresses = forms.CharField(
        label="Apprise addresses, one a line",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}, ),
        required=False,
        max_length=4000,
    )  # fmt: skip
    time_zone = forms.ChoiceField(choices=[("UTC", "UTC"), *((name, name.replace("_", " ")) for name in _ZONES)])
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Channel
        fields = ("name", "tenant", "enabled", "quiet_from", "quiet_until", "time_zone")
        labels = {"quiet_from": "Quiet from", "quiet_until": "Quiet until", "enabled": "Messages are sent"}
        help_texts = {"tenant": "", "quiet_until": "Messages wait for the end; the breach of a P0 does not."}
        widgets = {
            "quiet_from": forms.TimeInput(attrs=_TIME, format="%H:%M"),
            "quiet_until": forms.TimeInput(attrs=_TIME, format="%H:%M"),
        }

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenant = self.fields["tenant"]
        assert isinstance(tenant, forms.ModelChoiceField)
        tenant.queryset = Tenant.objects.filter(but_drills("")).order_by("name")
        tenant.empty_label = "Every tenant" if actor.tenant_ids is None else "Choose a tenant"
        kept = "Leave empty to keep those that there are. " if self.instance.pk else ""
        self.fields[
            "addresses"
        ].help_text = f"{kept}Taken are {chat.NAMES} and others. Kept encrypted, never shown again."

    def _post_clean(self) -> None:
        """The verb sets the fields on a row of its own."""

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in ("addresses", "version")}

    def refuse(self, error: DomainError) -> None:
        known = error.field in self.fields and error.field != "version"
        self.add_error(error.field if known else None, error.message)
