"""The names of streams, by what they hold (eventlog.md 1)."""

from datetime import date
from uuid import UUID

from contracts.ids import DISTRICT

YEAR_TURNS_IN = 7
"""School years are counted from July to June."""


def school_year(day: date) -> str:
    """``2025-2026``: the school year a day belongs to, from 1 July on."""
    first = day.year if day.month >= YEAR_TURNS_IN else day.year - 1
    return f"{first}-{first + 1}"


def district() -> str:
    """What concerns no student."""
    return DISTRICT


def student(student_id: UUID) -> str:
    """Identity, contacts, rights holders, enrolment, assignments, releases, requests."""
    return f"student/{student_id}"


def plan(plan_id: UUID) -> str:
    """Adoption, amendments with their consents, corrections, statements, reviews, end."""
    return f"plan/{plan_id}"


def meeting(meeting_id: UUID) -> str:
    """One meeting."""
    return f"meeting/{meeting_id}"


def staff(staff_id: UUID) -> str:
    """One staff member."""
    return f"staff/{staff_id}"


def school(school_id: UUID) -> str:
    """One school."""
    return f"school/{school_id}"


def bank(bank_entry_id: UUID) -> str:
    """One entry of the district's bank of goals and accommodations."""
    return f"bank/{bank_entry_id}"


def item(item_id: UUID, day: date) -> str:
    """Schedules, sessions, measurements, make-up and use of one plan item in the school year of ``day``."""
    return f"item/{item_id}/{school_year(day)}"


def report(report_id: UUID) -> str:
    """One progress report."""
    return f"report/{report_id}"


def notice(notice_id: UUID) -> str:
    """One notice to one holder."""
    return f"notice/{notice_id}"


def preferences(holder_id: UUID) -> str:
    """How one holder is given notice."""
    return f"preferences/{holder_id}"


def template(template_id: UUID) -> str:
    """One version of a district's wording of a notice."""
    return f"template/{template_id}"


def batch(batch_id: UUID) -> str:
    """Letters that are posted together."""
    return f"batch/{batch_id}"


def webhook(webhook_id: UUID) -> str:
    """One vendor's endpoint."""
    return f"webhook/{webhook_id}"


def disclosure(disclosure_id: UUID) -> str:
    """One disclosure, with the packet that carried it."""
    return f"disclosure/{disclosure_id}"


def access(subject: UUID, day: date) -> str:
    """Who saw one student's record on one day."""
    return f"access/{subject}/{day.isoformat()}"


def client(client_id: str) -> str:
    """One vendor's client."""
    return f"client/{client_id}"
