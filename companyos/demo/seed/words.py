"""What people say in every case, whatever it is about."""

from __future__ import annotations

from datetime import datetime, timedelta

from companyos.demo.seed.plots.plot import Plot

TRIAGE_REASON = {
    "P0": "Production stands still for the whole workspace",
    "P1": "Degraded for a whole team, the way around is limited",
    "P2": "One function is hit, there is a way around",
    "P3": "A question or a small flaw, nothing stands still",
}
CHASING = (
    "Is there any news? Our team asks.",
    "One more detail: it happens in the test workspace as well.",
    "Just to say that we still see it this afternoon.",
    "Thank you, we will wait for your word. No change so far.",
)
LOOKING_AGAIN = (
    "thank you for telling us, and sorry that it is not over. We are looking at it again right now and will write as "
    "soon as we know what we missed.",
    "that should not have happened. We have taken the case up again with what we collected the first time.",
)
SECOND_FIX = (
    "We found what we had missed the first time: the change had not reached one of the zones. It has now, and we "
    "watched it for a while before writing this."
)
SURVEY = {
    5: (
        "Quick and clear, thank you.",
        "Best support we have.",
        "Fixed before our stand-up.",
        "",
        "Kept us posted throughout.",
    ),
    4: ("Good help. The first answer could have come a little sooner.", "All fine.", "", "Friendly and competent."),
    3: ("It works now, but it took two rounds.", "OK.", "Had to ask for news myself."),
    2: ("Too slow for what it was.", "We lost half a day before anybody looked at it."),
    1: ("It broke again and we had to explain everything twice.",),
}
SPAM = (
    ("Boost your ranking today", "We offer first-page results for every company. Answer for a free quotation."),
    ("Invoice attached, final reminder", "Dear customer, open the attached document to avoid legal steps."),
    ("Partnership for cheap servers", "We have servers at half the price of others. When may we call you?"),
    ("You have won", "Your address was drawn as the winner. Send your details to receive the prize."),
)


def log_file(plot: Plot, at: datetime) -> bytes:
    """A producer's log around the report."""
    lines = [
        f"{(at - timedelta(seconds=7 * n)):%Y-%m-%dT%H:%M:%SZ} WARN producer batch {4_000 - n} refused "
        f"{plot.error_id or 'unknown'} retry in {2 ** (n % 5)}s"
        for n in range(40, 0, -1)
    ]
    return "\n".join(lines).encode()
