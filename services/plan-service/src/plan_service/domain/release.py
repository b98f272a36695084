"""Consent to a disclosure: signed and dated by the holder of the record rights (34 CFR 99.30, 99.5, 300.622)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.fields import ExternalId, HolderId
from contracts.problems import NotFound, Reason
from contracts.students import ReleasePersonalData, ReleaseRevoked, ReleaseSigned, StudentEvent
from contracts.values import DocumentRef, Reported
from contracts.vocabulary import ConsentMethod, RecordKind, ReleasePurpose
from plan_service.domain.identity import must_be_known
from plan_service.domain.rights_holder import holds_record_rights, is_adult, must_be_around
from plan_service.domain.rules import UnmetRules, cannot_be_true, done_on, settle
from plan_service.domain.student import Student


class ReleaseRefused(UnmetRules):
    """The signature does not let the record go."""

    code = "release-refused"
    what = "This release"


@dataclass(frozen=True, slots=True)
class SignRelease:
    """Somebody signs that records may go to a party."""

    release_id: UUID
    holder_id: HolderId
    personal: ReleasePersonalData
    purpose: ReleasePurpose
    records: tuple[RecordKind, ...]
    method: ConsentMethod
    today: date
    signed_on: date | None = None
    expires_on: date | None = None
    document: DocumentRef | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def sign_release(student: Student, command: SignRelease) -> list[StudentEvent]:
    """Record a release. A reported one of somebody without the right stands in the record and opens nothing."""
    student_id = must_be_known(student)
    must_be_around(student, command.holder_id)
    signed_on = done_on(command.signed_on, command.reported, command.today, "signed")
    if command.expires_on is not None and command.expires_on < signed_on:
        raise cannot_be_true(
            "ends-before-it-begins", "The release expires before it is signed.", "/expires_on"
        )
    unmet = tuple(_unmet(student, command, signed_on))
    return [
        ReleaseSigned(
            effective_on=signed_on, student_id=student_id, release_id=command.release_id, holder_id=command.holder_id,
            personal=command.personal, purpose=command.purpose, records=command.records, expires_on=command.expires_on,
            method=command.method, document=command.document, external_id=command.external_id,
            reported=settle(ReleaseRefused, unmet, command.reported),
        )
    ]  # fmt: skip


def revoke_release(
    student: Student, release_id: UUID, on: date, holder_id: HolderId | None
) -> list[StudentEvent]:
    """The release no longer serves from ``on``; what was disclosed before stays disclosed."""
    student_id = must_be_known(student)
    known = student.releases.get(release_id)
    if known is None:
        raise NotFound("This student has no such release.")
    if on < known.signed_on:
        raise cannot_be_true("revoked-before-signed", f"The release was signed on {known.signed_on}.", "/on")
    if known.revoked_on is not None:
        return []
    if holder_id is not None:
        must_be_around(student, holder_id)
    return [
        ReleaseRevoked(effective_on=on, student_id=student_id, release_id=release_id, holder_id=holder_id)
    ]


def _unmet(student: Student, command: SignRelease, signed_on: date) -> Iterator[Reason]:
    if not holds_record_rights(student, command.holder_id, signed_on):
        if is_adult(student, signed_on):
            yield Reason(
                "release-by-the-student-only",
                f"Since {student.adult_on} the record rights are the student's own; a parent's signature does not count.",
                "34 CFR 99.5(a), 99.30", "Let the student sign the release.", "/holder",
            )  # fmt: skip
        else:
            yield Reason(
                "release-not-by-rights-holder", "Whoever signed holds no right over the record on that day.",
                "34 CFR 99.30(a)", "Let a holder of the record rights sign, or confirm this person's rights first.",
                "/holder",
            )  # fmt: skip
    if command.method is ConsentMethod.ORAL:
        yield Reason(
            "release-needs-signature", "Consent to a disclosure is written, signed and dated.", "34 CFR 99.30(a)",
            "Have it signed on paper or electronically.", "/method",
        )  # fmt: skip
