"""A timeline reads like a story told by somebody fair: who, in which role, what, when it counts, why."""

from dataclasses import replace
from datetime import date

from contracts.plan import ConsentAnswered, PlanEnded
from contracts.progress import SessionMissed
from contracts.students import RequestMade, RequestPersonalData
from contracts.testing import Log, an_id
from contracts.timeline import sentence
from contracts.values import Reported, Unmet
from contracts.vocabulary import ConsentDecision, ConsentMethod, PlanEnd, RequestKind, RequestVia

DAY = date(2026, 2, 3)
SPEECH = an_id("speech")


def missed(reported: Reported | None = None) -> Log:
    log = Log()
    event = SessionMissed(
        effective_on=DAY,
        session_id=an_id("session"),
        plan_id=an_id("plan"),
        item_id=SPEECH,
        student_id=an_id("student"),
        minutes=30,
        reason="provider_absent",
        reported=reported,
    )
    log.append(event, by="dana")
    return log


def test_names_stand_for_ids() -> None:
    told = sentence(missed().entries[0], {"dana": "Dana Lee", str(SPEECH): "speech-language therapy"})

    assert told == (
        "On February 3, 2026, Dana Lee (case manager) recorded that a session of speech-language therapy "
        "(30 minutes) was missed. Reason: provider absent."
    )


def test_what_has_no_name_is_called_by_what_it_is() -> None:
    told = sentence(missed().entries[0], lambda id_: None)

    assert (
        "the case manager dana recorded that a session of the item f918eaea (30 minutes) was missed" in told
    )


def test_a_reported_fact_says_so_and_what_was_unmet() -> None:
    reported = Reported(
        source="Northwind SIS",
        reason="entered late",
        occurred_on=DAY,
        unmet=(Unmet(code="missed-reason-late"),),
    )

    told = sentence(missed(reported).entries[0], {})

    assert (
        "Reported by Northwind SIS, not decided here; it happened on February 3, 2026: entered late." in told
    )
    assert told.endswith("As a decision it would have been refused: missed-reason-late.")


def test_an_end_names_the_first_day_without() -> None:
    log = Log()
    log.append(PlanEnded(effective_on=DAY, plan_id=an_id("plan"), reason=PlanEnd.GRADUATED))

    assert sentence(log.entries[0], {}).endswith(
        "ended the plan (graduated). First day without: February 3, 2026."
    )


def test_an_answer_of_somebody_without_rights_is_never_called_consent() -> None:
    log = Log()
    log.append(
        ConsentAnswered(
            effective_on=DAY,
            plan_id=an_id("plan"),
            amendment_id=an_id("amendment"),
            consent_id=an_id("consent"),
            holder_id=an_id("father"),
            counts=False,
            items=(SPEECH,),
            decision=ConsentDecision.ACCEPTED,
            method=ConsentMethod.PAPER_SIGNATURE,
        )
    )

    assert "the answer, which does not count as consent, that" in sentence(log.entries[0], {})


def test_what_was_asked_on_a_notices_page_is_said_once_and_then_taken_up() -> None:
    log = Log(subject="Mira")
    asked = RequestMade(
        effective_on=date(2026, 3, 2), student_id=an_id("Mira"), request_id=an_id("request"), kind=RequestKind.RECORDS,
        holder_id=an_id("mother"), personal=RequestPersonalData(text="Please show me."), via=RequestVia.NOTICE_LINK,
        notice_id=an_id("notice"),
    )  # fmt: skip
    log.append(asked, on=date(2026, 3, 2))
    log.append(asked.model_copy(update={"due_on": date(2026, 4, 16)}), on=date(2026, 3, 2))
    there = replace(log.entries[0], source="notify", causation=None)
    here = replace(log.entries[1], source="plan", causation=there.id)
    names = {str(an_id("mother")): "Elena Quill"}

    assert "Please show me." in sentence(there, names)
    taken_up = sentence(here, names)
    assert "Please show me." not in taken_up
    assert "took up what Elena Quill had asked" in taken_up
    assert "to be answered by April 16, 2026" in taken_up
