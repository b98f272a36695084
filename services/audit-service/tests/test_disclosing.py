"""When something may be given out by hand, and what is recorded where it was all the same: each rule by its sentence."""

from datetime import date
from uuid import UUID

import pytest

from audit_service.domain.disclosed import Disclosed, PacketWentOut, evolve, void_disclosure
from audit_service.domain.disclosing import DisclosureRefused, RecordDisclosure, record_disclosure
from audit_service.domain.disclosure import RecordRights, record_rights
from audit_service.testing_facts import (
    FATHER,
    JONAS,
    JONAS_AS_HOLDER,
    confirmed,
    registered,
    release,
    rights_transferred,
)
from contracts.audit import DisclosurePersonalData, DisclosureRecorded
from contracts.problems import Invalid
from contracts.testing import Log, an_id
from contracts.values import Reported
from contracts.vocabulary import AccessGround, RecordKind, ReleasePurpose, RightsGround

COLLEGE = "North College, Disability Office"
NOV_19, MAY_4, TODAY = date(2025, 11, 19), date(2026, 5, 4), date(2026, 6, 1)


def rights() -> RecordRights:
    """The father's until the third of March 2026; then Jonas's own, who signed a release of his plan to a college."""
    log = Log()
    for event in (registered(), confirmed(), *rights_transferred(), release()):
        log.append(event, stream=f"student/{JONAS}")
    return record_rights(log.entries)


def given(
    on: date | None = NOV_19, to: str = "Karl Feld", holder: UUID | None = FATHER, *items: RecordKind,
    ground: AccessGround = AccessGround.OWN_RECORD, release: UUID | None = None, reported_on: date | None = None,
    of: RecordRights | None = None,
) -> DisclosureRecorded:  # fmt: skip
    reported = (
        Reported(source="Paper file", reason="Before Handrail.", occurred_on=reported_on)
        if reported_on
        else None
    )
    purpose = ReleasePurpose.COLLEGE if ground is AccessGround.CONSENT else ReleasePurpose.OTHER
    command = RecordDisclosure(
        an_id("copy"), JONAS, DisclosurePersonalData(recipient=to), purpose, ground, items or (RecordKind.PLAN,), TODAY,
        on, holder, release, reported=reported,
    )  # fmt: skip
    (event,) = record_disclosure(command, of or rights())
    return event


def sent(
    to: str = COLLEGE, *items: RecordKind, release: UUID | None = None, on: date = MAY_4
) -> DisclosureRecorded:
    return given(on, to, None, *items, ground=AccessGround.CONSENT, release=release or an_id("release"))


def test_a_copy_goes_to_whoever_holds_the_right_to_the_record_on_that_day() -> None:
    assert given(NOV_19).effective_on == NOV_19
    assert given(MAY_4, "Jonas Feld", JONAS_AS_HOLDER).holder_id == JONAS_AS_HOLDER
    for on, holder in ((MAY_4, FATHER), (NOV_19, JONAS_AS_HOLDER)):
        with pytest.raises(DisclosureRefused) as refused:
            given(on, holder=holder)
        assert [each.code for each in refused.value.reasons] == ["recipient-held-no-record-rights"]


def test_a_copy_of_their_own_record_goes_to_the_holder_named_and_to_nobody_else() -> None:
    assert given(NOV_19, "karl  FELD").holder_id == FATHER, "case and spaces do not matter"
    with pytest.raises(DisclosureRefused) as refused:
        given(NOV_19, "Daily News")
    (reason,) = refused.value.reasons
    assert (reason.code, reason.pointer) == ("recipient-is-not-the-holder", "/recipient/name")
    assert reason.cure is not None
    assert "`consent`" in reason.cure, "a representative"
    assert given(MAY_4, "Jonas Feld", JONAS).holder_id == JONAS


def test_from_eighteen_on_it_is_the_students_own_though_nobody_wrote_it_down() -> None:
    """99.3, 99.5: nothing is recorded at 18; the student is named by their own id."""
    log = Log()
    for event in (registered(), confirmed()):
        log.append(event, stream=f"student/{JONAS}")
    unsaid = record_rights(log.entries)
    assert given(MAY_4, "Jonas Feld", JONAS, of=unsaid).holder_id == JONAS
    assert given(NOV_19, of=unsaid).holder_id == FATHER
    for on, holder in ((MAY_4, FATHER), (NOV_19, JONAS)):
        with pytest.raises(DisclosureRefused) as refused:
            given(on, holder=holder, of=unsaid)
        assert [each.code for each in refused.value.reasons] == ["recipient-held-no-record-rights"]
    reported = given(None, reported_on=MAY_4, of=unsaid).reported
    assert reported is not None
    assert [each.code for each in reported.unmet] == ["recipient-held-no-record-rights"]


@pytest.mark.parametrize(("since", "holds"), [(date(2025, 8, 1), False), (date(2026, 3, 3), True)])
def test_a_guardian_holds_it_for_an_adult_only_by_an_appointment_for_an_adult(
    since: date, holds: bool
) -> None:
    log = Log()
    for event in (registered(), confirmed(ground=RightsGround.GUARDIAN, since=since)):
        log.append(event, stream=f"student/{JONAS}")
    assert record_rights(log.entries).holds_record(FATHER, MAY_4) is holds


def test_with_consent_it_goes_to_the_party_and_holds_the_records_that_the_release_names() -> None:
    assert sent().release_id == an_id("release")
    wrong = {
        "recipient-not-covered": lambda: sent("South College"),
        "records-not-covered": lambda: sent(COLLEGE, RecordKind.PLAN, RecordKind.NOTICES),
        "release-not-yet-signed": lambda: sent(on=date(2026, 4, 1)),
    }
    for code, attempt in wrong.items():
        with pytest.raises(DisclosureRefused) as refused:
            attempt()
        assert code in [each.code for each in refused.value.reasons]
    with pytest.raises(DisclosureRefused, match="no release was named"):
        given(MAY_4, COLLEGE, None, ground=AccessGround.CONSENT)


def test_under_an_exception_of_the_law_no_consent_is_asked_for() -> None:
    assert given(MAY_4, "District Court", None, ground=AccessGround.ORDER_OR_SUBPOENA).release_id is None


def test_what_has_happened_is_recorded_with_what_it_left_unmet() -> None:
    event = given(None, reported_on=MAY_4)
    assert event.effective_on == MAY_4
    assert event.reported is not None
    assert [each.code for each in event.reported.unmet] == ["recipient-held-no-record-rights"]
    assert given(None, reported_on=NOV_19).reported.unmet == ()  # type: ignore[union-attr]


@pytest.mark.parametrize(("attempt", "code", "pointer"), [
    (lambda: given(date(2026, 6, 2)), "disclosed-in-the-future", "/disclosed_on"),
    (lambda: given(None, reported_on=date(2026, 6, 2)), "disclosed-in-the-future", "/reported/occurred_on"),
    (lambda: given(NOV_19, reported_on=MAY_4), "two-days", "/disclosed_on"),
    (lambda: given(None, reported_on=date(1, 1, 1)), "disclosed-before-birth", "/reported/occurred_on"),
    (lambda: given(holder=an_id("nobody")), "holder-unknown", "/holder"),
    (lambda: sent(release=an_id("nothing")), "release-unknown", "/release"),
])  # fmt: skip
def test_what_cannot_be_true_is_not_recorded(attempt, code: str, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        attempt()
    assert [(each.code, each.pointer) for each in refused.value.reasons] == [(code, pointer)]


def test_what_may_not_have_arrived_yet_is_not_called_wrong() -> None:
    for attempt in (lambda: given(holder=an_id("nobody")), lambda: sent(release=an_id("nothing"))):
        with pytest.raises(Invalid) as refused:
            attempt()
        (reason,) = refused.value.reasons
        assert "after_event" in str(reason.cure)


def test_without_a_day_it_is_today() -> None:
    assert given(None, "Jonas Feld", JONAS_AS_HOLDER).effective_on == TODAY


def test_an_entry_made_by_mistake_is_struck_out_once_and_a_packets_own_never() -> None:
    recorded = given()
    disclosed = evolve(Disclosed(), recorded)
    (voided,) = void_disclosure(disclosed, "Entered for another student.")
    assert (voided.disclosure_id, voided.effective_on) == (recorded.disclosure_id, NOV_19)
    assert void_disclosure(evolve(disclosed, voided), "Once more.") == []
    assert void_disclosure(Disclosed(), "Nothing is there.") == []
    sent = evolve(Disclosed(), recorded.model_copy(update={"packet_id": an_id("packet")}))
    with pytest.raises(PacketWentOut):
        void_disclosure(sent, "It went out.")
