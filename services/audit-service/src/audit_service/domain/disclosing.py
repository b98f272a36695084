"""A disclosure made by hand or elsewhere: to whom, of what, when, how and on which ground (34 CFR 300.614, 99.32).

A copy that a parent or adult student gets of their own record is one (99.10, 300.306(a)(2), 300.322(f)); so is what
somebody else was given under a signed consent, or under an exception of 99.31.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from audit_service.domain.disclosure import NOT_YET_HERE, Disclosure, RecordRights, without_consent
from contracts.audit import DisclosurePersonalData, DisclosureRecorded
from contracts.fields import ExternalId
from contracts.problems import Invalid, Reason, Rejected
from contracts.values import Reported, Unmet
from contracts.vocabulary import AccessGround, Channel, RecordKind, ReleasePurpose


class DisclosureRefused(Rejected):
    """The ground named does not let this be disclosed; one that was made all the same is reported."""

    code = "disclosure-refused"


@dataclass(frozen=True, slots=True)
class RecordDisclosure:
    """Part of a record is given to somebody, or was."""

    disclosure: UUID
    student: UUID
    personal: DisclosurePersonalData
    purpose: ReleasePurpose
    ground: AccessGround
    items: tuple[RecordKind, ...]
    today: date
    disclosed_on: date | None = None
    holder: UUID | None = None
    release: UUID | None = None
    channel: Channel | None = None
    external_id: ExternalId | None = None
    reported: Reported | None = None


def record_disclosure(command: RecordDisclosure, rights: RecordRights) -> list[DisclosureRecorded]:
    """Record it. Refused where its ground does not hold, unless it has happened already and is reported."""
    on = _day(command, rights)
    _ids_are_known(command, rights)
    event = DisclosureRecorded(
        effective_on=on, disclosure_id=command.disclosure, student_id=command.student, personal=command.personal,
        purpose=command.purpose, ground=command.ground, release_id=command.release, items=command.items,
        external_id=command.external_id, holder_id=command.holder, channel=command.channel,
    )  # fmt: skip
    reported = _settled(tuple(unmet_by(event, rights)), command.reported)
    return [event.model_copy(update={"reported": reported})]


def _day(command: RecordDisclosure, rights: RecordRights) -> date:
    said, reported = command.disclosed_on, command.reported
    pointer = "/disclosed_on" if said is not None or reported is None else "/reported/occurred_on"
    if said is not None and reported is not None and said != reported.occurred_on:
        message = f"It was disclosed on one day: {said} and {reported.occurred_on} contradict each other."
        raise _cannot_be_true("two-days", message, pointer)
    on = said or (reported.occurred_on if reported else command.today)
    if on > command.today:
        raise _cannot_be_true("disclosed-in-the-future", f"{on} is still to come.", pointer)
    if rights.personal is not None and on < rights.personal.birth_date:
        raise _cannot_be_true("disclosed-before-birth", f"On {on} the student was not born yet.", pointer)
    return on


def _ids_are_known(command: RecordDisclosure, rights: RecordRights) -> None:
    if command.holder is not None and not rights.knows(command.holder):
        message = "This id is neither the student's nor of anybody who was ever confirmed as a holder of their rights."
        raise _cannot_be_true("holder-unknown", message, "/holder", NOT_YET_HERE)
    if command.release is not None and command.release not in rights.releases:
        raise _cannot_be_true(
            "release-unknown", "The release named is not in this student's record.", "/release", NOT_YET_HERE
        )


def unmet_by(event: DisclosureRecorded, rights: RecordRights) -> Iterator[Reason]:
    """Every reason why the ground that a disclosure names does not hold on its day, each with citation and cure."""
    if event.ground is AccessGround.OWN_RECORD:
        yield from _not_their_own(event, rights)
    elif event.ground is AccessGround.CONSENT:
        yield from _not_consented(event, rights)


def _not_their_own(event: DisclosureRecorded, rights: RecordRights) -> Iterator[Reason]:
    on, holder = event.effective_on, event.holder_id
    if holder is None or not rights.holds_record(holder, on):
        message = f"who received it did not hold the record rights on {on}."
        cure = (
            "Name in `holder` whoever holds them, confirm these rights first, or name another ground: "
            "a parent of an adult student who depends on them for tax is `parent_of_dependent_student`."
        )
        yield Reason("recipient-held-no-record-rights", message, "34 CFR 99.10, 99.4, 99.5", cure, "/holder")
    elif not rights.is_called(holder, event.personal.recipient):
        message = "the recipient named is not the holder whose right it was."
        cure = (
            "Name the holder as recipient, by the name on record. What somebody else is given, the holder's representative "
            "among them (34 CFR 300.613(b)(3)), has the ground `consent`."
        )
        yield Reason("recipient-is-not-the-holder", message, "34 CFR 99.10, 300.613", cure, "/recipient/name")


def _not_consented(event: DisclosureRecorded, rights: RecordRights) -> Iterator[Reason]:
    to, release_id = event.personal.recipient, event.release_id
    yield from without_consent(
        Disclosure(event.student_id, release_id, event.purpose, to, event.effective_on), rights
    )
    release = rights.releases.get(release_id) if release_id else None
    more = [] if release is None else not_named(event.items, release.records)
    if more:
        message = f"the release does not name {', '.join(kind.value.replace('_', ' ') for kind in more)}."
        cure = "Record a release that names these records too."
        yield Reason("records-not-covered", message, "34 CFR 99.30(b)(1)", cure, "/items")


def not_named(items: Sequence[RecordKind], named: Sequence[RecordKind]) -> list[RecordKind]:
    """The parts of the record that a consent to ``named`` does not cover."""
    return [] if RecordKind.WHOLE_RECORD in named else [kind for kind in items if kind not in named]


def _settled(unmet: Sequence[Reason], reported: Reported | None) -> Reported | None:
    if reported is None:
        if unmet:
            raise DisclosureRefused(
                "This may not be disclosed: " + " ".join(reason.message for reason in unmet)
                + " If it has happened already, record it as it was with `reported`.", reasons=tuple(unmet),
            )  # fmt: skip
        return None
    said = (Unmet(code=each.code, citation=each.citation, message=each.message) for each in unmet)
    return reported.model_copy(update={"unmet": tuple(said)})


def _cannot_be_true(code: str, message: str, pointer: str, cure: str | None = None) -> Invalid:
    return Invalid(message, reasons=(Reason(code, message, cure=cure, pointer=pointer),))
