"""Eligibility: what a group determined, under one law at a time (34 CFR 300.8, 300.306; 104.35, 42 USC 12102)."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field
from starlette.responses import Response

from contracts.evaluations import AnyDetermination, Determination, GroupMember
from contracts.fields import Code, ExternalId, MeetingId, Narrative
from contracts.ids import new_id
from contracts.meetings import Guest, StaffPerson
from plan_service.adapters.routes.about_student import respond_about_student
from plan_service.adapters.routes.forms import (
    Form,
    Reads,
    ReportedIn,
    WritesOrReports,
    may_write_or_report,
    reported_value,
)
from plan_service.adapters.routes.reading import one_of_student, page_of_student
from plan_service.application.deciding import meeting_of
from plan_service.application.desk import Seen
from plan_service.application.shown_evaluations import EligibilityShown
from plan_service.domain.document import documents_of
from plan_service.domain.eligibility import DetermineEligibility, EligibilityRefused, determine_eligibility
from plan_service.domain.student import Student
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page

routes = Routes(prefix="/plan/v1", tags=["evaluations"])
KIND = "eligibility"
STAFF = "5e91a5c4-67b6-53dc-b6a6-3901406001c4"
EXAMPLE: dict[str, Any] = {
    "determination": {
        "law": "idea",
        "eligible": True,
        "categories": ["specific_learning_disability"],
        "needs_special_education": True,
    },
    "evaluation": "8bd8c1c4-39a5-5ac5-a8ca-0c6e1c46c8a0",
    "determined_on": "2025-11-19",
    "members": [{"person": {"kind": "staff", "staff_id": STAFF}, "roles": ["interprets_evaluation"]}],
    "sources": ["aptitude_and_achievement_tests", "teacher_recommendations"],
    "basis": "Decoding is far below grade level in three sources; instruction was appropriate.",
}
BY_504: dict[str, Any] = EXAMPLE | {
    "determination": {
        "law": "504",
        "eligible": True,
        "impairment": "Type 1 diabetes",
        "limited": [{"activity": "endocrine_function"}, {"activity": "eating", "how": "Meals are timed."}],
    },
    "members": [
        {"person": {"kind": "staff", "staff_id": STAFF},
         "roles": ["knowledge_of_child", "knowledge_of_evaluation", "knowledge_of_placement_options"]}
    ],
}  # fmt: skip


class EligibilityIn(Form):
    """What was determined, by whom, on which ground."""

    determination: Determination
    """Under IDEA the categories, and whether the student needs special education; under Section 504 the impairment, and
    what it substantially limits."""
    evaluation: UUID | None = None
    """The completed evaluation it rests on."""
    determined_on: date | None = None
    """The meeting's day, or today, where nothing is said."""
    members: tuple[GroupMember, ...] = Field(default=(), max_length=50)
    """Who determined it, and what each brings; or name the meeting."""
    guests: tuple[Guest, ...] = Field(default=(), max_length=50)
    """The names of guests among the members."""
    meeting: MeetingId | None = None
    """The meeting in which it was determined."""
    sources: tuple[Code, ...] = Field(default=(), max_length=50)
    """What was drawn upon: codes of `GET /codes/information_source`."""
    basis: Narrative | None = None
    """What it rests on, in words."""
    documents: tuple[UUID, ...] = Field(default=(), max_length=100)
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same again answers 200 with the first."""
    reported: ReportedIn | None = None

    def to_command(self, eligibility_id: UUID, seen: Seen[Student]) -> DetermineEligibility:
        """What the domain decides about."""
        found: AnyDetermination = self.determination
        return DetermineEligibility(
            eligibility_id=eligibility_id, determination=found, today=seen.today, determined_on=self.determined_on,
            evaluation_id=self.evaluation, members=self.members, guests=self.guests,
            meeting=meeting_of(seen, self.meeting), sources=tuple(dict.fromkeys(self.sources)), basis=self.basis,
            documents=documents_of(seen.state, self.documents, "/documents"), external_id=self.external_id,
            reported=reported_value(self.reported),
        )  # fmt: skip


@routes.get("/eligibility", response_model=Page[EligibilityShown])
async def get_all_eligibility(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List what was determined about the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/eligibility", response_model=Page[EligibilityShown])
async def get_eligibility(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List what was determined about a student, under each law."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/eligibility/{eligibility_id}", response_model=EligibilityShown)
async def get_one_eligibility(asked: Asked, who: Reads, student_id: UUID, eligibility_id: UUID) -> Response:
    """Read one determination."""
    return await one_of_student(asked, KIND, student_id, eligibility_id)


@routes.post(
    "/students/{student_id}/eligibility", response_model=EligibilityShown, status_code=201,
    responses=problems(EligibilityRefused),
)  # fmt: skip
async def post_eligibility(
    asked: Asked, who: WritesOrReports, student_id: UUID,
    body: Annotated[EligibilityIn, Body(examples=[EXAMPLE, BY_504])],
) -> Response:  # fmt: skip
    """Determine whether the student is eligible under one law. Under both it is two determinations."""
    may_write_or_report(who, body.reported)
    eligibility_id = new_id()
    staff = {
        f"/members/{place}/person/staff_id": member.person.staff_id
        for place, member in enumerate(body.members)
        if isinstance(member.person, StaffPerson)
    }

    return await respond_about_student(
        asked, KIND, eligibility_id, student_id,
        lambda seen: determine_eligibility(seen.state, body.to_command(eligibility_id, seen)),
        staff=staff, meeting=body.meeting, reported=reported_value(body.reported),
        external_id=body.external_id,
    )  # fmt: skip
