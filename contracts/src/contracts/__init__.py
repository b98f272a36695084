"""What the services promise each other: events, the plan document, problems. Pure data and pure functions, no I/O.

Importing the package registers every event, so that `contracts.event.decode` knows them all.
"""

from contracts import (
    audit,
    district,
    letter_batches,
    meetings,
    notice_templates,
    notify,
    plan,
    progress,
    store,
    students,
    webhooks,
)

__all__ = [
    "audit",
    "district",
    "letter_batches",
    "meetings",
    "notice_templates",
    "notify",
    "plan",
    "progress",
    "store",
    "students",
    "webhooks",
]
