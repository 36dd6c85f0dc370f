"""The cases behind clock sets, for pages below that know clocks but no cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from cases.models import Case
from tenants import audit

register = template.Library()


@register.simple_tag
def with_cases(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each line of a job's result with the `case` of its `clock_set`, None where it is gone or out of reach.

    One query for all of them; the page that shows them counts as a look at these cases.
    """
    sets = {line["clock_set"] for line in lines}
    cases = {case.clock_set_id: case for case in Case.objects.filter(clock_set_id__in=sets)}
    audit.listed(cases.values())
    return [{**line, "case": cases.get(line["clock_set"])} for line in lines]
