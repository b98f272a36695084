"""Prior written notice: a change binds only when everybody who must be told was told the required days before.

34 CFR 300.503(a) for an IEP, "a reasonable time before"; 34 CFR 104.36 for a Section 504 plan, without a number of days.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.fields import EventId, HolderId, NoticeId
from contracts.notice_time import first_day_of_change
from contracts.problems import Reason
from contracts.vocabulary import PlanKind
from plan_service.domain.rules import Rules

CITATION_504 = "34 CFR 104.36"


@dataclass(frozen=True, slots=True)
class NoticeGiven:
    """A notice of the change counts as given to one holder from ``given_on``."""

    notice_id: NoticeId
    holder_id: HolderId
    given_on: date
    event_id: EventId


@dataclass(frozen=True, slots=True)
class NoticeStanding:
    """What the notices given allow: the first day of the change, or why there is none yet."""

    earliest: date | None
    unmet: tuple[Reason, ...]
    notice_ids: tuple[NoticeId, ...]
    """The notices it rests on."""
    citation: str
    """Where the time between notice and change is written."""
    given_on: date | None = None
    """When the last of them was given."""


def notice_standing(
    kind: PlanKind, owed_to: Sequence[HolderId], given: Iterable[NoticeGiven], rules: Rules, *, waived: bool = False,
    agreed: bool = False,
) -> NoticeStanding:  # fmt: skip
    """From which day a change may bind, as far as notice goes.

    ``waived``: who decides lets it begin before the state's time has passed. ``agreed``: who decides has agreed to all of
    it, so that no silence needs to be waited for. The district's own days hold either way.
    """
    first: dict[HolderId, NoticeGiven] = {}
    for notice in sorted(given, key=lambda notice: (notice.given_on, notice.notice_id)):
        first.setdefault(notice.holder_id, notice)
    citation = rules.notice_cite if kind is PlanKind.IEP else CITATION_504
    notice_ids = tuple(notice.notice_id for notice in first.values())
    if not owed_to:
        return NoticeStanding(None, (_nobody_to_tell(),), notice_ids, citation)
    untold = [holder for holder in owed_to if holder not in first]
    if untold:
        return NoticeStanding(None, (_not_given(len(untold), len(owed_to), citation),), notice_ids, citation)
    last = max(first[holder].given_on for holder in owed_to)
    if kind is not PlanKind.IEP:
        return NoticeStanding(last, (), notice_ids, citation)
    waits = (None if waived else rules.state_notice, None if agreed else rules.proceed_after)
    ends = [first_day_of_change(last, rules.notice_days, wait, rules.calendar) for wait in waits]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends):
        return NoticeStanding(None, (_calendar_too_short(last, citation),), notice_ids, citation)
    return NoticeStanding(max(known), (), notice_ids, citation, last)


def too_soon(earliest: date, citation: str) -> Reason:
    """The day asked for lies before the notice allows it."""
    return Reason(
        "prior-written-notice-required", f"The notice given allows this from {earliest} at the earliest.",
        citation, f"Choose {earliest} or later, or \"earliest\".", "/effective_on",
    )  # fmt: skip


def _not_given(untold: int, owed: int, citation: str) -> Reason:
    return Reason(
        "prior-written-notice-required",
        f"{untold} of {owed} rights holders have not been given notice of this change.",
        citation,
        "The notice goes out by itself after the proposal; where it could not be delivered, hand it over and record it.",
    )


def _calendar_too_short(last: date, citation: str) -> Reason:
    return Reason(
        "school-calendar-too-short",
        f"The state counts school days from the notice of {last}, and the district's calendar does not reach far enough.",
        f"{citation}; 34 CFR 300.11", "Add the school year to the district's calendar: PUT /district.",
    )  # fmt: skip


def _nobody_to_tell() -> Reason:
    return Reason(
        "nobody-to-notify", "Nobody is confirmed as a holder of notice rights who may be contacted.",
        "34 CFR 300.503(a), 300.519",
        "Confirm who holds the rights (POST /students/{id}/rights-holders), or see to a surrogate.",
    )  # fmt: skip
