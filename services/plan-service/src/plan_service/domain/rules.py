"""The numbers a district or state sets, and how an unmet rule ends: in a refusal, or in a report of what happened.

Deciding: an unmet rule refuses, with every reason at once. Reporting: it has happened already, so the fact is recorded
with the rules it left unmet. A record that could not hold an unlawful act would make people write a nicer one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from contracts.day_count import Pauses, pauses_of
from contracts.district import DistrictProfileSet, SchoolYear
from contracts.event import Event
from contracts.problems import Invalid, Reason, Rejected
from contracts.rule_profile import Due, Rule, RuleProfiles, RuleSet, resolve
from contracts.values import Reported, Unmet
from contracts.vocabulary import ClockEnd

FLOOR = "federal@2026-1"
"""What holds in a district that has said nothing."""
NOTICE_CITE = "34 CFR 300.503(a)"
CONSENT_CITE = "district profile: partial_consent; 34 CFR 300.9"
EVALUATION_CITE = "34 CFR 300.301(c)-(e)"
TRANSITION_CITE = "34 CFR 300.320(b)"
MEETING_REQUESTED = "meeting requested"
"""The trigger of a state's own rule about a meeting that a parent asks for: its time is found by it."""
A_YEAR = Due(count=1, kind="year")


@dataclass(frozen=True, slots=True)
class EvaluationClock:
    """How long an initial evaluation under IDEA may take, and with what it ends (300.301(c)(1))."""

    due: Due = Due(count=60, kind="calendar")  # noqa: RUF009 (frozen)
    ends_with: ClockEnd = ClockEnd.EVALUATION_COMPLETED
    pauses: Pauses = Pauses()  # noqa: RUF009 (frozen)
    cite: str = EVALUATION_CITE


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in the district on the day of the decision: its own numbers, and those of the rules it is under."""

    notice_days: int = 0
    """Calendar days between the day a prior written notice was given and the earliest day of the change."""
    partial_consent: bool = False
    """A consent given for some items changes those items and no others: the district's choice, or the state's law."""
    rule_set: str = FLOOR
    """Which rules these are, as the envelope of every event decided under them says."""
    state_notice: Due | None = None
    """The state's own time between notice and change, beside the district's; federally a reasonable time."""
    notice_cite: str = NOTICE_CITE
    consent_cite: str = CONSENT_CITE
    """Where it is written that a consent in part counts: in the state's law, or only in the district's profile."""
    annual_review: Due = A_YEAR
    """300.324(b)(1), or sooner where a state says so."""
    majority_age: int = 18
    """At which a state lets the rights to decide pass to the student, 300.520."""
    rights_transfer: bool = True
    """False: in this state no right to decide passes at majority."""
    told_of_rights: Due = Due(count=-1, kind="year")  # noqa: RUF009 (frozen)
    """So long before majority an IEP says that the student was told, 300.320(c)."""
    transition_age: int | Decimal = 16
    """300.320(b), or sooner where a state says so."""
    transition_grade: int | None = None
    """A state's own: from this grade on too, whatever the age."""
    transition_cite: str = TRANSITION_CITE
    referral_answer: Due | None = None
    """A state's own time for the district's answer to a referral; federally a reasonable time."""
    inspection: Due = Due(count=45, kind="calendar")  # noqa: RUF009 (frozen)
    """By when a record that somebody asks for is shown, 300.613(a), 99.10."""
    requested_meeting: Due | None = None
    """A state's own time for a meeting that was asked for."""
    independent_evaluation: Due | None = None
    """A state's own time to provide it or to file for a hearing; federally without unnecessary delay, 300.502(b)(2)."""
    record_amendment: Due | None = None
    """A state's own time to decide whether the record is changed; federally a reasonable one, 300.618(b), 99.20(b)."""
    evaluation: EvaluationClock = EvaluationClock()
    waivable: bool = False
    """A holder of the right to decide may let a change begin before the state's time since the notice has passed."""
    proceed_after: Due | None = None
    """A state's own: after so long nobody's answer lets a change go on, and an objection until then stops it."""
    answer_time: Due | None = None
    """A state's own: so long an answer may be given to each item; after that none means that it is rejected."""
    calendar: tuple[SchoolYear, ...] = ()
    """The district's school days."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The district's profile from ``starts_on`` on."""

    starts_on: date
    time_zone: str
    rule_set: str = FLOOR
    notice_days: int = 0
    partial_consent: bool = False
    calendar: tuple[SchoolYear, ...] = ()


@dataclass(frozen=True, slots=True)
class Profiles:
    """Every profile the district has had, in the order in which they were set."""

    profiles: tuple[Profile, ...] = ()

    def on(self, day: date) -> Profile:
        """The profile in force on ``day``; before any, the federal floor without numbers of a district."""
        begun = [profile for profile in self.profiles if profile.starts_on <= day]
        return max(begun, key=lambda profile: profile.starts_on) if begun else Profile(day, "UTC")

    @property
    def time_zone(self) -> str | None:
        """The zone of the last profile."""
        return self.profiles[-1].time_zone if self.profiles else None


def profiles_after(profiles: Profiles, event: Event) -> Profiles:
    """Fold of the stream ``district``."""
    if not isinstance(event, DistrictProfileSet):
        return profiles
    earlier = [profile for profile in profiles.profiles if profile.starts_on != event.effective_on]
    newest = Profile(
        event.effective_on, event.time_zone, event.state_profile, event.notice_days, event.partial_consent,
        event.calendar,
    )  # fmt: skip
    return Profiles((*earlier, newest))


def rules_of(profile: Profile, day: date, known: RuleProfiles) -> Rules:
    """The numbers that a district's profile means on ``day``. Raises `RuleSetNotShipped`: none are made up."""
    law = resolve(profile.rule_set, day, known)
    notice, partial = law.rule("idea.pwn-before"), law.rule("idea.partial-consent")
    told, transition = law.rule("idea.majority-notice"), law.rule("idea.transition-16")
    review = law.rule("idea.annual-review").due
    assert review is not None  # The floor sets one.
    default = Rules()
    by_law = partial.enabled is True
    return Rules(
        notice_days=profile.notice_days,
        partial_consent=profile.partial_consent or by_law,
        rule_set=profile.rule_set,
        state_notice=notice.due,
        notice_cite=notice.cite or NOTICE_CITE,
        consent_cite=(by_law and partial.cite) or CONSENT_CITE,
        annual_review=review,
        majority_age=law.majority_age,
        rights_transfer=law.rights_transfer,
        told_of_rights=told.due or default.told_of_rights,
        transition_age=transition.age or default.transition_age,
        transition_grade=transition.grade,
        transition_cite=transition.cite or TRANSITION_CITE,
        referral_answer=law.rule("idea.referral-answered").due,
        inspection=law.rule("rec.inspect").due or default.inspection,
        requested_meeting=next(
            (rule.due for rule in law.rules.values() if rule.trigger == MEETING_REQUESTED), None
        ),
        independent_evaluation=law.rule("idea.iee-answered").due,
        record_amendment=law.rule("rec.amend").due,
        evaluation=_evaluation_clock(law),
        waivable=notice.waivable_by == "rights_holder",
        proceed_after=_proceeds_after(notice),
        answer_time=partial.due if by_law and partial.silence == "rejected" else None,
        calendar=profile.calendar,
    )


def _evaluation_clock(law: RuleSet) -> EvaluationClock:
    rule, default = law.rule("idea.evaluation-60"), EvaluationClock()
    pauses, _ = pauses_of(rule.extends)
    ends_with = ClockEnd(rule.ends_at) if rule.ends_at else default.ends_with
    return EvaluationClock(rule.due or default.due, ends_with, pauses, rule.cite or default.cite)


def _proceeds_after(rule: Rule) -> Due | None:
    found = re.fullmatch(r"proceed_after_(\d+)([cs])", rule.silence or "")
    if found is None:
        return None
    return Due(count=int(found[1]), kind="calendar" if found[2] == "c" else "school")


FEDERAL = Rules()
"""The federal floor, in a district that has said nothing."""


class UnmetRules(Rejected):
    """The decision leaves rules unmet; ``reasons`` is the complete list, each with its citation and its cure."""

    code = "rules-unmet"
    what: ClassVar[str] = "This"

    def __init__(self, reasons: Sequence[Reason], **facts: object) -> None:
        count = len(reasons)
        super().__init__(
            f"{self.what} is refused: {count} {'rule is' if count == 1 else 'rules are'} not met.",
            reasons=tuple(reasons),
            **facts,
        )


def settle(
    refusal: type[UnmetRules], unmet: Sequence[Reason], reported: Reported | None, **facts: object
) -> Reported | None:
    """Refuse when a rule is unmet; of a fact that is reported, say which rules would have refused it."""
    if reported is None:
        if unmet:
            raise refusal(unmet, **facts)
        return None
    return reported.model_copy(
        update={
            "unmet": tuple(
                Unmet(code=reason.code, citation=reason.citation, message=reason.message) for reason in unmet
            )
        }
    )


def cannot_be_true(code: str, message: str, pointer: str | None = None) -> Invalid:
    """What nobody may record, not even as a report: dates that contradict each other, ids of nothing."""
    return Invalid(message, reasons=(Reason(code, message, pointer=pointer),))


def not_in_the_future(reported: Reported | None, today: date) -> None:
    """Nobody reports what has not happened yet."""
    if reported is not None and reported.occurred_on > today:
        raise cannot_be_true(
            "occurred-in-the-future",
            f"A report is about something that has happened; {reported.occurred_on} is still to come.",
            "/reported/occurred_on",
        )


def day_of(reported: Reported | None, today: date) -> date:
    """The day of an act: today, or the true day of one that is reported."""
    return reported.occurred_on if reported else today


def done_on(said: date | None, reported: Reported | None, today: date, done: str) -> date:
    """The day that is said of an act, or else `day_of`; nobody records what is still to come.

    ``done``: what was done, as the field is called: ``signed`` of ``signed_on``.
    """
    not_in_the_future(reported, today)
    day = said or day_of(reported, today)
    if day > today:
        raise cannot_be_true(f"{done}-in-the-future", f"{day} is still to come.", f"/{done}_on")
    return day
