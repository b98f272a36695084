"""Whether the promise was kept, in sentences: sessions, results, schedules, make-up, use, reports."""

from typing import assert_never

from contracts.carrying_out import (
    AccommodationUsed,
    AccommodationUseVoided,
    ResponsibilityAcknowledged,
    ScheduleEnded,
    ScheduleSet,
)
from contracts.codes import label
from contracts.make_ups import MakeUpAgreed, MakeUpDeclined, MakeUpOffered, MakeUpVoided
from contracts.plain_words import day_in_words
from contracts.progress import (
    BenchmarkMeasured,
    MeasurementVoided,
    ObjectiveMastered,
    ProgressEvent,
    ServiceDelivered,
    SessionMissed,
    SessionPersonalData,
    SessionVoided,
)
from contracts.progress_reports import ProgressReportIssued, ProgressReportVoided
from contracts.telling import Names, Told, When, counted, listed, plainly

WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


def tell_progress(event: ProgressEvent, names: Names) -> Told:
    """One event of a service or goal."""
    match event:
        case ServiceDelivered() | SessionMissed() | SessionVoided():
            return _session(event, names)
        case BenchmarkMeasured() | MeasurementVoided() | ObjectiveMastered():
            return _result(event, names)
        case ScheduleSet() | ScheduleEnded():
            return _schedule(event, names)
        case MakeUpOffered() | MakeUpAgreed() | MakeUpDeclined() | MakeUpVoided():
            return _make_up(event, names)
        case ResponsibilityAcknowledged() | AccommodationUsed() | AccommodationUseVoided():
            return _use(event, names)
        case ProgressReportIssued() | ProgressReportVoided():
            return _report(event, names)
        case _:
            assert_never(event)


def _session(event: ServiceDelivered | SessionMissed | SessionVoided, names: Names) -> Told:
    match event:
        case ServiceDelivered():
            planned = f" of {event.planned_minutes} planned" if event.planned_minutes is not None else ""
            provider = f", given by {names.staff(event.provider)}" if event.provider else ""
            makes_up = ", to make up a missed session" if event.makes_up else ""
            agreed = ", under an agreement on make-up minutes" if event.agreement_id else ""
            short = f", shortened because of: {label('missed_reason', event.reason)}" if event.reason else ""
            what = f"recorded a session of {event.minutes} minutes{planned} of {names.item(event.item_id)}"
            return Told(
                f"{what}{_as_given(event)}{provider}{makes_up}{agreed}{short}",
                why=_late(event.personal), said=_note(event.personal), reported=event.reported,
            )  # fmt: skip
        case SessionMissed():
            what = (
                f"recorded that a session of {names.item(event.item_id)} ({event.minutes} minutes) was missed"
            )
            return Told(
                what, why=_late(event.personal, label("missed_reason", event.reason)),
                said=_note(event.personal), reported=event.reported,
            )  # fmt: skip
        case SessionVoided():
            return Told(f"struck out a session of {names.item(event.item_id)}", why=event.personal.reason)


def _as_given(event: ServiceDelivered) -> str:
    """Where and how, as far as it was said."""
    where = event.location or (label("service_setting", event.setting) if event.setting else None)
    group = label("group", event.group) if event.group else None
    size = counted(event.group_size, "student") if event.group_size is not None else None
    role = f"as {label('staff_role', event.provider_role)}" if event.provider_role else None
    licence = f"under {label('credential', event.credential)}" if event.credential else None
    at = f"at {event.starts_at}" if event.starts_at else None
    said = [each for each in (at, where, group, size, role, licence) if each]
    return f" ({', '.join(said)})" if said else ""


def _late(personal: SessionPersonalData | None, why: str | None = None) -> str | None:
    late = personal.late_because if personal else None
    return "; ".join(part for part in (why, f"recorded late: {late}" if late else None) if part) or None


def _note(personal: SessionPersonalData | None) -> str | None:
    return personal.note if personal else None


def _result(event: BenchmarkMeasured | MeasurementVoided | ObjectiveMastered, names: Names) -> Told:
    match event:
        case BenchmarkMeasured():
            by = f", measured by {names.staff(event.by)}" if event.by else ""
            of = f" ({event.correct} of {event.attempted})" if event.attempted is not None else ""
            level = f" ({label('prompt_level', event.prompt_level)})" if event.prompt_level else ""
            what = f"recorded a result of {event.value} {event.unit}{of}{level} for {names.item(event.item_id)}{by}"
            return Told(what, reported=event.reported)
        case MeasurementVoided():
            return Told(f"struck out a result for {names.item(event.item_id)}", why=event.personal.reason)
        case ObjectiveMastered():
            return Told(f"recorded that {names.item(event.item_id)} was reached")
        case _:
            assert_never(event)


def _schedule(event: ScheduleSet | ScheduleEnded, names: Names) -> Told:
    item = names.item(event.item_id)
    if isinstance(event, ScheduleEnded):
        return Told(f"ended a schedule of {item}", When.UNTIL)
    days = listed([WEEKDAYS[number - 1] for number in sorted(event.weekdays)])
    at = f" at {event.starts_at}" if event.starts_at else ""
    minutes = f", {counted(event.minutes, 'minute')} each" if event.minutes is not None else ""
    who = f" with {names.staff(event.staff_id)}" if event.staff_id else ", with nobody to give it yet"
    until = f", until {day_in_words(event.ends_on)}" if event.ends_on else ""
    return Told(f"scheduled {item} on {days}{at}{minutes}{who}{until}", When.FROM)


def _make_up(event: MakeUpOffered | MakeUpAgreed | MakeUpDeclined | MakeUpVoided, names: Names) -> Told:
    item = names.item(event.item_id)
    if isinstance(event, MakeUpVoided):
        return Told(f"struck out an offer or agreement on minutes of {item}", why=event.personal.reason)
    terms = event.personal.terms if event.personal else None
    if isinstance(event, MakeUpDeclined):
        by = f" by {names.holder(event.holder_id)}" if event.holder_id else ""
        return Told(
            f"recorded that an offer of minutes of {item} was declined{by}",
            said=terms,
            reported=event.reported,
        )
    by_on = f", to be given by {day_in_words(event.by_on)}" if event.by_on else ""
    sessions = f", for {counted(len(event.sessions), 'missed session')}" if event.sessions else ""
    minutes = f"{counted(event.minutes, f'{plainly(event.kind)} minute')} of {item}"
    if isinstance(event, MakeUpOffered):
        return Told(f"offered {minutes}{sessions}{by_on}", said=terms, reported=event.reported)
    holder = f" with {names.holder(event.holder_id)}" if event.holder_id else ""
    ground = label("make_up_ground", event.ground)
    return Told(f"recorded {minutes} as agreed{holder} ({ground}){sessions}{by_on}", said=terms,
                reported=event.reported)  # fmt: skip


def _use(
    event: ResponsibilityAcknowledged | AccommodationUsed | AccommodationUseVoided, names: Names
) -> Told:
    item = names.item(event.item_id)
    match event:
        case ResponsibilityAcknowledged():
            what = (
                f"recorded that {names.staff(event.staff_id)} knows their duties under {item} ({event.how})"
            )
            return Told(what, reported=event.reported)
        case AccommodationUsed():
            by = f" by {names.staff(event.by)}" if event.by else ""
            place = f" ({label('place', event.place)})" if event.place else ""
            note = event.personal.note if event.personal else None
            return Told(f"recorded that {item} was {plainly(event.outcome)}{by}{place}", said=note,
                        reported=event.reported)  # fmt: skip
        case AccommodationUseVoided():
            return Told(f"struck out a record of use of {item}", why=event.personal.reason)
        case _:
            assert_never(event)


def _report(event: ProgressReportIssued | ProgressReportVoided, names: Names) -> Told:
    if isinstance(event, ProgressReportVoided):
        return Told("struck out a progress report", why=event.personal.reason)
    period = f"{day_in_words(event.first_on)} to {day_in_words(event.last_on)}"
    due = f", due {day_in_words(event.due_on)}" if event.due_on else ""
    goals = "; ".join(f"{names.item(goal.item_id)}: {plainly(goal.standing)}" for goal in event.goals)
    told = f" ({goals})" if goals else ""
    return Told(f"issued the progress report for {period}{due}{told}", said=event.personal.summary,
                reported=event.reported)  # fmt: skip
