"""Is it a change of placement, is it a manifestation, and what follows (34 CFR 300.530(e)-(f), 300.536, 104.35)."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.discipline import RemovalDecisionPersonalData
from contracts.evaluations import GroupMember
from contracts.fields import Code, ExternalId, MeetingId, Narrative, StaffId
from contracts.ids import new_id
from contracts.meetings import Guest, StaffPerson
from contracts.vocabulary import Law, ManifestationStep, RemovalGround
from plan_service.adapters.routes.about_student import respond_about_student
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import (
    one_of_student,
    one_step,
    page_of_steps,
    page_of_student,
)
from plan_service.application.deciding import meeting_of
from plan_service.application.desk import Seen
from plan_service.application.shown_discipline import (
    ManifestationShown,
    ManifestationStepShown,
    RemovalDecisionShown,
)
from plan_service.domain.document import document_of, documents_of
from plan_service.domain.manifestation import (
    DecideRemovals,
    DetermineManifestation,
    FollowManifestation,
    ManifestationRefused,
    RemovalDecisionRefused,
    decide_removals,
    determine_manifestation,
    follow_manifestation,
)
from plan_service.domain.student import Student
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["discipline"])
DECISION, KIND, STEP = "removal_decision", "manifestation", "manifestation_step"
DECIDED: dict[str, Any] = {
    "ground": "pattern", "removals": ["019351f0-7c1d-7f5e-9b7a-2f4f1c9d8e11"], "change_of_placement": True,
    "similar_behavior": True, "decided_on": "2026-05-20", "behavior": "Each time something was thrown in class.",
    "length": "Three to five days each.", "total": "Eleven days in five weeks.", "closeness": "Two weeks apart.",
}  # fmt: skip
DETERMINED: dict[str, Any] = {
    "decision": "019351f0-7c1d-7f5e-9b7a-2f4f1c9d8e12", "law": "idea", "by_disability": True, "by_failure": False,
    "determined_on": "2026-06-02", "meeting": "7d1e5b8c-9d04-4a1f-8a44-c2b7d9a41f6a",
    "sources": ["observation", "parent_input"], "basis": "Each time the noise had come first.",
}  # fmt: skip
FOLLOWED: dict[str, Any] = {"step": "behavior_assessment_started", "done_on": "2026-06-03"}


class RemovalDecisionIn(Form):
    """Whether removals are a change of placement, and what that rests on."""

    ground: RemovalGround
    removals: tuple[UUID, ...] = Field(min_length=1, max_length=200)
    change_of_placement: bool
    similar_behavior: bool | None = None
    decided_on: date | None = None
    """Today where nothing is said."""
    behavior: Narrative | None = None
    """How far it is like what led to the earlier removals."""
    length: Narrative | None = None
    """Of each removal."""
    total: Narrative | None = None
    """The total time."""
    closeness: Narrative | None = None
    """How near the removals lie to each other."""
    staff: tuple[StaffId, ...] = Field(default=(), max_length=50)
    """Who decided."""
    document: UUID | None = None
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, decision_id: UUID, seen: Seen[Student]) -> DecideRemovals:
        """What the domain decides about."""
        said = {name: getattr(self, name) for name in RemovalDecisionPersonalData.model_fields}
        return DecideRemovals(
            removal_decision_id=decision_id, ground=self.ground, removal_ids=tuple(dict.fromkeys(self.removals)),
            change_of_placement=self.change_of_placement, today=seen.today,
            calendar=seen.day.profiles.on(seen.today).calendar, decided_on=self.decided_on,
            similar_behavior=self.similar_behavior,
            factors=RemovalDecisionPersonalData(**said) if any(said.values()) else None,
            decided_by=tuple(dict.fromkeys(self.staff)), document=document_of(seen.state, self.document, "/document"),
            external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


class ManifestationIn(Form):
    """Both answers, by whom, on which ground."""

    decision: UUID
    """The decision about removals that it reviews."""
    law: Law
    by_disability: bool
    """Caused by, or directly and substantially related to, the disability."""
    by_failure: bool
    """The direct result of the district's failure to carry out the plan."""
    current_drug_use: bool = False
    """Section 504: current illegal use of drugs, or use of alcohol (29 USC 705(20)(C)(iv))."""
    determined_on: date | None = None
    """The meeting's day, or today, where nothing is said."""
    members: tuple[GroupMember, ...] = Field(default=(), max_length=50)
    """Who determined it, in which role; or name the meeting."""
    guests: tuple[Guest, ...] = Field(default=(), max_length=50)
    meeting: MeetingId | None = None
    sources: tuple[Code, ...] = Field(default=(), max_length=50)
    """What was reviewed: codes of `GET /codes/information_source`."""
    basis: Narrative | None = None
    documents: tuple[UUID, ...] = Field(default=(), max_length=100)
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, manifestation_id: UUID, seen: Seen[Student]) -> DetermineManifestation:
        """What the domain decides about."""
        return DetermineManifestation(
            manifestation_id=manifestation_id, removal_decision_id=self.decision, law=self.law,
            by_disability=self.by_disability, by_failure=self.by_failure, today=seen.today,
            determined_on=self.determined_on, current_drug_use=self.current_drug_use, members=self.members,
            guests=self.guests, meeting=meeting_of(seen, self.meeting), sources=tuple(dict.fromkeys(self.sources)),
            basis=self.basis, documents=documents_of(seen.state, self.documents, "/documents"),
            external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


class ManifestationStepIn(Form):
    """What was done after the review."""

    step: ManifestationStep
    done_on: date | None = None
    """Today where nothing is said."""
    staff: StaffId | None = None
    document: UUID | None = None
    words: Narrative | None = None
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, manifestation_id: UUID, step_id: UUID, seen: Seen[Student]) -> FollowManifestation:
        """What the domain decides about."""
        return FollowManifestation(
            manifestation_id=manifestation_id, manifestation_step_id=step_id, step=self.step, today=seen.today,
            done_on=self.done_on, staff_id=self.staff, document=document_of(seen.state, self.document, "/document"),
            words=self.words, external_id=self.external_id, reported=reported_value(self.reported),
        )  # fmt: skip


@routes.get("/removal-decisions", response_model=Page[RemovalDecisionShown])
async def get_all_removal_decisions(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the decisions about removals of the students you may see."""
    return await asked.page(DECISION, listing)


@routes.get("/students/{student_id}/removal-decisions", response_model=Page[RemovalDecisionShown])
async def get_removal_decisions(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List what was decided about a student's removals."""
    return await page_of_student(asked, DECISION, student_id, listing)


@routes.get(
    "/students/{student_id}/removal-decisions/{removal_decision_id}", response_model=RemovalDecisionShown
)
async def get_removal_decision(
    asked: Asked, who: Reads, student_id: UUID, removal_decision_id: UUID
) -> Response:
    """Read a decision, its factors, and by when its review is due."""
    return await one_of_student(asked, DECISION, student_id, removal_decision_id)


@routes.post(
    "/students/{student_id}/removal-decisions", response_model=RemovalDecisionShown, status_code=201,
    responses=problems(RemovalDecisionRefused),
)  # fmt: skip
async def post_removal_decision(
    asked: Asked, who: WritesOrReports, student_id: UUID,
    body: Annotated[RemovalDecisionIn, Body(examples=[DECIDED])],
) -> Response:  # fmt: skip
    """Decide whether removals are a change of placement. A series is judged by every factor; the review has ten school days."""
    may_write_or_report(who, body.reported)
    decision_id = new_id()
    staff: dict[str, UUID | None] = {f"/staff/{place}": each for place, each in enumerate(body.staff)}

    return await respond_about_student(
        asked, DECISION, decision_id, student_id,
        lambda seen: decide_removals(seen.state, body.to_command(decision_id, seen)), staff=staff,
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip


@routes.get("/manifestations", response_model=Page[ManifestationShown])
async def get_all_manifestations(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the manifestation determinations of the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/manifestations", response_model=Page[ManifestationShown])
async def get_manifestations(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List a student's manifestation determinations."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/manifestations/{manifestation_id}", response_model=ManifestationShown)
async def get_manifestation(asked: Asked, who: Reads, student_id: UUID, manifestation_id: UUID) -> Response:
    """Read what the review found, by whom, and whether it was in time."""
    return await one_of_student(asked, KIND, student_id, manifestation_id)


@routes.post(
    "/students/{student_id}/manifestations", response_model=ManifestationShown, status_code=201,
    responses=problems(ManifestationRefused),
)  # fmt: skip
async def post_manifestation(
    asked: Asked, who: WritesOrReports, student_id: UUID,
    body: Annotated[ManifestationIn, Body(examples=[DETERMINED])],
) -> Response:  # fmt: skip
    """Record the determination: both questions, by those who must take part. Late it is still taken, and `in_time` is false."""
    may_write_or_report(who, body.reported)
    manifestation_id = new_id()
    staff: dict[str, UUID | None] = {
        f"/members/{place}/person/staff_id": member.person.staff_id
        for place, member in enumerate(body.members)
        if isinstance(member.person, StaffPerson)
    }

    return await respond_about_student(
        asked, KIND, manifestation_id, student_id,
        lambda seen: determine_manifestation(seen.state, body.to_command(manifestation_id, seen)),
        staff=staff, meeting=body.meeting,
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip


@routes.get(
    "/students/{student_id}/manifestations/{manifestation_id}/steps",
    response_model=Page[ManifestationStepShown],
)
async def get_manifestation_steps(
    asked: Asked, who: Reads, student_id: UUID, manifestation_id: UUID, listing: Listed
) -> Response:
    """List what was done after the review."""
    return await page_of_steps(asked, STEP, KIND, student_id, manifestation_id, listing)


@routes.get(
    "/students/{student_id}/manifestations/{manifestation_id}/steps/{manifestation_step_id}",
    response_model=ManifestationStepShown,
)
async def get_manifestation_step(
    asked: Asked, who: Reads, student_id: UUID, manifestation_id: UUID, manifestation_step_id: UUID
) -> Response:
    """Read one step."""
    return await one_step(asked, STEP, KIND, student_id, manifestation_id, manifestation_step_id)


@routes.post(
    "/students/{student_id}/manifestations/{manifestation_id}/steps", response_model=ManifestationStepShown,
    status_code=201,
)  # fmt: skip
async def post_manifestation_step(
    asked: Asked, who: WritesOrReports, student_id: UUID, manifestation_id: UUID,
    body: Annotated[ManifestationStepIn, Body(examples=[FOLLOWED])],
) -> Response:  # fmt: skip
    """Record what followed: an assessment of behavior, a plan for it, the return, or another placement agreed on."""
    may_write_or_report(who, body.reported)
    step_id = new_id()

    return await respond_about_student(
        asked, STEP, step_id, student_id,
        lambda seen: follow_manifestation(seen.state, body.to_command(manifestation_id, step_id, seen)),
        staff={"/staff": body.staff},
        reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip
