"""Disputes: state complaints, due process complaints, mediation; and stay-put (34 CFR 300.151-153, 300.506-518)."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.fields import Code, ExternalId, HolderId, MeetingId, Name, Narrative
from contracts.ids import new_id
from contracts.rule_profile import RuleSetNotShipped
from contracts.vocabulary import DisputeKind, DisputeOutcome, DisputeParty, DisputeStep, StayPutGround
from plan_service.adapters.routes.about_student import respond_about_student
from plan_service.adapters.routes.bodies import Dated
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import must_be_of_student, one_of_student, page_of_student
from plan_service.application.deciding import meeting_of
from plan_service.application.desk import Seen
from plan_service.application.shown_disputes import DisputeShown
from plan_service.domain.dispute import (
    CloseDispute,
    DisputeOver,
    ExceptionRefused,
    ExceptStayPut,
    FileDispute,
    TakeStep,
    close_dispute,
    except_stay_put,
    file_dispute,
    take_step,
)
from plan_service.domain.document import documents_of
from plan_service.domain.student import Student
from runtime.call import Asked
from runtime.going_on import GOES_ON
from runtime.http import IfMatch, Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["disputes"])
KIND = "dispute"
MOTHER = "d6a6d22f-75d0-5eef-af30-17c1a228c4c4"
FILED: dict[str, Any] = {
    "kind": "due_process_complaint",
    "filed_by": "family",
    "holder": MOTHER,
    "filed_on": "2026-03-02",
    "known_on": "2026-01-12",
    "about": ["placement"],
    "words": "The separate class was decided without us.",
}
STEP: dict[str, Any] = {"step": "resolution_meeting_held", "on": "2026-03-12"}
EXTENDED: dict[str, Any] = {"step": "time_extended", "on": "2026-04-20", "decision_due_on": "2026-06-15"}
EXCEPTED: dict[str, Any] = {"ground": "agreed", "from": "2026-03-20", "holder": MOTHER}
CLOSED: dict[str, Any] = {
    "outcome": "agreed",
    "closed_on": "2026-03-30",
    "words": "She stays in her class, with an aide.",
}
Documents = Annotated[tuple[UUID, ...], Field(max_length=100)]


class DisputeIn(Form):
    """A complaint, or a request for mediation, has come in."""

    kind: DisputeKind
    filed_by: DisputeParty
    filed_on: date | None = None
    """The day on which it was received; today where nothing is said."""
    holder: HolderId | None = None
    """Who of the family."""
    name: Name | None = None
    """Who filed, where it is nobody known here."""
    about: tuple[Code, ...] = Field(default=(), max_length=20)
    """Codes of `GET /codes/dispute_subject`."""
    words: Narrative | None = None
    happened_on: date | None = None
    """The day of what a state complaint is about."""
    known_on: date | None = None
    """When who filed a due process complaint knew, or should have known, of what it is about."""
    withheld: bool = False
    """It is said that the district misled, or withheld what it had to tell (34 CFR 300.511(f))."""
    documents: Documents = ()
    """The complaint, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, dispute_id: UUID, seen: Seen[Student]) -> FileDispute:
        """What the domain decides about."""
        return FileDispute(
            dispute_id=dispute_id, kind=self.kind, filed_by=self.filed_by, today=seen.today, filed_on=self.filed_on,
            holder_id=self.holder, about=tuple(dict.fromkeys(self.about)), happened_on=self.happened_on,
            known_on=self.known_on, withheld=self.withheld, name=self.name, words=self.words,
            documents=documents_of(seen.state, self.documents, "/documents"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


class DisputeStepIn(Form):
    """Something happened on the way to an outcome."""

    step: DisputeStep
    on: date | None = None
    """Today where nothing is said."""
    decision_due_on: date | None = None
    """With `time_extended`, and only then: by when it is decided from now on."""
    meeting: MeetingId | None = None
    words: Narrative | None = None
    documents: Documents = ()
    external_id: ExternalId | None = None
    """Your own id for the step. The same again answers 200 with the dispute, and records nothing."""
    reported: ReportedIn | None = None

    def to_command(self, dispute_id: UUID, step_id: UUID, seen: Seen[Student]) -> TakeStep:
        """What the domain decides about."""
        meeting = meeting_of(seen, self.meeting)
        return TakeStep(
            dispute_id=dispute_id, dispute_step_id=step_id, step=self.step, today=seen.today, on=self.on,
            decision_due_on=self.decision_due_on, meeting_id=meeting.meeting_id if meeting else None, words=self.words,
            documents=documents_of(seen.state, self.documents, "/documents"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


class StayPutExceptionIn(Dated):
    """Why the placement may change although the complaint is open."""

    ground: StayPutGround
    from_: Annotated[date | None, Field(alias="from")] = None
    """The first day; today where nothing is said."""
    holder: HolderId | None = None
    """With `agreed`: who agreed, of those who decide for the student."""
    words: Narrative | None = None
    documents: Documents = ()
    """The agreement; with `ordered` the order."""
    external_id: ExternalId | None = None
    """Your own id for it. The same again answers 200 with the dispute, and records nothing."""
    reported: ReportedIn | None = None

    def to_command(self, dispute_id: UUID, exception_id: UUID, seen: Seen[Student]) -> ExceptStayPut:
        """What the domain decides about."""
        return ExceptStayPut(
            dispute_id=dispute_id, stay_put_exception_id=exception_id, ground=self.ground, today=seen.today,
            starts_on=self.from_, holder_id=self.holder, words=self.words,
            documents=documents_of(seen.state, self.documents, "/documents"), rules=seen.rules,
            external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


class DisputeOutcomeIn(Form):
    """How the dispute ended."""

    outcome: DisputeOutcome
    closed_on: date | None = None
    """Today where nothing is said."""
    words: Narrative | None = None
    documents: Documents = ()
    """The agreement or the decision, among the student's documents."""
    external_id: ExternalId | None = None
    """Your own id for the outcome. The same again answers 200 with the dispute, and records nothing."""
    reported: ReportedIn | None = None

    def to_command(self, dispute_id: UUID, seen: Seen[Student]) -> CloseDispute:
        """What the domain decides about."""
        return CloseDispute(
            dispute_id=dispute_id, outcome=self.outcome, today=seen.today, closed_on=self.closed_on, words=self.words,
            documents=documents_of(seen.state, self.documents, "/documents"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


@routes.get("/disputes", response_model=Page[DisputeShown])
async def get_all_disputes(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the disputes about the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/disputes", response_model=Page[DisputeShown])
async def get_disputes(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List a student's disputes."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/disputes/{dispute_id}", response_model=DisputeShown)
async def get_dispute(asked: Asked, who: Reads, student_id: UUID, dispute_id: UUID) -> Response:
    """Read a dispute: its days, its steps, what lets the placement change, how it ended."""
    return await one_of_student(asked, KIND, student_id, dispute_id)


@routes.post("/students/{student_id}/disputes", response_model=DisputeShown, status_code=201)
async def post_dispute(
    asked: Asked, who: WritesOrReports, student_id: UUID, body: Annotated[DisputeIn, Body(examples=[FILED])]
) -> Response:
    """Record a complaint or a request for mediation. While a due process complaint is open, the placement stays."""
    may_write_or_report(who, body.reported)
    dispute_id = new_id()

    return await respond_about_student(
        asked, KIND, dispute_id, student_id,
        lambda seen: file_dispute(seen.state, body.to_command(dispute_id, seen)),
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip


@routes.post(
    "/students/{student_id}/disputes/{dispute_id}/steps", response_model=DisputeShown,
    responses=problems(DisputeOver),
)  # fmt: skip
async def post_dispute_step(
    asked: Asked, who: WritesOrReports, student_id: UUID, dispute_id: UUID,
    body: Annotated[DisputeStepIn, Body(examples=[STEP, EXTENDED])],
) -> Response:  # fmt: skip
    """Record a step on the way to an outcome."""
    may_write_or_report(who, body.reported)
    step_id = new_id()

    return await respond_about_student(
        asked, KIND, dispute_id, student_id,
        lambda seen: take_step(seen.state, body.to_command(dispute_id, step_id, seen)), meeting=body.meeting,
        reported=reported_value(body.reported),
        external_id=body.external_id, claimed_as="dispute_step",
    )  # fmt: skip


@routes.post(
    "/students/{student_id}/disputes/{dispute_id}/stay-put-exceptions", response_model=DisputeShown,
    responses=problems(ExceptionRefused, DisputeOver, RuleSetNotShipped),
)  # fmt: skip
async def post_stay_put_exception(
    asked: Asked, who: WritesOrReports, if_match: IfMatch, student_id: UUID, dispute_id: UUID,
    body: Annotated[StayPutExceptionIn, Body(examples=[EXCEPTED])],
) -> Response:  # fmt: skip
    """Let the placement change although the complaint is open: agreed, ordered, or under 34 CFR 300.530-533."""
    may_write_or_report(who, body.reported)
    await must_be_of_student(asked, KIND, student_id, dispute_id)
    exception_id = new_id()

    return await respond_about_student(
        asked, KIND, dispute_id, student_id,
        lambda seen: except_stay_put(seen.state, body.to_command(dispute_id, exception_id, seen)),
        reported=reported_value(body.reported), if_match=if_match,
        external_id=body.external_id, claimed_as="stay_put_exception",
    )  # fmt: skip


@routes.post(
    "/students/{student_id}/disputes/{dispute_id}/outcome", response_model=DisputeShown,
    responses=problems(DisputeOver), dependencies=[GOES_ON],
)  # fmt: skip
async def post_dispute_outcome(
    asked: Asked, who: WritesOrReports, if_match: IfMatch, student_id: UUID, dispute_id: UUID,
    body: Annotated[DisputeOutcomeIn, Body(examples=[CLOSED])],
) -> Response:  # fmt: skip
    """Record how a dispute ended. With a due process complaint stay-put ends."""
    may_write_or_report(who, body.reported)
    await must_be_of_student(asked, KIND, student_id, dispute_id)

    return await respond_about_student(
        asked, KIND, dispute_id, student_id,
        lambda seen: close_dispute(seen.state, body.to_command(dispute_id, seen)),
        reported=reported_value(body.reported), if_match=if_match,
        external_id=body.external_id, claimed_as="dispute_outcome",
    )  # fmt: skip
