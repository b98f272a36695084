"""Who holds a student's educational rights, confirmed by a person with the ground (34 CFR 300.30, 300.519, 300.520, 99.5).

A contact, caregiver or roster's "guardian" holds none until a person has confirmed the authority. Four rights are kept
apart, each with its days: to decide, over the record, to be given notice, to be contacted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from contracts.day_count import count_from
from contracts.fields import ExternalId, HolderId, LanguageTag, PersonRef, StudentId
from contracts.problems import NotFound, Reason
from contracts.students import (
    Held,
    HolderPersonalData,
    Rights,
    RightsHolderConfirmed,
    RightsHolderEnded,
    StudentEvent,
)
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import RightsEnd, RightsGround
from plan_service.domain.identity import must_be_known
from plan_service.domain.rules import Rules, UnmetRules, cannot_be_true, day_of, not_in_the_future, settle
from plan_service.domain.student import Holder, Student, birthday

OF_THE_STUDENT = frozenset({RightsGround.ADULT_STUDENT, RightsGround.APPOINTED_REPRESENTATIVE})
"""Rights that come with majority; every other ground is a parent's and ends with it."""

SHOWN_BY_PAPER = frozenset(
    {
        RightsGround.COURT_ORDER,
        RightsGround.GUARDIAN,
        RightsGround.SURROGATE,
        RightsGround.APPOINTED_REPRESENTATIVE,
    }
)
"""Grounds that rest on an order or appointment somebody must have seen."""

IN_PLACE_OF_AN_ADULT = frozenset(
    {RightsGround.GUARDIAN, RightsGround.COURT_ORDER, RightsGround.APPOINTED_REPRESENTATIVE}
)
"""300.520(a) and (b): who may decide for a student of age. An order about the child's parents ends with majority: one that
goes on, or is made for it, is confirmed with a right that begins on that day or later."""


class RightsNotConfirmed(UnmetRules):
    """The authority of a person is not shown."""

    code = "rights-not-confirmed"
    what = "Confirming this person"


@dataclass(frozen=True, slots=True)
class ConfirmRightsHolder:
    """A person has looked at the ground and confirms it."""

    holder_id: HolderId
    personal: HolderPersonalData
    ground: RightsGround
    rights: Rights
    language: LanguageTag
    confirmed_by: PersonRef | None
    """The staff member who looked; ``None`` where nobody is named."""
    today: date
    rules: Rules
    contact_id: UUID | None = None
    evidence: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def confirm_rights_holder(student: Student, command: ConfirmRightsHolder) -> list[StudentEvent]:
    """Confirm somebody's rights, or state them anew in full. At majority the parents' rights to decide end."""
    student_id = must_be_known(student)
    not_in_the_future(command.reported, command.today)
    _could_be_true(student, command)
    reported = settle(RightsNotConfirmed, tuple(_unmet(student, command)), command.reported)
    confirmed = RightsHolderConfirmed(
        effective_on=day_of(command.reported, command.today), student_id=student_id, holder_id=command.holder_id,
        contact_id=command.contact_id, personal=command.personal, ground=command.ground, rights=command.rights,
        language=command.language, confirmed_by=command.confirmed_by or "unknown", evidence=command.evidence,
        external_id=command.external_id, reported=reported,
    )  # fmt: skip
    if _stands_already(student.holders.get(command.holder_id), confirmed):
        return []
    return [confirmed, *_passed_to_the_student(student, student_id, confirmed, command.rules)]


def end_rights_holder(
    student: Student, holder_id: HolderId, reason: RightsEnd, ends_on: date, ended_by: PersonRef
) -> list[StudentEvent]:
    """All rights of a holder end; ``ends_on`` is the first day without them."""
    student_id = must_be_known(student)
    known = student.holders.get(holder_id)
    if known is None:
        raise NotFound("This student has no such rights holder.")
    if known.ended_on is not None and known.ended_on <= ends_on:
        return []
    if ends_on < first_day(known.rights):
        raise cannot_be_true(
            "ends-before-it-begins", f"The first right begins on {first_day(known.rights)}.", "/on"
        )
    return [RightsHolderEnded(effective_on=ends_on, student_id=student_id, holder_id=holder_id, reason=reason,
                              confirmed_by=ended_by)]  # fmt: skip


def holds(holder: Holder, right: Held | None, day: date) -> bool:
    """The holder has the right on ``day``."""
    if right is None or day < right.starts_on or (holder.ended_on is not None and day >= holder.ended_on):
        return False
    return right.ends_on is None or day <= right.ends_on


def rights_pass_on(student: Student, rules: Rules) -> date | None:
    """300.520(a): the day of majority, where the state lets the right to decide pass; nothing is written for it."""
    if student.personal is None or not rules.rights_transfer:
        return None
    return birthday(student.personal.birth_date, rules.majority_age)


def told_of_rights_by(student: Student, rules: Rules) -> date | None:
    """300.320(c): by when, a year before at the latest, an IEP says that the student was told of it."""
    passes_on = rights_pass_on(student, rules)
    return count_from(passes_on, rules.told_of_rights).on if passes_on else None


def decides_on(student: Student, who: HolderId, day: date, rules: Rules) -> bool:
    """Whether ``who`` consents and refuses on ``day``: before majority who was confirmed, from then on the student.

    In the student's place decides who was appointed to it, 300.520(a) and (b): then the student does not.
    """
    passes_on = rights_pass_on(student, rules)
    holder = student.holders.get(who)
    if passes_on is None or day < passes_on:
        return holder is not None and holds(holder, holder.rights.decision, day)
    if who == student.student_id:
        taken = holder is not None and holder.ended_on is not None and day >= holder.ended_on
        return not taken and not any(
            _in_the_students_place(each, day, passes_on) for each in student.holders.values()
        )
    return holder is not None and _in_the_students_place(holder, day, passes_on)


def deciding_on(student: Student, day: date, rules: Rules) -> tuple[HolderId, ...]:
    """Everybody who consents and refuses on ``day``. Of two, one refusal stands against the other's consent."""
    around = dict.fromkeys((*student.holders, *([student.student_id] if student.student_id else [])))
    return tuple(who for who in around if decides_on(student, who, day, rules))


def _in_the_students_place(holder: Holder, day: date, since: date) -> bool:
    decision = holder.rights.decision
    appointed = holder.ground in IN_PLACE_OF_AN_ADULT and decision is not None and decision.starts_on >= since
    return appointed and holds(holder, decision, day)


def holds_record_rights(student: Student, who: HolderId, day: date) -> bool:
    """Whether ``who`` inspects and releases the record on ``day``: from 18 on the student alone (99.3, 99.5)."""
    adult = is_adult(student, day)
    if adult and who == student.student_id:
        return True
    holder = student.holders.get(who)
    if holder is None or (adult and not _of_an_adult(student, holder)):
        return False
    return holds(holder, holder.rights.record, day)


def _of_an_adult(student: Student, holder: Holder) -> bool:
    """The student's own, or of somebody appointed to hold it in the student's place."""
    record, adult_on = holder.rights.record, student.adult_on
    if holder.ground in OF_THE_STUDENT:
        return True
    appointed = holder.ground in IN_PLACE_OF_AN_ADULT and record is not None and adult_on is not None
    return appointed and record is not None and adult_on is not None and record.starts_on >= adult_on


def is_adult(student: Student, day: date) -> bool:
    """Eighteen on ``day``."""
    return student.adult_on is not None and day >= student.adult_on


def must_be_around(student: Student, who: HolderId, pointer: str = "/holder") -> None:
    """Refuse the id of somebody who is not known around this student: no holder, no contact, not the student."""
    if who != student.student_id and who not in student.holders and who not in student.contacts:
        raise cannot_be_true(
            "unknown-holder",
            "Nobody by this id is known for this student. Add the person as a contact first.",
            pointer,
        )


def first_day(rights: Rights) -> date:
    """The first day of the earliest right."""
    return min(held.starts_on for _, held in each_right(rights))


def each_right(rights: Rights) -> Iterator[tuple[str, Held]]:
    """The rights that are held, by name."""
    for name in ("decision", "record", "notice", "contact"):
        held: Held | None = getattr(rights, name)
        if held is not None:
            yield name, held


def _could_be_true(student: Student, command: ConfirmRightsHolder) -> None:
    held = tuple(each_right(command.rights))
    if not held:
        raise cannot_be_true(
            "no-rights", "Name at least one of the four rights; without any it is a contact.", "/rights"
        )
    for name, right in held:
        if right.ends_on is not None and right.ends_on < right.starts_on:
            raise cannot_be_true(
                "ends-before-it-begins", "The right ends before it begins.", f"/rights/{name}/ends_on"
            )
        if student.personal is not None and right.starts_on < student.personal.birth_date:
            raise cannot_be_true(
                "begins-before-birth",
                "Nobody holds rights for a student before the birth.",
                f"/rights/{name}/starts_on",
            )
    if command.contact_id is not None and command.contact_id not in student.contacts:
        raise cannot_be_true("unknown-contact", "This student has no such contact.", "/contact")
    if (command.ground is RightsGround.ADULT_STUDENT) != (command.holder_id == student.student_id):
        raise cannot_be_true(
            "adult-student-is-the-student",
            "The ground adult_student is the student's own, and nobody else's.",
            "/ground",
        )


def _unmet(student: Student, command: ConfirmRightsHolder) -> Iterator[Reason]:
    if command.confirmed_by is None:
        yield Reason(
            "not-confirmed-by-a-person", "Authority is confirmed by a person who has looked at the ground.",
            "34 CFR 300.30", "Name the staff member in confirmed_by, or let that person confirm it.", "/confirmed_by",
        )  # fmt: skip
    sourced = all(held.source for _, held in each_right(command.rights))
    if command.ground in SHOWN_BY_PAPER and command.evidence is None and not sourced:
        yield Reason(
            "evidence-required", "This ground rests on an order or an appointment that somebody has seen.",
            "34 CFR 300.30(b)(2), 300.519, 300.520(b)", "Add the document as evidence, or name it as the source of each right.",
            "/evidence",
        )  # fmt: skip
    adult_on = student.adult_on
    if student.personal is None or adult_on is None:
        return
    majority_on = birthday(student.personal.birth_date, command.rules.majority_age)
    for name, held in each_right(command.rights):
        # The record is the student's at 18 in every state; the rest passes at the state's age of majority.
        begins_on = adult_on if name == "record" else majority_on
        if command.ground in OF_THE_STUDENT and held.starts_on < begins_on:
            yield Reason(
                "not-yet-an-adult", f"An adult's own rights, or their representative's, begin on {begins_on} at the earliest.",
                "34 CFR 300.520, 99.3", f"Let the right begin on {begins_on} or later.", f"/rights/{name}/starts_on",
            )  # fmt: skip
    own_decision = command.rights.decision
    if command.ground is RightsGround.ADULT_STUDENT and own_decision and not command.rules.rights_transfer:
        yield Reason(
            "rights-do-not-pass", "In this state no right to decide passes to the student at majority.",
            "34 CFR 300.520", "Leave the right to decide out; the right over the record is the student's.",
            "/rights/decision",
        )  # fmt: skip
    if command.ground is RightsGround.ADULT_STUDENT and own_decision:
        yield from _decided_for_the_student(student, own_decision.starts_on, command.rules)
    record, of_an_adult = command.rights.record, OF_THE_STUDENT | IN_PLACE_OF_AN_ADULT
    if command.ground not in of_an_adult and record is not None and record.starts_on >= adult_on:
        yield Reason(
            "record-rights-are-the-students", f"Since {adult_on} the record rights are the student's own.",
            "34 CFR 99.5(a)", "Leave the record right out, or let the student release the record.", "/rights/record",
        )  # fmt: skip
    decision = command.rights.decision
    if command.ground not in OF_THE_STUDENT and decision is not None:
        passed_on = _decision_passed_on(student, command)
        if passed_on is not None and (decision.ends_on is None or decision.ends_on >= passed_on):
            yield Reason(
                "decision-rights-have-passed", f"Since {passed_on} the student decides.", "34 CFR 300.520(a)(1)(ii)",
                f"Let the right to decide end before {passed_on}.", "/rights/decision",
            )  # fmt: skip


def _decided_for_the_student(student: Student, day: date, rules: Rules) -> Iterator[Reason]:
    """300.520(a): nothing passes to a student for whom a court lets somebody else decide."""
    passes_on = rights_pass_on(student, rules)
    if passes_on is not None and any(
        _in_the_students_place(each, day, passes_on) for each in student.holders.values()
    ):
        yield Reason(
            "decided-in-the-students-place", f"On {day} somebody appointed to it decides for the student.",
            "34 CFR 300.520(a), (b)",
            "Leave the right to decide out; when the appointment has ended, end that person's rights first.",
            "/rights/decision",
        )  # fmt: skip


def _decision_passed_on(student: Student, command: ConfirmRightsHolder) -> date | None:
    """The day, where it would be contradicted: by a parent's right to decide that begins on it or later, or goes on."""
    decision, passes_on = command.rights.decision, rights_pass_on(student, command.rules)
    if passes_on is not None and decision is not None and decision.starts_on >= passes_on:
        return None if command.ground in IN_PLACE_OF_AN_ADULT else passes_on
    return min(
        (
            holder.rights.decision.starts_on
            for holder in student.holders.values()
            if holder.ground is RightsGround.ADULT_STUDENT
            and holder.rights.decision
            and holder.ended_on is None
        ),
        default=None,
    )


def _stands_already(known: Holder | None, confirmed: RightsHolderConfirmed) -> bool:
    if known is None or known.ended_on is not None:
        return False
    return (known.personal, known.ground, known.rights, known.language, known.contact_id, known.evidence) == (
        confirmed.personal, confirmed.ground, confirmed.rights, confirmed.language, confirmed.contact_id,
        confirmed.evidence,
    )  # fmt: skip


def _passed_to_the_student(
    student: Student, student_id: StudentId, confirmed: RightsHolderConfirmed, rules: Rules
) -> Iterator[RightsHolderConfirmed]:
    """300.520(a)(1): notices go on to the parents too, decisions and the record are the student's.

    Whoever was appointed to decide for the adult is no parent whose rights pass.
    """
    if confirmed.ground is not RightsGround.ADULT_STUDENT:
        return
    passes_on = rights_pass_on(student, rules)
    for holder_id, known in student.holders.items():
        decision = known.rights.decision
        if known.ground in OF_THE_STUDENT or known.ended_on is not None:
            continue
        if passes_on and decision and _in_the_students_place(known, decision.starts_on, passes_on):
            continue
        left = Rights(
            decision=_until(known.rights.decision, confirmed.rights.decision),
            record=_until(known.rights.record, confirmed.rights.record),
            notice=known.rights.notice,
            contact=known.rights.contact,
        )
        if left != known.rights:
            yield RightsHolderConfirmed(
                effective_on=confirmed.effective_on, student_id=student_id, holder_id=holder_id,
                contact_id=known.contact_id, personal=known.personal, ground=known.ground, rights=left,
                language=known.language, confirmed_by=confirmed.confirmed_by, evidence=known.evidence,
                external_id=known.external_id, reported=confirmed.reported,
            )  # fmt: skip


def _until(parents: Held | None, students: Held | None) -> Held | None:
    """A parent's right, ended on the day before the student's own begins."""
    if parents is None or students is None:
        return parents
    last = students.starts_on - timedelta(days=1)
    if last < parents.starts_on:
        return None
    if parents.ends_on is not None and parents.ends_on <= last:
        return parents
    return parents.model_copy(update={"ends_on": last})
