"""Steps of an invented history that several tests take: from referral to a meeting that was held."""

from typing import Any

from audit_service.testing_findings import MIRA, MOTHER, History, day
from contracts.evaluations import (
    Assessment,
    EligibilityDetermined,
    EvaluationCompleted,
    EvaluationConsentAnswered,
    EvaluationConsentAsked,
    IdeaDetermination,
    ReferralReceived,
)
from contracts.meetings import MeetingHeld, MeetingScheduled
from contracts.notify import NoticeGiven
from contracts.testing import an_id

EVALUATION, NOTICE, MEETING = an_id("evaluation"), an_id("notice"), an_id("meeting")
OF: dict[str, Any] = {"student_id": MIRA, "evaluation_id": EVALUATION}


def referred(on: str = "9-8", history: History | None = None, **more: Any) -> History:
    fields: dict[str, Any] = {"kind": "initial", "laws": ("idea",), "source": "parent", **OF} | more
    return (history or History()).add(on, ReferralReceived, **fields)


def consented(history: History, on: str = "9-22", **more: Any) -> History:
    return history.add(
        on, EvaluationConsentAnswered, evaluation_consent_id=an_id(f"consent {on}"), holder_id=MOTHER, counts=True,
        decision="accepted", method="paper_signature", received_on=day(on), **OF, **more,
    )  # fmt: skip


def completed(history: History, on: str = "11-14", tested: str = "10-20", **more: Any) -> History:
    done = Assessment(area="academic_performance", done_on=day(tested))
    return history.add(on, EvaluationCompleted, **OF, **({"assessments": (done,)} | more))


def eligible(history: History, on: str = "11-19", *, yes: bool = True) -> History:
    said = IdeaDetermination(
        eligible=yes, categories=("specific_learning_disability",) if yes else (), needs_special_education=yes
    )
    return history.add(
        on,
        EligibilityDetermined,
        student_id=MIRA,
        eligibility_id=an_id(f"eligibility {on}"),
        determination=said,
    )


def met(
    history: History,
    on: str,
    purpose: str = "initial",
    *,
    parent: bool = True,
    name: str = "meeting",
    **more: Any,
) -> History:
    history.add("11-21", MeetingScheduled, meeting_id=an_id(name), student_id=MIRA, purpose=purpose,
                starts_at=f"{day(on)}T21:30:00.000000Z", stream=f"meeting/{name}", **more)  # fmt: skip
    return history.add(
        on, MeetingHeld, meeting_id=an_id(name), parent_present=parent, stream=f"meeting/{name}"
    )


def asked(history: History, on: str = "9-15", notice: str | None = "9-15") -> History:
    history.add(
        on,
        EvaluationConsentAsked,
        consent_request_id=an_id("asked"),
        holder_ids=(MOTHER,),
        channel="email",
        notice_id=NOTICE,
        **OF,
    )
    if notice:
        history.add(notice, NoticeGiven, notice_id=NOTICE, kind="prior_written_notice", holder_id=MOTHER, channel="email",
                    basis="email_accepted")  # fmt: skip
    return history
