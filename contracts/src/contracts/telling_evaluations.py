"""Referrals, consents to evaluate, evaluations and eligibility in sentences."""

from typing import assert_never

from contracts.codes import label
from contracts.evaluations import (
    AnyDetermination,
    EligibilityDetermined,
    EvaluationCompleted,
    EvaluationConsentAnswered,
    EvaluationConsentAsked,
    EvaluationDeclined,
    EvaluationEvent,
    EvaluationExtended,
    IdeaDetermination,
    ReevaluationWaived,
    ReferralReceived,
    ReferralWithdrawn,
)
from contracts.plain_words import day_in_words
from contracts.telling import Names, Told, by, counted, listed, plainly
from contracts.vocabulary import ConsentDecision, EvaluationKind, ExtensionGround, Law, WithoutConsent

LAWS = {Law.IDEA: "IDEA", Law.SECTION_504: "Section 504"}
KINDS = {EvaluationKind.INITIAL: "an initial evaluation", EvaluationKind.REEVALUATION: "a reevaluation"}
WITHOUT_CONSENT = {
    WithoutConsent.NO_ANSWER: "without consent, as nobody answered",
    WithoutConsent.HEARING_DECISION: "without consent, by a due process decision",
    WithoutConsent.WARD_OF_STATE: "without consent, under the rules for a ward of the state",
}

EXTENDED = {
    ExtensionGround.NOT_PRODUCED: "the child was repeatedly not produced",
    ExtensionGround.MOVED_IN: "the student has moved in while another agency's time ran",
    ExtensionGround.LEARNING_DISABILITY: "parents and professionals agreed in writing to more time",
    ExtensionGround.ABSENCES: "school days of absence prolong it",
}


def tell_evaluation(event: EvaluationEvent, names: Names) -> Told:
    """One event on the way from referral to eligibility."""
    match event:
        case ReferralReceived():
            laws = listed([LAWS[law] for law in event.laws])
            what = f"recorded a referral for {KINDS[event.kind]} under {laws} by {_referred_by(event, names)}"
            due = f"; due by {day_in_words(event.due_on)}" if event.due_on else ""
            words = event.personal.words if event.personal else None
            answer = f"; to be answered by {day_in_words(event.answer_due_on)}" if event.answer_due_on else ""
            return Told(f"{what}{due}{answer}", said=words, reported=event.reported)
        case ReferralWithdrawn():
            who = f" of {names.holder(event.holder_id)}" if event.holder_id else ""
            who = f" of {names.staff(event.staff_id)}" if event.staff_id and not who else who
            words = event.personal.words if event.personal else None
            return Told(f"recorded the withdrawal{who} of the referral", said=words, reported=event.reported)
        case EvaluationDeclined():
            notice = "by prior written notice" if event.notice_id else "without a notice on record"
            return Told(
                f"refused to evaluate the student, {notice}",
                why=event.personal.reason,
                reported=event.reported,
            )
        case EvaluationExtended():
            return _extended(event)
        case EvaluationConsentAsked():
            whom = listed([names.holder(holder) for holder in event.holder_ids])
            return Told(f"asked {whom} {by(event.channel)} for consent to evaluate", reported=event.reported)
        case EvaluationConsentAnswered():
            return _answered(event, names)
        case EvaluationCompleted():
            done = listed(
                list(dict.fromkeys(label("assessment_area", each.area) for each in event.assessments))
            )
            without = f" {WITHOUT_CONSENT[event.without_consent]}" if event.without_consent else ""
            what = f"completed the evaluation{without}: {done or 'nothing assessed'}"
            reports = f" ({counted(len(event.documents), 'document')})" if event.documents else ""
            return Told(f"{what}{reports}", reported=event.reported)
        case ReevaluationWaived():
            claimed = "" if event.counts else "the claim, which does not count as an agreement, "
            what = f"recorded {claimed}that {names.holder(event.holder_id)} and the district agree that"
            due = day_in_words(event.due_on)
            return Told(f"{what} the reevaluation due on {due} is unnecessary", reported=event.reported)
        case EligibilityDetermined():
            basis = event.personal.basis if event.personal else None
            return Told(f"recorded the determination that {_found(event.determination)}", why=basis,
                        reported=event.reported)  # fmt: skip
        case _:
            assert_never(event)


def _referred_by(event: ReferralReceived, names: Names) -> str:
    source = label("referral_source", event.source)
    if event.holder_id is not None:
        return f"{names.holder(event.holder_id)} ({source})"
    if event.staff_id is not None:
        return f"{names.staff(event.staff_id)} ({source})"
    return f"{event.personal.name} ({source})" if event.personal and event.personal.name else f"a {source}"


def _answered(event: EvaluationConsentAnswered, names: Names) -> Told:
    does = "consents to" if event.decision is ConsentDecision.ACCEPTED else "refuses"
    kept = "the answer" if event.counts else "the answer, which does not count as consent or refusal,"
    what = f"recorded {kept} that {names.holder(event.holder_id)} {does} the evaluation ({plainly(event.method)})"
    due = f"; it is due by {day_in_words(event.due_on)}" if event.due_on else ""
    said = event.personal.comment if event.personal else None
    return Told(f"{what}{due}", said=said, reported=event.reported)


def _extended(event: EvaluationExtended) -> Told:
    claimed = "" if event.counts else "the claim, which moves no day, "
    day = f"is due by {day_in_words(event.due_on)}" if event.due_on else "has no last day any more"
    what = f"recorded {claimed}that the evaluation {day}, because {EXTENDED[event.ground]}"
    said = event.personal.words if event.personal else None
    return Told(what, said=said, reported=event.reported)


def _found(found: AnyDetermination) -> str:
    who = f"the student is {'' if found.eligible else 'not '}eligible under {LAWS[found.law]}"
    if isinstance(found, IdeaDetermination):
        parts = [label("idea_category", category) for category in found.categories]
        need = (
            "needs special education" if found.needs_special_education else "does not need special education"
        )
        return f"{who} ({'; '.join(filter(None, [listed(parts), need]))})"
    limits = listed([limit.other or label("activity", limit.activity) for limit in found.limited])
    said = [found.impairment or "", f"substantially limits {limits}" if limits else ""]
    told = "; ".join(filter(None, said))
    return f"{who} ({told})" if told else who
