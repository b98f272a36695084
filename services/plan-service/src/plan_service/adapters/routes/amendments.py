"""Amendments: proposed, answered item by item, adopted, withdrawn."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import ExternalId, HolderId, LanguageTag, MeetingId, Narrative
from contracts.ids import new_id
from contracts.items import Change
from contracts.plan import AmendmentPersonalData, AnyBasis, PlanEvent, TeamMeeting
from contracts.rule_profile import RuleSetNotShipped
from contracts.vocabulary import ConsentDecision, ConsentMethod
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.of_a_plan import list_of_plan, one_of_plan
from plan_service.adapters.routes.shapes import AmendmentOut, ConsentOut
from plan_service.application import amendments
from plan_service.application.situation import Situation, decide
from plan_service.domain.amendment import (
    AdoptAmendment,
    AmendmentRefused,
    NeverAdopted,
    ProposeAmendment,
    RecordAgreement,
    WithdrawalRefused,
    agreement_of,
    record_agreement,
    withdraw_amendment,
)
from plan_service.domain.consent import AmendmentClosed, AnswerAmendment, answer_amendment
from plan_service.domain.people import People
from runtime.call import Asked
from runtime.http import IfMatch, Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["amendments"])
SPEECH, TIME = "0b6f3f0a-6c1d-4f5e-9b7a-2f4f1c9d8e03", "0b6f3f0a-6c1d-4f5e-9b7a-2f4f1c9d8e04"
HOLDER = "5b8c9d04-4a1f-4a44-82b7-d9a41f6a7d1e"
PROPOSAL: dict[str, Any] = {
    "basis": {"kind": "written_agreement", "agreed_on": "2026-02-24", "holder_ids": [HOLDER]},
    "changes": [
        {"op": "replace", "item": {
            "id": SPEECH, "kind": "service", "service": "speech_language_therapy", "minutes": 60, "per": "week",
            "sessions_per": 2, "location": "Room 12", "provider_role": "speech_language_pathologist",
            "starts_on": "2026-03-09", "ends_on": "2026-12-08"}},
        {"op": "end", "item": TIME},
    ],
    "effective_on": "earliest",
    "reason": "She is understood by few people outside her family.",
    "external_id": "northwind:amendment-3",
}  # fmt: skip
AGREEMENT: dict[str, Any] = {"agreed_on": "2026-02-26", "holder_ids": [HOLDER]}
CONSENT: dict[str, Any] = {
    "holder": HOLDER, "items": [SPEECH], "decision": "accepted", "method": "paper_signature", "language": "es",
}  # fmt: skip


class MeetingBasisIn(Form):
    """Decided by the team in a meeting."""

    kind: Literal["meeting"]
    meeting_id: MeetingId


class AgreementBasisIn(Form):
    """Parent and district agreed in writing not to meet."""

    kind: Literal["written_agreement"]
    agreed_on: date | None = None
    """Absent, with nobody in `holder_ids`: it is sought, and recorded by `/agreement` when it is there."""
    holder_ids: list[HolderId] = Field(default_factory=list)
    """The rights holders who agreed."""
    document: UUID | None = None
    """The signed page, among the student's documents."""


class ProposalIn(Form):
    """A change to a plan in effect."""

    basis: Annotated[MeetingBasisIn | AgreementBasisIn, Field(discriminator="kind")]
    changes: list[Change]
    effective_on: date | Literal["earliest"] = "earliest"
    """The first day wished for, or the first that the rules allow."""
    reason: Narrative
    """Why: part 2 of the notice that is now owed."""
    evaluations_used: Narrative | None = None
    """Each evaluation, record and report used: part 3."""
    options_considered: Narrative | None = None
    """Other options and why they were rejected: part 6."""
    other_factors: Narrative | None = None
    """Part 7."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same proposal again answers 200 with the first."""
    reported: ReportedIn | None = None

    def basis_of(self, people: People) -> AnyBasis:
        """The basis, with the signed page if one is named."""
        if isinstance(self.basis, MeetingBasisIn):
            return TeamMeeting(meeting_id=self.basis.meeting_id)
        document = people.document(self.basis.document, "/basis/document")
        return agreement_of(self.basis.agreed_on, tuple(self.basis.holder_ids), document)

    @property
    def meeting_id(self) -> UUID | None:
        """The meeting it rests on."""
        return self.basis.meeting_id if isinstance(self.basis, MeetingBasisIn) else None

    def to_command(self, amendment_id: UUID, seen: Situation) -> ProposeAmendment:
        """What the domain decides about."""
        return ProposeAmendment(
            amendment_id=amendment_id,
            basis=self.basis_of(seen.people),
            changes=tuple(self.changes),
            requested=self.effective_on,
            personal=AmendmentPersonalData(
                reason=self.reason,
                evaluations_used=self.evaluations_used,
                options_considered=self.options_considered,
                other_factors=self.other_factors,
            ),
            today=seen.today,
            external_id=self.external_id,
            reported=reported_value(self.reported),
        )


class AgreementIn(Form):
    """Parent and district have agreed in writing not to meet about a proposed change."""

    agreed_on: date
    """The day of the signature."""
    holder_ids: list[HolderId] = Field(min_length=1, max_length=20)
    """The rights holders who agreed."""
    document: UUID | None = None
    """The signed page, among the student's documents."""
    reported: ReportedIn | None = None

    def to_command(self, amendment_id: UUID, seen: Situation) -> RecordAgreement:
        """What the domain decides about."""
        return RecordAgreement(
            amendment_id=amendment_id,
            agreed_on=self.agreed_on,
            holder_ids=tuple(self.holder_ids),
            today=seen.today,
            document=seen.people.document(self.document, "/document"),
            reported=reported_value(self.reported),
        )


class ConsentIn(Form):
    """What somebody answered about items of the amendment."""

    holder: UUID
    """Who answered: a rights holder, or a contact, whose answer is kept and never counts."""
    items: list[UUID] = Field(min_length=1)
    decision: ConsentDecision
    method: ConsentMethod
    """Consent is in writing; an oral answer is recorded as one."""
    answered_on: date | None = None
    """The day of the signature; today where nothing is said."""
    language: LanguageTag | None = None
    """In which it was explained and given."""
    comment: Narrative | None = None
    waives_time: bool = False
    """They let the change begin before the state's time since the notice has passed. It counts where that may be waived,
    with consent in writing to every change; the district's own `notice_days` hold all the same."""
    document: UUID | None = None
    """The signed page, among the student's documents."""
    external_id: ExternalId | None = None
    reported: ReportedIn | None = None

    def to_command(self, amendment_id: UUID, consent_id: UUID, seen: Situation) -> AnswerAmendment:
        """What the domain decides about."""
        return AnswerAmendment(
            amendment_id=amendment_id,
            consent_id=consent_id,
            holder_id=self.holder,
            items=tuple(self.items),
            decision=self.decision,
            method=self.method,
            today=seen.today,
            answered_on=self.answered_on,
            language=self.language,
            document=seen.people.document(self.document, "/document"),
            comment=self.comment,
            waives_time=self.waives_time,
            external_id=self.external_id,
            reported=reported_value(self.reported),
        )


class AmendmentAdoptionIn(Form):
    """From when the amendment binds."""

    effective_on: date | Literal["earliest"] | None = None
    """The first day, or `earliest`; as proposed where nothing is said (of a report: the day it happened)."""
    reported: ReportedIn | None = None


class AmendmentWithdrawalIn(Form):
    """Why the amendment is taken back."""

    reason: Narrative
    reported: ReportedIn | None = None


@routes.post(
    "/plans/{plan_id}/amendments", status_code=201, response_model=AmendmentOut,
    responses=problems(AmendmentRefused, NeverAdopted, RuleSetNotShipped),
)  # fmt: skip
async def post_amendment(
    plan_id: UUID, if_match: IfMatch, asked: Asked, who: WritesOrReports,
    body: Annotated[ProposalIn, Body(openapi_examples={"agreed without a meeting": {"value": PROPOSAL}})],
) -> Response:  # fmt: skip
    """Propose to change a plan in effect. Nothing changes yet; notice of it goes out by itself."""
    may_write_or_report(who, body.reported)
    amendment_id = new_id()
    return await asked.respond("amendment", amendment_id, lambda making: amendments.propose(
        asked.store, asked.context, plan_id, lambda seen: body.to_command(amendment_id, seen),
        meeting_id=body.meeting_id, if_match=if_match, claims=making.claims, answer=making.answer,
        reported=reported_value(body.reported)), external_id=body.external_id)  # fmt: skip


@routes.get("/plans/{plan_id}/amendments", response_model=Page[AmendmentOut])
async def get_amendments(plan_id: UUID, asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the plan's amendments, a page at a time."""
    return await list_of_plan(asked, "amendment", plan_id, listing)


@routes.get("/plans/{plan_id}/amendments/{amendment_id}", response_model=AmendmentOut)
async def get_amendment(plan_id: UUID, amendment_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read an amendment: what is proposed and who answered what, or what of it binds and what was withheld."""
    return await one_of_plan(asked, "amendment", plan_id, amendment_id)


@routes.post(
    "/plans/{plan_id}/amendments/{amendment_id}/agreement", response_model=AmendmentOut,
    responses=problems(AmendmentClosed, RuleSetNotShipped),
)  # fmt: skip
async def post_agreement(
    plan_id: UUID, amendment_id: UUID, asked: Asked, who: WritesOrReports,
    body: Annotated[AgreementIn, Body(openapi_examples={"signed later": {"value": AGREEMENT}})],
) -> Response:  # fmt: skip
    """Record that rights holders agreed in writing to change the plan without a meeting, after it was proposed.

    Of somebody who may not decide it stands in the history and is no agreement: `agreement_sought` stays true.
    """
    may_write_or_report(who, body.reported)

    def record(seen: Situation) -> list[PlanEvent]:
        return record_agreement(seen.plan, body.to_command(amendment_id, seen), seen.people)

    return await asked.respond("amendment", amendment_id, lambda making: decide(
        asked.store, asked.context, plan_id, record, answer=making.answer,
        reported=reported_value(body.reported)))  # fmt: skip


@routes.post(
    "/plans/{plan_id}/amendments/{amendment_id}/consents", status_code=201, response_model=ConsentOut,
    responses=problems(AmendmentClosed, RuleSetNotShipped),
)  # fmt: skip
async def post_consent(
    plan_id: UUID, amendment_id: UUID, asked: Asked, who: WritesOrReports,
    body: Annotated[ConsentIn, Body(openapi_examples={"one item accepted": {"value": CONSENT}})],
) -> Response:  # fmt: skip
    """Record somebody's answer to items of the amendment. It counts only if they held the right to decide that day."""
    may_write_or_report(who, body.reported)
    consent_id = new_id()

    def record(seen: Situation) -> list[PlanEvent]:
        return answer_amendment(seen.plan, body.to_command(amendment_id, consent_id, seen), seen.people)

    return await asked.respond("consent", consent_id, lambda making: decide(
        asked.store, asked.context, plan_id, record, claims=making.claims, answer=making.answer,
        reported=reported_value(body.reported)), external_id=body.external_id)  # fmt: skip


@routes.get("/plans/{plan_id}/consents", response_model=Page[ConsentOut])
async def get_consents(plan_id: UUID, asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the answers given about the plan, a page at a time."""
    return await list_of_plan(asked, "consent", plan_id, listing)


@routes.get("/plans/{plan_id}/consents/{consent_id}", response_model=ConsentOut)
async def get_consent(plan_id: UUID, consent_id: UUID, asked: Asked, who: Reads) -> Response:
    """Read one answer."""
    return await one_of_plan(asked, "consent", plan_id, consent_id)


@routes.post(
    "/plans/{plan_id}/amendments/{amendment_id}/adoption", response_model=AmendmentOut,
    responses=problems(AmendmentRefused, AmendmentClosed, RuleSetNotShipped),
)  # fmt: skip
async def post_amendment_adoption(
    plan_id: UUID, amendment_id: UUID, if_match: IfMatch, asked: Asked, who: WritesOrReports,
    body: Annotated[AmendmentAdoptionIn, Body(openapi_examples={"earliest": {"value": {"effective_on": "earliest"}}})],
) -> Response:  # fmt: skip
    """Let the amendment bind: what was agreed, from the day asked for, or from the first lawful day.

    Refused until everybody who must be told has been given notice the required days before (34 CFR 300.503(a)).
    """
    may_write_or_report(who, body.reported)

    def command(seen: Situation) -> AdoptAmendment:
        return AdoptAmendment(amendment_id, seen.today, body.effective_on, reported_value(body.reported))

    return await asked.respond("amendment", amendment_id, lambda making: amendments.adopt(
        asked.store, asked.context, plan_id, amendment_id, command, if_match=if_match, answer=making.answer,
        reported=reported_value(body.reported)))  # fmt: skip


@routes.post(
    "/plans/{plan_id}/amendments/{amendment_id}/withdrawal", response_model=AmendmentOut,
    responses=problems(WithdrawalRefused),
)  # fmt: skip
async def post_withdrawal(
    plan_id: UUID,
    amendment_id: UUID,
    if_match: IfMatch,
    asked: Asked,
    who: WritesOrReports,
    body: Annotated[
        AmendmentWithdrawalIn,
        Body(
            openapi_examples={
                "another way": {"value": {"reason": "The family prefers to wait for the evaluation."}}
            }
        ),
    ],
) -> Response:
    """Take an amendment back, before its changes bind: it leaves no change."""
    may_write_or_report(who, body.reported)

    def withdraw(seen: Situation) -> list[PlanEvent]:
        return withdraw_amendment(
            seen.plan, amendment_id, body.reason, seen.today, reported_value(body.reported)
        )

    return await asked.respond("amendment", amendment_id, lambda making: decide(
        asked.store, asked.context, plan_id, withdraw, if_match=if_match, answer=making.answer,
        reported=reported_value(body.reported)))  # fmt: skip
