"""A clock's explanation as JSON: the same as the page tells."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cases.explaining import words as why
from cases.serializers import ACTOR_KINDS, EFFECTS, ClockReading, Seconds
from sla.explaining.explain import Line, Terms

STRETCH_KINDS = list(why.STRETCH_NAMES)
MARK_KINDS = [*why.MARK_NAMES, "warning"]


class ExplanationQuery(serializers.Serializer[Any]):
    at = serializers.DateTimeField(
        required=False, help_text="Tell the clock as it stood at this instant; now if left out, at most a year ahead."
    )


class ClockTerms(serializers.Serializer[Any]):
    """A target with the versions that it rests on."""

    priority = serializers.CharField()
    target_seconds = Seconds(source="target.amount")
    basis = serializers.CharField(source="target.basis")
    policy = serializers.CharField()
    policy_version = serializers.IntegerField()
    calendar = serializers.CharField(help_text="Empty for elapsed time.")
    calendar_version = serializers.IntegerField(allow_null=True)
    time_zone = serializers.SerializerMethodField(help_text="The calendar's; empty for elapsed time.")

    def get_time_zone(self, terms: Terms) -> str:
        return terms.target.calendar.time_zone if terms.target.calendar else ""


class ClockLine(serializers.Serializer[Any]):
    """One line of the ledger. `seq` 0 is a breach that is a fact but not written down yet."""

    seq = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=EFFECTS)
    at = serializers.DateTimeField()
    asked_at = serializers.DateTimeField(allow_null=True, help_text="Where the deed carried an earlier date.")
    cause = serializers.CharField(help_text="`transition:wait`, `message:17`, `priority`, `due` …")
    cause_words = serializers.SerializerMethodField()
    actor_kind = serializers.ChoiceField(choices=ACTOR_KINDS)
    actor = serializers.CharField()
    reason = serializers.CharField(help_text="Empty also where reading it takes a grant.")
    terms = ClockTerms(allow_null=True, help_text="Put in force by this line.")

    def get_cause_words(self, line: Line) -> str:
        return why.cause(line)


class ClockStretch(serializers.Serializer[Any]):
    """A half-open stretch. What those not ahead consumed adds up to what the clock consumed."""

    kind = serializers.ChoiceField(choices=STRETCH_KINDS)
    name = serializers.CharField(help_text="The holiday's.")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    consumed_seconds = Seconds(source="consumed")
    ahead = serializers.BooleanField(help_text="After the instant, or after the end: if nothing happens.")
    closures = serializers.IntegerField(help_text="Of a folded stretch: how often it was closed.")
    line = serializers.IntegerField(source="line.seq", help_text="The ledger line that began it.")


class ClockMark(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=MARK_KINDS)
    at = serializers.DateTimeField(allow_null=True, help_text="null while the clock stands still before it.")
    share = serializers.IntegerField(allow_null=True, help_text="Of a warning, in per cent.")
    state = serializers.CharField(help_text=f"Of a warning: {', '.join(why.WARNING_STATES)}.")
    sent_at = serializers.DateTimeField(allow_null=True)


class ClockPart(serializers.Serializer[Any]):
    """How long one target was in force, and what would be due under it."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True, help_text="As it stood when this target was given up, or now.")
    would_be_due = serializers.DateTimeField(allow_null=True, help_text="Under this target, over the whole ledger.")
    terms = ClockTerms()


class ClockExplanation(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    until = serializers.DateTimeField(help_text="The end of what is told.")
    headline = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()
    reading = ClockReading()
    due_if_resumed = serializers.DateTimeField(
        allow_null=True, help_text="Of a paused clock, were it to resume at `at`."
    )
    paused_seconds = Seconds(source="paused", help_text="Elapsed time that it stood still for.")
    parts = ClockPart(many=True)
    stretches = ClockStretch(many=True)
    marks = ClockMark(many=True)
    lines = ClockLine(many=True)
    before = serializers.DateTimeField(allow_null=True, help_text="The ledger's line before the instant.")
    after = serializers.DateTimeField(allow_null=True, help_text="The ledger's next line.")

    def get_headline(self, told: Any) -> str:
        return self.context["because"].headline  # type: ignore[no-any-return]

    def get_reasons(self, told: Any) -> list[str]:
        return self.context["because"].reasons  # type: ignore[no-any-return]
