"""What stands of the answers about the first services. Part of the student: see `domain.student`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from contracts.fields import HolderId
from contracts.initial_services import InitialServicesEvent, ServicesConsentAnswered
from contracts.vocabulary import ConsentDecision


@dataclass(frozen=True, slots=True)
class ServicesAnswer:
    """An answer that counts."""

    holder_id: HolderId
    decision: ConsentDecision
    answered_on: date


@dataclass(frozen=True, slots=True)
class ServicesConsents:
    """All of them, in the order in which they were recorded."""

    answers: tuple[ServicesAnswer, ...] = ()

    def standing_on(self, day: date) -> tuple[ServicesAnswer, ...]:
        """The newest answer of each person up to ``day``; of one day the later record."""
        newest: dict[HolderId, ServicesAnswer] = {}
        for answer in sorted(self.answers, key=lambda each: each.answered_on):
            if answer.answered_on <= day:
                newest[answer.holder_id] = answer
        return tuple(newest.values())

    def refused_on(self, day: date, decides_on: Callable[[HolderId, date], bool]) -> date | None:
        """When somebody refused whose refusal stands on ``day``: they have not changed it, and they still decide."""
        standing = (
            answer.answered_on
            for answer in self.standing_on(day)
            if answer.decision is ConsentDecision.REFUSED and decides_on(answer.holder_id, day)
        )
        return max(standing, default=None)

    def consented_by(self, day: date, *, after: date | None = None) -> bool:
        """Somebody's consent stands on ``day`` that was given ``after`` a day."""
        return any(
            answer.decision is ConsentDecision.ACCEPTED and (after is None or answer.answered_on > after)
            for answer in self.standing_on(day)
        )


def services_consents_after(known: ServicesConsents, event: InitialServicesEvent) -> ServicesConsents:
    """What follows from one more event: what was asked, and what does not count, changes nothing."""
    if not isinstance(event, ServicesConsentAnswered) or not event.counts:
        return known
    answer = ServicesAnswer(event.holder_id, event.decision, event.effective_on)
    return replace(known, answers=(*known.answers, answer))
