"""When contents may be destroyed, rule by rule: 34 CFR 300.624, 99.10(e), 99.32(a)(2), and a schedule that runs."""

from dataclasses import replace
from datetime import date

import pytest

from audit_service.domain.destruction import (
    AskDestruction,
    Destruction,
    Facts,
    SecondPersonRequired,
    approve_destruction,
    ask_destruction,
    evolve,
    reasons_against,
)
from audit_service.domain.holds import Hold, OpenHold, open_hold, release_hold
from audit_service.domain.holds import evolve as evolve_hold
from audit_service.domain.standing import Line, Standing, standing_of
from audit_service.testing_facts import FATHER, JONAS, confirmed, registered
from contracts.disputes import DisputeClosed, DisputeFiled
from contracts.event import EventClass
from contracts.problems import Invalid
from contracts.records import DestructionOrdered, DestructionRefused, DestructionRequested, FamilyTold
from contracts.requests import RequestAnswered
from contracts.retention_schedule import BadSchedule, keep_until, read_schedule, schedules_for
from contracts.students import RequestMade
from contracts.testing import Log, an_id
from contracts.vocabulary import DestructionGround, HoldGround

TODAY = date(2031, 2, 1)
ENDED = date(2026, 6, 12)
ALL = tuple(EventClass)
FEDERAL = keep_until(schedules_for("federal@2026-1", "lakeside"), ALL, ENDED)


def asking(**fields: object) -> AskDestruction:
    asked: dict[str, object] = {
        "destruction_id": an_id("destruction"), "student": JONAS, "classes": ALL,
        "ground": DestructionGround.NO_LONGER_NEEDED, "requested_by": "dana", "holder": None, "asked_on": None,
        "told": FamilyTold(told_on=date(2030, 7, 1)),
    } | fields  # fmt: skip
    return AskDestruction(**asked)  # type: ignore[arg-type]


def facts(**fields: object) -> Facts:
    standing = Standing(last_ended_on=ENDED, had_iep=True)
    known: dict[str, object] = {"standing": standing, "holds": {}, "kept": FEDERAL, "today": TODAY} | fields
    return Facts(**known)  # type: ignore[arg-type]


def codes(command: AskDestruction, known: Facts) -> list[str]:
    return [reason.code for reason in reasons_against(command, known)]


def test_what_is_no_longer_needed_and_was_told_may_go() -> None:
    assert codes(asking(), facts()) == []


def test_a_legal_hold_keeps_it_whatever_else_is_so() -> None:
    held = facts(holds={an_id("hold"): date(2030, 6, 15)})

    assert codes(asking(), held) == ["legal-hold"]
    assert codes(asking(ground=DestructionGround.COURT_ORDER), held) == ["legal-hold"]


def test_an_open_request_about_the_record_and_an_open_dispute_keep_it() -> None:
    request, dispute = {"request_id": an_id("request")}, {"dispute_id": an_id("dispute")}
    of = {"student_id": JONAS, "effective_on": date(2030, 9, 1)}
    log = Log()
    log.append(RequestMade(**of, **request, kind="records", via="letter"))  # type: ignore[arg-type]
    log.append(DisputeFiled(**of, **dispute, kind="state_complaint", filed_by="family"))  # type: ignore[arg-type]

    def against() -> list[str]:
        standing = replace(standing_of((), log.entries, TODAY), last_ended_on=ENDED)
        return codes(asking(), facts(standing=standing))

    assert against() == ["request-open", "dispute-open"]
    log.append(RequestAnswered(**of, **request, outcome="granted"))  # type: ignore[arg-type]
    log.append(DisputeClosed(**of, **dispute, outcome="withdrawn"))  # type: ignore[arg-type]
    assert against() == []


def test_a_plan_in_force_keeps_it_and_one_that_ended_starts_the_schedule() -> None:
    adopted = Line("plan.adopted", "plan/1", date(2024, 9, 23))
    ended = Line("plan.ended", "plan/1", ENDED)
    reopened = Line("plan.reopened", "plan/1", ENDED)

    assert "still-needed" in codes(asking(), facts(standing=standing_of([adopted], (), TODAY)))
    assert standing_of([adopted, ended], (), TODAY).last_ended_on == ENDED
    assert standing_of([adopted, ended], (), date(2026, 6, 1)).in_force == {"plan/1"}
    assert standing_of([adopted, ended, reopened], (), TODAY).in_force == {"plan/1"}


def test_a_plan_that_nobody_can_end_any_more_counts_as_ended_on_the_day_its_district_did() -> None:
    adopted = Line("plan.adopted", "plan/1", date(2024, 9, 23))
    earlier = [
        Line("plan.adopted", "plan/2", date(2024, 9, 23)),
        Line("plan.ended", "plan/2", date(2025, 6, 1)),
    ]
    later = [
        Line("plan.adopted", "plan/3", date(2024, 9, 23)),
        Line("plan.ended", "plan/3", date(2027, 6, 1)),
    ]

    for lines in ([adopted], [*earlier, adopted], later):
        standing = standing_of(lines, (), ENDED, district_ended_on=ENDED)
        assert (standing.in_force, standing.last_ended_on) == (frozenset(), ENDED)
        assert "still-needed" not in codes(asking(), facts(standing=standing))
    assert standing_of(earlier, (), TODAY, district_ended_on=ENDED).last_ended_on == date(2025, 6, 1)
    assert standing_of((), (), TODAY, district_ended_on=ENDED).last_ended_on is None


def test_the_schedule_keeps_it_for_its_years_and_a_court_order_does_not_wait() -> None:
    early = facts(today=date(2029, 6, 11), kept=FEDERAL)
    told = FamilyTold(told_on=date(2029, 6, 1))

    assert codes(asking(told=told), early) == ["schedule-runs"]
    assert codes(asking(told=told), replace(early, today=date(2029, 6, 12))) == []
    assert codes(asking(told=None, ground=DestructionGround.COURT_ORDER), early) == []


def test_the_family_is_told_first_of_what_idea_covers_and_504_goes_by_the_schedule() -> None:
    of_504 = facts(standing=Standing(last_ended_on=ENDED))

    assert codes(asking(told=None), facts()) == ["family-not-told"]
    assert codes(asking(told=None), of_504) == []
    assert codes(asking(told=FamilyTold(told_on=date(2031, 2, 2))), facts()) == ["told-in-the-future"]
    notice = FamilyTold(told_on=date(2030, 7, 1), notice_id=an_id("notice"))
    assert codes(asking(told=notice), facts()) == ["notice-not-given"]


def test_a_request_of_the_family_is_that_of_somebody_who_held_the_record_rights() -> None:
    log = Log()
    log.append(registered())
    log.append(confirmed())
    known = facts(standing=replace(standing_of((), log.entries, TODAY), last_ended_on=ENDED))
    by_family = asking(ground=DestructionGround.FAMILY_REQUEST)

    assert codes(by_family, known) == ["asker-not-named"]
    assert codes(replace(by_family, holder=an_id("somebody"), asked_on=date(2030, 1, 5)), known) == [
        "asker-held-no-record-rights"
    ]
    assert codes(replace(by_family, holder=FATHER, asked_on=date(2025, 9, 5)), known) == []


def test_who_saw_a_record_is_kept_as_long_as_the_record() -> None:
    proof = asking(classes=(EventClass.PROOF,))

    assert codes(proof, facts()) == ["proof-stays-with-the-record"]
    gone = {EventClass.IDENTITY: date(2030, 1, 1), EventClass.RECORD: date(2030, 1, 1)}
    assert codes(proof, facts(destroyed=gone)) == []
    assert codes(asking(), facts(destroyed=gone)) == ["destroyed-already", "destroyed-already"]


def test_one_asks_and_another_approves() -> None:
    asked = ask_destruction(Destruction(), asking(), facts())
    assert [type(event) for event in asked] == [DestructionRequested]
    waiting = evolve(Destruction(), asked[0])

    with pytest.raises(SecondPersonRequired):
        approve_destruction(waiting, "dana", facts())
    (ordered,) = approve_destruction(waiting, "clara", facts())
    assert isinstance(ordered, DestructionOrdered)
    assert (ordered.requested_by, ordered.approved_by) == ("dana", "clara")
    assert approve_destruction(evolve(waiting, ordered), "clara", facts()) == []


def test_what_came_since_it_was_asked_for_is_looked_at_again() -> None:
    waiting = evolve(Destruction(), ask_destruction(Destruction(), asking(), facts())[0])

    (refused,) = approve_destruction(waiting, "clara", facts(holds={an_id("hold"): date(2031, 1, 31)}))

    assert isinstance(refused, DestructionRefused)
    assert [unmet.code for unmet in refused.unmet] == ["legal-hold"]


def test_a_hold_ends_by_a_release_and_never_by_itself() -> None:
    wanted = OpenHold(
        an_id("hold"), JONAS, HoldGround.LITIGATION, "A claim is expected.", None, date(2031, 6, 30)
    )
    (opened,) = open_hold(Hold(), wanted, today=TODAY)
    held = evolve_hold(Hold(), opened)

    assert held.stands
    (released,) = release_hold(held, an_id("hold"), "It has run out.", today=date(2035, 1, 1))
    assert not evolve_hold(held, released).stands
    assert release_hold(evolve_hold(held, released), an_id("hold"), "again", today=TODAY) == []
    with pytest.raises(Invalid):
        open_hold(Hold(), replace(wanted, review_on=date(2031, 1, 31)), today=TODAY)


def test_the_longest_schedule_counts_and_a_district_has_its_own() -> None:
    own = read_schedule(
        '[schedule]\nid = "board"\nversion = "1"\ndistrict = "lakeside"\n[class.record]\nyears = 10\ncite = "Policy 4.2"\n'
    )

    def until(profile: str, tenant: str) -> tuple[str, date | None]:
        kept = keep_until(schedules_for(profile, tenant, [own]), ALL, ENDED)
        assert kept is not None
        return kept.schedule, kept.ends_on

    assert until("federal@2026-1", "harbor") == ("federal@2026-1", date(2029, 6, 12))
    assert until("tx@2025-2", "harbor") == ("tx@2026-1", date(2031, 6, 12))
    assert until("tx@2025-2", "lakeside") == ("board@1", date(2036, 6, 12))
    with pytest.raises(BadSchedule, match=r"board\.toml"):
        read_schedule("[schedule]\nid='x'\nversion='1'\n[class.record]\nyears=-1\ncite='x'", "board.toml")
