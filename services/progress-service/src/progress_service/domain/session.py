"""Recording what became of a session: delivered, delivered in part, missed, made up (34 CFR 300.323(c)(2))."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.codes import CREDENTIAL, GROUP, MISSED_REASON, SERVICE_SETTING, STAFF_ROLE
from contracts.fields import ItemId, PlanId, StaffId
from contracts.problems import Reason
from contracts.progress import (
    ServiceDelivered,
    SessionMissed,
    SessionPersonalData,
    SessionVoided,
    VoidPersonalData,
)
from contracts.sessions import Session, SessionOutcome
from contracts.values import Reported
from contracts.vocabulary import SessionStatus
from progress_service.domain.carried import MakeUp
from progress_service.domain.item_year import ItemYear
from progress_service.domain.promised_item import ItemOnDay
from progress_service.domain.refusals import SessionNotPromised, cannot_be_true, settle, wrong_day
from progress_service.domain.scheduled import GIVEN_IN_SESSIONS

MINUTES_OF_A_DAY = 24 * 60


GIVEN_ONLY = (
    *(
        "group_size",
        "makes_up",
        "planned_minutes",
        "group",
        "provider_role",
        "credential",
        "location",
        "setting",
    ),
    "agreement",
)
"""What can be said of a session that took place, and of no other."""
CODED = {"group": GROUP, "provider_role": STAFF_ROLE, "credential": CREDENTIAL, "setting": SERVICE_SETTING}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSession:
    """What somebody says of one session."""

    session_id: UUID
    plan_id: PlanId
    item_id: ItemId
    on: date
    minutes: int
    status: SessionOutcome
    planned_minutes: int | None = None
    reason: str | None = None
    provider: StaffId | None = None
    group_size: int | None = None
    makes_up: UUID | None = None
    external_id: str | None = None
    reported: Reported | None = None
    starts_at: str | None = None
    group: str | None = None
    provider_role: str | None = None
    credential: str | None = None
    location: str | None = None
    setting: str | None = None
    agreement: UUID | None = None
    note: str | None = None
    late_because: str | None = None

    @property
    def personal(self) -> SessionPersonalData | None:
        """What the provider wrote."""
        if self.note is None and self.late_because is None:
            return None
        return SessionPersonalData(note=self.note, late_because=self.late_because)


def record_session(
    command: RecordSession,
    item: ItemOnDay,
    made_up: Session | None,
    today: date,
    agreed: MakeUp | None = None,
) -> list[ServiceDelivered | SessionMissed]:
    """Record one session; refused on a day on which the plan in force does not promise it.

    ``made_up`` is the session that ``command.makes_up`` names, ``agreed`` the agreement that ``command.agreement`` does.
    What is given to make up, or under an agreement, need not be promised for its own day.
    """
    cannot_be_true(
        [
            *wrong_day(command.on, today, command.reported, "/on"),
            *_contradictions(command),
            *_wrong_kind(item),
            *_wrong_make_up(command, made_up),
            *_wrong_agreement(command, agreed),
            *_unknown_codes(command),
        ]
    )
    beside_the_plan = command.makes_up is not None or command.agreement is not None
    reported = settle(
        SessionNotPromised, [item.unmet] if item.unmet and not beside_the_plan else [], command.reported, plan=command.plan_id,
        item=command.item_id, on=command.on,
    )  # fmt: skip
    if command.status is SessionOutcome.MISSED:
        assert command.reason is not None
        return [
            SessionMissed(
                effective_on=command.on,
                session_id=command.session_id,
                plan_id=command.plan_id,
                item_id=command.item_id,
                student_id=item.student_id,
                minutes=command.minutes,
                reason=command.reason,
                provider=command.provider,
                external_id=command.external_id,
                reported=reported,
                starts_at=command.starts_at,
                personal=command.personal,
            )
        ]
    return [
        ServiceDelivered(
            effective_on=command.on,
            session_id=command.session_id,
            plan_id=command.plan_id,
            item_id=command.item_id,
            student_id=item.student_id,
            minutes=command.minutes,
            planned_minutes=command.planned_minutes,
            status=SessionStatus(command.status.value),
            reason=command.reason,
            provider=command.provider,
            group_size=command.group_size,
            makes_up=command.makes_up,
            external_id=command.external_id,
            reported=reported,
            starts_at=command.starts_at,
            group=command.group,
            provider_role=command.provider_role,
            credential=command.credential,
            location=command.location,
            setting=command.setting,
            agreement_id=command.agreement,
            personal=command.personal,
        )
    ]


def void_session(year: ItemYear, session_id: UUID, reason: str) -> list[SessionVoided]:
    """Strike a session's record through: it stays, and counts no more. Once more changes nothing."""
    session = year.sessions[session_id]
    if not session.counts:
        return []
    return [
        SessionVoided(
            effective_on=session.on,
            session_id=session_id,
            plan_id=session.plan,
            item_id=session.item,
            personal=VoidPersonalData(reason=reason),
        )
    ]


def _contradictions(command: RecordSession) -> list[Reason]:
    """What the fields of one session cannot say together."""
    found = []
    took_place = command.status is not SessionOutcome.MISSED
    if not 1 <= command.minutes <= MINUTES_OF_A_DAY:
        found.append(
            Reason("impossible-minutes", "A session has from 1 to 1440 minutes.", pointer="/minutes")
        )
    if command.status is SessionOutcome.DELIVERED and command.reason is not None:
        found.append(
            Reason(
                "reason-of-nothing",
                "A session delivered in full needs no reason; was it partial?",
                pointer="/reason",
            )
        )
    if command.status is not SessionOutcome.DELIVERED:
        found += _unreasoned(command.reason)
    if took_place and command.provider is None and command.reported is None:
        found.append(
            Reason(
                "provider-missing", "Say who gave the session: the staff member's id.", pointer="/provider"
            )
        )
    if not took_place:
        found += [
            Reason("not-of-a-missed-session", f"A missed session has no {name}.", pointer=f"/{name}")
            for name in GIVEN_ONLY
            if getattr(command, name) is not None
        ]
    elif command.planned_minutes is not None:
        found += _unlike_planned(command, command.planned_minutes)
    return found


def _unreasoned(reason: str | None) -> list[Reason]:
    if reason is None:
        return [
            Reason("reason-missing", "A session missed or cut short needs its reason.", pointer="/reason")
        ]
    if reason not in MISSED_REASON.labels:
        codes = ", ".join(MISSED_REASON.labels)
        return [Reason("unknown-code", f"The reason is one of: {codes}.", pointer="/reason")]
    return []


def _unlike_planned(command: RecordSession, planned: int) -> list[Reason]:
    if not 1 <= planned <= MINUTES_OF_A_DAY:
        return [
            Reason("impossible-minutes", "A session has from 1 to 1440 minutes.", pointer="/planned_minutes")
        ]
    if command.status is SessionOutcome.PARTIAL and command.minutes >= planned:
        return [
            Reason(
                "not-partial", f"{command.minutes} of {planned} minutes is not partial.", pointer="/status"
            )
        ]
    if command.status is SessionOutcome.DELIVERED and command.minutes < planned:
        return [
            Reason(
                "not-in-full",
                f'{command.minutes} of {planned} minutes is "partial", with its reason.',
                pointer="/status",
            )
        ]
    return []


def _wrong_kind(item: ItemOnDay) -> list[Reason]:
    if item.item is None or item.item.kind in GIVEN_IN_SESSIONS:
        return []
    message = f"The item is of the kind {item.item.kind}: sessions are of a service."
    return [Reason("not-a-service", message, pointer="/item")]


def _wrong_make_up(command: RecordSession, made_up: Session | None) -> list[Reason]:
    """A make-up session names a session of the same item of which minutes were missed."""
    if command.makes_up is None:
        return []
    if made_up is None or made_up.item != command.item_id:
        message = "There is no such session of this item."
    elif not made_up.counts:
        message = "That session's record was voided."
    elif made_up.missed_minutes == 0:
        message = "No minutes of that session were missed, so there is nothing to make up."
    else:
        return []
    return [Reason("nothing-to-make-up", message, pointer="/makes_up")]


def _wrong_agreement(command: RecordSession, agreed: MakeUp | None) -> list[Reason]:
    """A session given under an agreement names one that counts, about the same item."""
    if command.agreement is None:
        return []
    if agreed is None or agreed.item != command.item_id:
        message = "There is no such agreement about this item."
    elif not agreed.counts:
        message = "That agreement's record was voided."
    elif command.on < agreed.on:
        message = f"It was agreed on {agreed.on}, after this session."
    else:
        return []
    return [Reason("no-such-agreement", message, pointer="/agreement")]


def _unknown_codes(command: RecordSession) -> list[Reason]:
    return [
        Reason("unknown-code", f"The {name} is one of: {', '.join(listed.labels)}.", pointer=f"/{name}")
        for name, listed in CODED.items()
        if (code := getattr(command, name)) is not None and code not in listed.labels
    ]
