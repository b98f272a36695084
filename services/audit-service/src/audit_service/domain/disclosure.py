"""May this record go to that recipient? Signed, dated consent of whoever holds the record rights: 34 CFR 99.30, 99.5.

There is no reporting way out here: it is Handrail itself that would disclose. A disclosure made by hand or elsewhere is
recorded as such: `audit_service.domain.disclosing`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from contracts.event import Event, Recorded
from contracts.problems import Reason, Rejected
from contracts.students import (
    ReleaseRevoked,
    ReleaseSigned,
    RightsHolderConfirmed,
    RightsHolderEnded,
    StudentChanged,
    StudentPersonalData,
    StudentRegistered,
)
from contracts.vocabulary import ConsentMethod, RecordKind, ReleasePurpose, RightsGround

ELIGIBLE_AT = 18
"""99.3: an eligible student has reached 18 or attends a college."""
SIGNED = frozenset({ConsentMethod.PAPER_SIGNATURE, ConsentMethod.ELECTRONIC_SIGNATURE})
OWN_RIGHTS = frozenset({RightsGround.ADULT_STUDENT, RightsGround.APPOINTED_REPRESENTATIVE})
APPOINTED = frozenset({RightsGround.GUARDIAN, RightsGround.COURT_ORDER})
"""For an adult student only where the right begins at 18 or later: an order about the child's parents ends with majority."""


@dataclass(frozen=True)
class RecordRights:
    """Of one student: who they are, who held which rights when, what was released and revoked."""

    student: UUID | None = None
    personal: StudentPersonalData | None = None
    holders: tuple[Recorded[Event], ...] = ()
    releases: dict[UUID, ReleaseSigned] = field(default_factory=dict)
    revoked_on: dict[UUID, date] = field(default_factory=dict)

    def holding(self, holder: UUID, day: date) -> RightsHolderConfirmed | None:
        """The confirmation under which somebody holds the record rights on a day; ``None`` when they do not."""
        spoken = [
            ((entry.effective_on, place), entry.event)
            for place, entry in enumerate(self.holders)
            if entry.effective_on <= day and getattr(entry.event, "holder_id", None) == holder
        ]
        latest = max(spoken, key=lambda each: each[0])[1] if spoken else None
        if not isinstance(latest, RightsHolderConfirmed) or latest.rights.record is None:
            return None
        held = latest.rights.record
        return latest if held.starts_on <= day and (held.ends_on is None or day <= held.ends_on) else None

    def holds_record(self, holder: UUID, day: date) -> bool:
        """Whether somebody inspects and releases the record on ``day``: from 18 on the student alone (99.3, 99.5).

        Nothing is written at 18: the student is named by their own id, confirmed or not. Who was appointed for an adult holds
        it in the student's place. plan-service decides by the same rule.
        """
        adult_on = self.adult_on
        adult = adult_on is not None and day >= adult_on
        if adult and holder == self.student:
            return True
        held = self.holding(holder, day)
        if held is None or not adult or held.ground in OWN_RIGHTS:
            return held is not None
        record = held.rights.record
        since = record.starts_on if record is not None else None
        return held.ground in APPOINTED and since is not None and adult_on is not None and since >= adult_on

    @property
    def adult_on(self) -> date | None:
        """The eighteenth birthday; of 29 February the day after."""
        if self.personal is None:
            return None
        born = self.personal.birth_date
        leap = (born.month, born.day) == (2, 29)
        return date(born.year + ELIGIBLE_AT, 3, 1) if leap else born.replace(year=born.year + ELIGIBLE_AT)

    def is_called(self, holder: UUID, name: str) -> bool:
        """Whether ``name`` is one that a holder, or the student, has been recorded under."""
        names = {
            entry.event.personal.name for entry in self.holders
            if isinstance(entry.event, RightsHolderConfirmed) and entry.event.holder_id == holder
        }  # fmt: skip
        if holder == self.student and self.personal is not None:
            names.add(f"{self.personal.given_name} {self.personal.family_name}")
        return same_party(name) in {same_party(each) for each in names}

    def knows(self, holder: UUID) -> bool:
        """The student, or somebody who holds or once held rights of theirs."""
        return holder == self.student or any(
            getattr(entry.event, "holder_id", None) == holder for entry in self.holders
        )

    def age_on(self, day: date) -> int | None:
        """Full years; ``None`` while the birth date is not known."""
        if self.personal is None:
            return None
        born = self.personal.birth_date
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def record_rights(entries: Iterable[Recorded[Event]]) -> RecordRights:
    """Fold a student's events in known order."""
    rights = RecordRights()
    for entry in entries:
        event = entry.event
        match event:
            case StudentRegistered() | StudentChanged():
                rights = replace(rights, student=event.student_id, personal=event.personal)
            case RightsHolderConfirmed() | RightsHolderEnded():
                rights = replace(rights, holders=(*rights.holders, entry))
            case ReleaseSigned():
                rights = replace(rights, releases=rights.releases | {event.release_id: event})
            case ReleaseRevoked():
                rights = replace(
                    rights, revoked_on=rights.revoked_on | {event.release_id: event.effective_on}
                )
    return rights


class ReleaseRequired(Rejected):
    """The record may not go out without a release that covers this very disclosure."""

    code = "release-required"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What is to go out: to whom, for what, on which day."""

    student: UUID
    release: UUID | None
    purpose: ReleasePurpose
    recipient: str
    on: date


def release_for(disclosure: Disclosure, rights: RecordRights) -> ReleaseSigned:
    """The release that lets this go out; raises `ReleaseRequired` with every reason, each with citation and cure."""
    if unmet := without_consent(disclosure, rights):
        raise ReleaseRequired(
            "This may not be sent: " + " ".join(reason.message for reason in unmet),
            reasons=unmet, release=disclosure.release,
        )  # fmt: skip
    assert disclosure.release is not None
    return rights.releases[disclosure.release]


def without_consent(disclosure: Disclosure, rights: RecordRights) -> tuple[Reason, ...]:
    """Every reason why the release named does not let this go out, each with citation and cure; empty: it does."""
    release = rights.releases.get(disclosure.release) if disclosure.release else None
    return tuple(_without_release(disclosure) if release is None else _unmet(disclosure, release, rights))


_CURE = (
    "Record a release by POST /plan/v1/students/{id}/releases, signed by whoever holds the record rights now."
)


NOT_YET_HERE = (
    "Name one of this student's. If it was recorded only just now it may not have arrived here yet: "
    "GET /audit/v1/students/{id}/timeline?after_event= with the Handrail-Event of that answer waits for it; then send this again."
)


def _without_release(disclosure: Disclosure) -> Iterator[Reason]:
    if disclosure.release is None:
        message = "no release was named; a record goes out only with a signed and dated consent."
        yield Reason("no-release", message, "34 CFR 99.30(a)", _CURE, "/release")
    else:
        message = "the release named is not in this student's record."
        yield Reason("release-unknown", message, "34 CFR 99.30(a)", NOT_YET_HERE, "/release")


def _unmet(disclosure: Disclosure, release: ReleaseSigned, rights: RecordRights) -> Iterator[Reason]:
    on = disclosure.on
    if release.method not in SIGNED:
        message = "the release is not signed: a message or an oral yes does not serve."
        yield Reason("release-not-signed", message, "34 CFR 99.30(a), (d)", _CURE)
    yield from _signer(release, rights, on)
    if release.effective_on > on:
        message = f"the release is dated {release.effective_on}, which has not come yet."
        yield Reason("release-not-yet-signed", message, "34 CFR 99.30(a)")
    if release.expires_on is not None and on > release.expires_on:
        message = f"the release served until {release.expires_on}."
        yield Reason("release-expired", message, "34 CFR 99.30", _CURE)
    revoked_on = rights.revoked_on.get(release.release_id)
    if revoked_on is not None and revoked_on <= on:
        message = f"the release was revoked, and serves no longer from {revoked_on}."
        yield Reason("release-revoked", message, "34 CFR 99.30", _CURE)
    if release.purpose is not disclosure.purpose:
        asked, given = (purpose.value.replace("_", " ") for purpose in (disclosure.purpose, release.purpose))
        message = f"the release is for the purpose “{given}”, not “{asked}”."
        yield Reason("purpose-not-covered", message, "34 CFR 99.30(b)(2)", _CURE, "/purpose")
    if same_party(release.personal.recipient) != same_party(disclosure.recipient):
        message = "the release names another recipient."
        yield Reason("recipient-not-covered", message, "34 CFR 99.30(b)(3)", _CURE, "/recipient/name")


def _signer(release: ReleaseSigned, rights: RecordRights, on: date) -> Iterator[Reason]:
    who, signed_on = release.holder_id, release.effective_on
    now = max(on, signed_on)
    if rights.holds_record(who, signed_on) and rights.holds_record(who, now):
        return
    if rights.holding(who, signed_on) is None:
        message = f"who signed did not hold the record rights on {signed_on}."
        yield Reason("signer-held-no-record-rights", message, "34 CFR 99.30(a), 99.4, 99.5", _CURE)
    elif rights.holding(who, now) is None:
        message = f"who signed no longer holds the record rights on {on}."
        yield Reason("signer-no-longer-holds", message, "34 CFR 99.5(a)", _CURE)
    else:
        message = f"the student is {rights.age_on(now)}: the record rights are the student's own, and so must be the signature."
        yield Reason("student-signs-from-eighteen", message, "34 CFR 99.5(a)(1), 99.3", _CURE)


def same_party(name: str) -> str:
    """A recipient's name as it is compared: case, spaces and punctuation say nothing about who it is."""
    return " ".join("".join(c if c.isalnum() else " " for c in name.casefold()).split())


SENDABLE = (
    RecordKind.PLAN, RecordKind.ACCOMMODATIONS, RecordKind.PLAN_HISTORY, RecordKind.PROGRESS,
    RecordKind.SERVICE_RECORD, RecordKind.NOTICES,
)  # fmt: skip
"""What a packet can hold today."""


def covered_by(release: ReleaseSigned) -> tuple[RecordKind, ...]:
    """The kinds of record that a release names and a packet can hold."""
    named = set(release.records)
    return SENDABLE if RecordKind.WHOLE_RECORD in named else tuple(kind for kind in SENDABLE if kind in named)
