"""Alert rules in words: when one applies, and what it does."""

from __future__ import annotations

from cases.dials import METRIC_NAMES
from escalations.models import AlertRule

ROLES = (("owner", "the owner"), ("lead", "the lead"), ("watchers", "watchers"))


def when(rule: AlertRule) -> str:
    """ "Resolution of P0, P1 is breached, segment enterprise"."""
    metric = METRIC_NAMES.get(rule.metric, "Any clock")
    what = metric + (f" of {', '.join(rule.priorities)}" if rule.priorities else "")
    passed = {None: "passes a share that its policy warns at", 100: "is breached"}
    sentence = f"{what} {passed.get(rule.share, f'has used {rule.share} % of its target')}"
    limits = [
        f"{name} {value}"
        for name, value in (
            ("tenant", rule.tenant.name if rule.tenant else ""),
            ("policy", rule.policy_key),
            ("segment", rule.segment),
            ("tier", rule.tier),
        )
        if value
    ]
    return ", ".join([sentence, *limits])


def then(rule: AlertRule) -> list[str]:
    """What it does, one phrase each."""
    people = [words for name, words in ROLES if getattr(rule, name)] + [str(user) for user in rule.people.all()]
    ways = [words for on, words in ((rule.in_console, "in the console"), (rule.by_email, "by e-mail")) if on]
    done = [f"tell {_listed(people)} {_listed(ways)}"] if people and ways else []
    if rule.channel is not None:
        off = "" if rule.channel.enabled else " (switched off)"
        done.append(f"send it to {rule.channel.name}{off}")
    if rule.raise_priority:
        done.append("raise the priority by one step")
    if rule.reassign == AlertRule.Reassign.LEAD:
        done.append("give the case to the lead")
    elif rule.reassign_to is not None:
        done.append(f"give the case to {rule.reassign_to}")
    if rule.escalate:
        done.append("call an escalation")
    return done


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
