"""What is kept for how long, and what belongs to a person: every app's part, by name. Read through settings.DATA_RULES.

Order matters: a class that is part of another (a case's files, a case's messages) comes before it.
"""

CLASSES: tuple[str, ...] = (
    "cases.retention.ATTACHMENTS",
    "cases.retention.MESSAGES",
    "cases.retention.CASES",
    "tenants.retention.trail.AUDIT",
)
# What hangs on cases and goes, or is cut loose, before them: called with their ids.
BEFORE_CASES_GO: tuple[str, ...] = (
    "cases.watching.forget_cases",
    "integrations.retention.forget_cases",
    "escalations.retention.forget_cases",
    "reporting.retention.cut_loose",
)
# Reference → (tenant id, requester id), or None.
CASE_OWNER = "cases.retention.owner_of"
# Requester → the holds on other people's cases in which they wrote.
HOLDS_ELSEWHERE = "cases.retention.holds_elsewhere"
# What a person's export holds: called with the requester and the archive.
EXPORTS: tuple[str, ...] = ("tenants.privacy.own.export", "cases.privacy.export")
# How many of a person's cases there are to export or to erase.
COUNT_CASES = "cases.privacy.count"
# Erasing: a bounded batch per call, answering how many cases it did; then what is left when there are none.
ERASE_BATCH = "cases.privacy.erase_batch"
WITH_ERASED_CASES: tuple[str, ...] = (
    "integrations.retention.erase_words",
    "escalations.retention.erase_words",
    "reporting.retention.erase_words",
)
ERASE_REST: tuple[str, ...] = ("cases.privacy.erase_rest", "tenants.privacy.own.erase_rest")
