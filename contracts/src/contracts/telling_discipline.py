"""Removals and what follows from them in sentences."""

from typing import assert_never

from contracts.discipline import (
    DisciplineEvent,
    ManifestationDetermined,
    ManifestationFollowed,
    RemovalDecided,
    RemovalEnded,
    RemovalRecorded,
    RemovalServicesGiven,
)
from contracts.plain_words import day_in_words
from contracts.telling import Names, Told, When, plainly
from contracts.telling_transfers import services_told
from contracts.vocabulary import Law, ManifestationStep

_STEP = {
    ManifestationStep.BEHAVIOR_ASSESSMENT_STARTED: "that an assessment of the student's behavior was begun",
    ManifestationStep.BEHAVIOR_PLAN_MADE: "that a plan for the student's behavior was made",
    ManifestationStep.BEHAVIOR_PLAN_REVIEWED: "that the plan for the student's behavior was reviewed",
    ManifestationStep.RETURNED: "that the student is back in their placement",
    ManifestationStep.PLACEMENT_AGREED: "that parents and district agreed on another placement",
}


def tell_discipline(event: DisciplineEvent, names: Names) -> Told:
    """One event of a student's removals."""
    match event:
        case RemovalRecorded():
            last = f" until {day_in_words(event.ends_on)}" if event.ends_on != event.effective_on else ""
            no = "" if event.counts else ", which does not count as a removal"
            special = f", for {plainly(event.circumstance)}" if event.circumstance else ""
            what = f"removed the student from their placement ({plainly(event.setting)}{special}){last}{no}"
            why = event.personal.behavior if event.personal else event.code_of_conduct
            return Told(what, When.FROM, why, reported=event.reported)
        case RemovalEnded():
            why = event.personal.reason if event.personal else None
            return Told(
                "took the student back before the removal was over", When.UNTIL, why, reported=event.reported
            )
        case RemovalServicesGiven():
            until = day_in_words(event.ends_on)
            what = f"gave services during a removal until {until}: {services_told(event.services)}"
            return Told(
                what, When.FROM, event.personal.words if event.personal else None, reported=event.reported
            )
        case RemovalDecided():
            return _decided(event)
        case ManifestationDetermined():
            return _determined(event)
        case ManifestationFollowed():
            return Told(f"recorded {_STEP[event.step]}", why=event.personal.words if event.personal else None,
                        reported=event.reported)  # fmt: skip
        case _:
            assert_never(event)


def _decided(event: RemovalDecided) -> Told:
    are = "are a" if event.change_of_placement else "are no"
    due = f"; its review is due by {day_in_words(event.due_on)}" if event.due_on else ""
    what = f"decided that removals of {event.school_days} school days {are} change of placement ({plainly(event.ground)})"
    said = event.personal
    factors = [said.behavior, said.length, said.total, said.closeness] if said else []
    return Told(f"{what}{due}", why=" ".join(filter(None, factors)) or None, reported=event.reported)


def _determined(event: ManifestationDetermined) -> Told:
    causes = [
        *(["caused by the disability"] if event.by_disability else []),
        *(["caused by the district's failure to carry out the plan"] if event.by_failure else []),
    ]
    found = f"is {' and '.join(causes)}" if causes else "is no manifestation of the disability"
    law = "IDEA" if event.law is Law.IDEA else "Section 504"
    drugs = "; current illegal use of drugs or use of alcohol is excepted" if event.current_drug_use else ""
    basis = event.personal.basis if event.personal else None
    what = f"recorded the determination under {law} that the behavior {found}{drugs}"
    return Told(what, why=basis, reported=event.reported)
