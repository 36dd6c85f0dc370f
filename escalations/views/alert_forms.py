"""The forms of alert rules. Each checks its shape here; what is allowed is the verbs' to say."""

from __future__ import annotations

from typing import Any

from django import forms

from cases.dials import METRIC_NAMES
from companyos.web.errors import DomainError
from escalations.models import AlertRule, Channel
from sla.choice import PRIORITIES
from sla.models import Policy
from tenants import reach
from tenants.access import Actor
from tenants.models import Tenant, User, but_drills

ANY_METRIC = [("", "Any clock"), *METRIC_NAMES.items()]
TIERS = [("", "Any"), *((tier, tier.title()) for tier in ("standard", "premium", "enterprise"))]


class RuleForm(forms.ModelForm):
    """One rule. Empty conditions fit anything."""

    metric = forms.ChoiceField(choices=ANY_METRIC, required=False, label="Clock")
    share = forms.IntegerField(
        required=False, min_value=1, max_value=100, label="Share of the target, %",
        help_text="100 is the breach. Empty: every share the policy warns at.",
    )  # fmt: skip
    policy_key = forms.ChoiceField(required=False, label="Policy")
    priorities = forms.MultipleChoiceField(
        choices=[(name, name) for name in PRIORITIES], required=False, widget=forms.CheckboxSelectMultiple
    )
    segment = forms.ChoiceField(required=False)
    tier = forms.ChoiceField(choices=TIERS, required=False)
    position = forms.IntegerField(min_value=0, max_value=9999, initial=100, help_text="Rules are followed in order.")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = AlertRule
        fields = (
            "name", "tenant", "policy_key", "metric", "share", "priorities", "segment", "tier",
            "owner", "lead", "watchers", "people", "in_console", "by_email", "channel",
            "reassign", "reassign_to", "raise_priority", "escalate", "position",
        )  # fmt: skip
        labels = {
            "owner": "Owner", "lead": "Lead", "watchers": "Watchers", "people": "People by name",
            "in_console": "In the console", "by_email": "By e-mail", "channel": "Chat or webhook",
            "reassign": "Owner of the case", "reassign_to": "To whom",
            "raise_priority": "Raise the priority by one step", "escalate": "Call an escalation",
        }  # fmt: skip
        help_texts = {"tenant": "", "people": "Who reaches the tenant is told.", "channel": ""}

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now: AlertRule = self.instance
        policies = Policy.objects.exclude(tenant__is_drill=True).values_list("key", flat=True)
        keys = sorted({*policies, *([now.policy_key] if now.policy_key else [])})
        self.fields["policy_key"].choices = [("", "Any policy"), *((key, key) for key in keys)]
        segments = sorted({*reach.segments(), *([now.segment] if now.segment else [])})
        self.fields["segment"].choices = [("", "Any"), *((name, name) for name in segments)]
        self.fields["tenant"].queryset = Tenant.objects.filter(but_drills("")).order_by("name")
        self.fields["tenant"].empty_label = "Every tenant" if actor.tenant_ids is None else "Choose a tenant"
        people = User.objects.filter(is_active=True, is_service=False, groups__isnull=False).distinct()
        for name in ("people", "reassign_to"):
            self.fields[name].queryset = people.order_by("first_name", "last_name", "email")
        self.fields["people"].widget.attrs["size"] = 4
        self.fields["reassign_to"].empty_label = "Nobody in particular"
        self.fields["channel"].queryset = Channel.objects.order_by("name")
        self.fields["channel"].empty_label = "None"

    def _post_clean(self) -> None:
        """The verb sets the fields on a row of its own, and the database's constraints are its to keep."""

    def values(self) -> dict[str, Any]:
        """The fields as the verb takes them, without the people."""
        left_out = ("people", "version")
        return {name: value for name, value in self.cleaned_data.items() if name not in left_out}

    def refuse(self, error: DomainError) -> None:
        known = error.field in self.fields and error.field != "version"
        self.add_error(error.field if known else None, error.message)


class TryForm(forms.Form):
    """What would happen if a clock of this tenant passed this share?"""

    tenant = forms.ModelChoiceField(Tenant.objects.none(), to_field_name="slug", empty_label=None)
    metric = forms.ChoiceField(choices=list(METRIC_NAMES.items()), label="Clock", initial="resolution")
    priority = forms.ChoiceField(choices=[(name, name) for name in PRIORITIES], initial="P1")
    share = forms.IntegerField(min_value=1, max_value=100, initial=100, label="Share, %")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tenant"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Tenant.objects.filter(but_drills("")).order_by("name")
