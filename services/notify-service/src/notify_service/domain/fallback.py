"""A mail that nobody opens becomes a letter too, in time (34 CFR 300.503(a): notice is given, not only sent)."""

from datetime import date, timedelta

UNOPENED_DAYS = 5
"""Ours: so long a mail may lie unopened. The notice counts as given all the same (300.505); the letter comes on top."""


def letter_follows_on(mailed_on: date, due_on: date | None, mailing_days: int) -> date:
    """The day on which an unopened mail is followed by a letter: early enough that the letter still counts in time."""
    patient = mailed_on + timedelta(days=UNOPENED_DAYS)
    if due_on is None:
        return patient
    in_time = due_on - timedelta(days=mailing_days)
    return min(patient, max(in_time, mailed_on + timedelta(days=1)))
