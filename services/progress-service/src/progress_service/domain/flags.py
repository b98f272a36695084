"""What does not fit about a session: it is recorded all the same, and pointed out.

Whether the service was given as promised: its provider, licence, place and group (34 CFR 300.320(a)(7), 300.156,
300.323(c)(2)); whether it can have been so at all: overlaps, days with more minutes than a school day has; whether it was
recorded near the time, as a record must be to be worth something (FRE 803(6)).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from contracts.codes import label
from contracts.fields import ItemId
from contracts.items import Service
from contracts.minutes_convention import ConventionOn, by_default
from contracts.school_days import SchoolDays
from contracts.sessions import Session, SessionOutcome

LONGEST_DAY = 8 * 60
"""Minutes: more than this in one day is more than a school day has."""


class FlagCode(StrEnum):
    """What does not fit."""

    LATE_ENTRY = "late_entry"
    NO_SCHOOL_DAY = "no_school_day"
    OVERLAP = "overlap"
    IMPOSSIBLE_DAY = "impossible_day"
    OTHER_ROLE = "other_role"
    OTHER_CREDENTIAL = "other_credential"
    OTHER_LOCATION = "other_location"
    OTHER_SETTING = "other_setting"
    OTHER_GROUP = "other_group"
    LARGER_GROUP = "larger_group"


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing about one session."""

    session: UUID
    item: ItemId
    on: date
    code: FlagCode
    says: str


ServiceOn = Callable[[ItemId, date], Service | None]
"""The service's text in force on a day."""


def flags_of(
    sessions: Iterable[Session], service_on: ServiceOn, days: SchoolDays, recorded_on: Mapping[UUID, date],
    on: ConventionOn = by_default,
) -> list[Flag]:  # fmt: skip
    """Everything that does not fit about one student's sessions, day by day."""
    counting = sorted((s for s in sessions if s.counts), key=lambda session: (session.on, str(session.id)))
    found = [flag for session in counting for flag in _late(session, days, recorded_on.get(session.id), on)]
    for session in counting:
        if session.status is SessionOutcome.MISSED and session.minutes > LONGEST_DAY:
            says = f"{session.minutes} minutes missed on {session.on}: more than the {LONGEST_DAY} of a school day."
            found.append(_flag(session, FlagCode.IMPOSSIBLE_DAY, says))
    given = [session for session in counting if session.status is not SessionOutcome.MISSED]
    for session in given:
        service = service_on(session.item, session.on)
        found += _not_as_promised(session, service)
        extended = service is not None and service.extended_school_year
        if (
            not days.is_one(session.on)
            and not extended
            and session.makes_up is None
            and session.agreement is None
        ):
            says = f"{session.on} is no school day, and the session makes up no other."
            found.append(_flag(session, FlagCode.NO_SCHOOL_DAY, says))
    found += clashes(given)
    return sorted(found, key=lambda flag: (flag.on, str(flag.session), flag.code))


def _late(session: Session, days: SchoolDays, recorded_on: date | None, on: ConventionOn) -> Iterator[Flag]:
    if recorded_on is None or recorded_on <= session.on:
        return
    passed = days.between(session.on, recorded_on)
    if passed > on(session.on).late_after:
        why = f": {session.late_because}" if session.late_because else ", and no reason was given"
        says = f"Recorded on {recorded_on}, {passed} school days after its day{why}."
        yield _flag(session, FlagCode.LATE_ENTRY, says)


def _not_as_promised(session: Session, service: Service | None) -> Iterator[Flag]:
    if service is None:
        return
    for code, asked, was, coded in (
        (FlagCode.OTHER_ROLE, service.provider_role, session.provider_role, "staff_role"),
        (FlagCode.OTHER_CREDENTIAL, service.credential, session.credential, "credential"),
        (FlagCode.OTHER_LOCATION, service.location, session.location, None),
        (FlagCode.OTHER_SETTING, service.setting, session.setting, "service_setting"),
        (FlagCode.OTHER_GROUP, service.group, session.group, "group"),
    ):
        if asked and was and asked.strip().casefold() != was.strip().casefold():
            promised, given = (label(coded, asked), label(coded, was)) if coded else (asked, was)
            yield _flag(session, code, f"The plan promises {promised}; it was {given}.")
    most = 1 if service.group == "individual" else service.group_most
    if most is not None and session.group_size is not None and session.group_size > most:
        says = f"The plan promises at most {most} {'student' if most == 1 else 'students'}; there were {session.group_size}."
        yield _flag(session, FlagCode.LARGER_GROUP, says)


def clashes(given: Sequence[Session]) -> Iterator[Flag]:
    """Of one student's sessions, or one provider's: at the same time as another, or too many in a day."""
    of_day: dict[date, list[Session]] = defaultdict(list)
    for session in given:
        of_day[session.on].append(session)
    for day, sessions in of_day.items():
        timed = sorted((s for s in sessions if s.starts_at), key=lambda s: (s.starts_at, s.minutes))
        for number, later in enumerate(timed[1:], start=1):
            longest = max(timed[:number], key=_ends)
            if _begins(later) < _ends(longest):
                says = f"It began at {later.starts_at}, before the one of {longest.starts_at} had ended."
                yield _flag(later, FlagCode.OVERLAP, says)
        total = sum(session.minutes for session in sessions)
        if total > LONGEST_DAY:
            says = f"{total} minutes on {day}: more than the {LONGEST_DAY} of a school day."
            for session in sessions:
                yield _flag(session, FlagCode.IMPOSSIBLE_DAY, says)


def sittings(sessions: Iterable[Session]) -> list[Session]:
    """A provider's sessions, those of one group once: the same day and time; without a time the same minutes.

    Of a group as many as it had, the one who stayed longest for all.
    """
    kept: list[Session] = []
    groups: dict[tuple[date, str | int], int] = {}
    for session in sorted(
        sessions, key=lambda each: (each.on, each.starts_at or "", -each.minutes, str(each.id))
    ):
        key = session.on, session.starts_at or session.minutes
        if (session.group_size or 1) > 1 or session.starts_at:
            left = groups.get(key, 0)
            if left:
                groups[key] = left - 1
                continue
            groups[key] = (session.group_size or 1) - 1
        kept.append(session)
    return kept


def _begins(session: Session) -> int:
    hours, minutes = (session.starts_at or "00:00").split(":")
    return int(hours) * 60 + int(minutes)


def _ends(session: Session) -> int:
    return _begins(session) + session.minutes


def _flag(session: Session, code: FlagCode, says: str) -> Flag:
    return Flag(session.id, session.item, session.on, code, says)
