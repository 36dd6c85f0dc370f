"""Forms of the admin: a calendar's week as lines of text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from sla.calendars import CalendarError
from sla.hours import parse_week, write_week
from sla.models import Calendar
from sla.public_holidays import expand


class WeekField(forms.CharField):
    """The week as lines such as `Mon-Fri 09:00-17:00`; in Python the list that `Calendar.weekly` keeps."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 7, "class": "vLargeTextField"}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) or not value else write_week(value)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        try:
            return [list(interval) for interval in parse_week(text)]
        except CalendarError as error:
            raise forms.ValidationError(str(error), code="week") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class CalendarForm(forms.ModelForm):
    weekly = WeekField(
        label="Opening hours",
        help_text="A line for each day or range: Mon-Fri 09:00-12:30 13:30-17:00. Past midnight: Fri 22:00-06:00.",
    )

    class Meta:
        model = Calendar
        fields = (
            "key",
            "name",
            "tenant",
            "time_zone",
            "weekly",
            "country",
            "subdivision",
            "own_days",
            "openings",
            "day_length",
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if country := cleaned.get("country"):
            try:
                expand(country, cleaned.get("subdivision") or "", [timezone.now().year])
            except CalendarError as error:
                self.add_error("country", str(error))
        return cleaned
