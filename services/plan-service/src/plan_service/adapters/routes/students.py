"""Who the students are, and where they go to school."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Body
from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema
from starlette.responses import Response

from contracts.fields import Code, ExternalId, LanguageTag, Line, Name, SchoolId
from contracts.ids import new_id
from contracts.students import StudentPersonalData
from plan_service.adapters.routes.bodies import Dated, From, OnIn, ReadsRoster, WritesRoster
from plan_service.adapters.routes.forms import Form
from plan_service.adapters.routes.reading import by_any_external_id, must_be, one_of_student, page_of_student
from plan_service.application.desk import Desk
from plan_service.application.models import SCHOOL, STUDENT
from plan_service.application.shown import EnrolmentOfStudentShown, StudentShown
from plan_service.application.students import Enrolled, change, move, register
from plan_service.domain.identity import withdraw
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.http import IfMatch, Routes
from runtime.paging import Listed, Page
from runtime.stream_model import Model

routes = Routes(prefix="/plan/v1", tags=["students"])
EXAMPLE: dict[str, Any] = {
    "given_name": "Mira",
    "family_name": "Quill",
    "birth_date": "2010-06-20",
    "home_language": "es",
    "external_id": "northwind:604821",
}
PATCH: dict[str, Any] = {"home_language": "es", "middle_name": None}
ENROLLED = {"school": "3b1f7c52-0c8e-5f0d-9a55-1f2f6f0f7a31", "grade": "grade_10", "from": "2025-08-25"}
LEFT = {"on": "2026-02-02", "reason": "The family moves to another district."}


class StudentIn(Form):
    """A student."""

    given_name: Name
    middle_name: Name | None = None
    family_name: Name
    suffix: Name | None = None
    preferred_given_name: Name | None = None
    preferred_family_name: Name | None = None
    birth_date: date
    sex: Code | None = None
    home_language: LanguageTag | None = None
    school: SchoolId | None = None
    """Where the student goes to school from `enrolled_on` on."""
    grade: Code | None = None
    enrolled_on: date | None = None
    """Today where nothing is said."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`. The same student again answers 200 with the first."""
    external_ids: tuple[ExternalId, ...] = Field(default=(), max_length=20)
    """Further systems' ids."""

    @property
    def all_ids(self) -> tuple[ExternalId, ...]:
        """Every external id, the request's own first."""
        return tuple(dict.fromkeys((*((self.external_id,) if self.external_id else ()), *self.external_ids)))

    @property
    def personal(self) -> StudentPersonalData:
        """Who the student is."""
        return StudentPersonalData.model_validate(
            {name: getattr(self, name) for name in StudentPersonalData.model_fields}
        )


class StudentPatch(Form):
    """What changes of a student (JSON Merge Patch, RFC 7396): what is absent stays, ``null`` takes away."""

    given_name: Name | SkipJsonSchema[None] = None
    middle_name: Name | None = None
    family_name: Name | SkipJsonSchema[None] = None
    suffix: Name | None = None
    preferred_given_name: Name | None = None
    preferred_family_name: Name | None = None
    birth_date: date | SkipJsonSchema[None] = None
    sex: Code | None = None
    home_language: LanguageTag | None = None
    school: SchoolId | SkipJsonSchema[None] = None
    """From today on; for another day `POST .../enrolment`, for none `POST .../withdrawal`."""
    grade: Code | None = None
    external_ids: tuple[ExternalId, ...] | SkipJsonSchema[None] = Field(default=None, max_length=20)

    @model_validator(mode="after")
    def _kept(self) -> "StudentPatch":
        for name in ("given_name", "family_name", "birth_date", "school", "external_ids"):
            if name in self.model_fields_set and getattr(self, name) is None:
                raise ValueError(f"{name} cannot be taken away")
        return self

    @property
    def said(self) -> dict[str, Any]:
        """What was sent, absent fields left out."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class EnrolmentIn(Dated):
    """Where the student goes to school from a day on."""

    school: SchoolId
    grade: Code | None = None
    from_: From


class StudentWithdrawalIn(OnIn):
    """The student leaves the school; `on` is the first day without them."""

    reason: Line | None = None


def school_of(school_id: UUID | None) -> list[tuple[Model[Any], str]]:
    """The school's stream, where one is named."""
    return [(SCHOOL, SCHOOL.stream(school_id))] if school_id else []


@routes.get("/students", response_model=Page[StudentShown])
async def get_students(asked: Asked, who: ReadsRoster, listing: Listed) -> Response:
    """List the students you may see."""
    return await asked.page("student", await by_any_external_id(asked, "student", listing))


@routes.get("/students/{student_id}", response_model=StudentShown)
async def get_student(asked: Asked, who: ReadsRoster, student_id: UUID) -> Response:
    """Read who a student is and where they go to school."""
    return await asked.one("student", student_id)


@routes.post("/students", response_model=StudentShown, status_code=201)
async def post_student(
    asked: Asked, who: WritesRoster, body: Annotated[StudentIn, Body(examples=[EXAMPLE])]
) -> Response:
    """Register a student."""
    student_id = new_id()
    enrolled = Enrolled(body.school, body.grade, body.enrolled_on) if body.school else None

    async def add(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id,
            lambda seen: register(seen, student_id, body.personal, body.home_language, body.all_ids, enrolled,
                                  claimed=body.external_id),
            beside=school_of(body.school), claims=making.claims, answer=making.answer,
        )  # fmt: skip

    return await asked.respond("student", student_id, add, external_id=body.external_id)


@routes.patch("/students/{student_id}", response_model=StudentShown)
async def patch_student(
    asked: Asked, who: WritesRoster, if_match: IfMatch, student_id: UUID,
    body: Annotated[StudentPatch, Body(examples=[PATCH])],
) -> Response:  # fmt: skip
    """Change what is known of a student: a JSON Merge Patch (RFC 7396)."""
    await must_be(asked, "student", student_id)
    appended = await Desk(asked.store).decide(
        asked.context, STUDENT, (student_id,), student_id, lambda seen: change(seen, body.said),
        beside=school_of(body.school), if_match=if_match,
    )  # fmt: skip
    return await asked.answer(appended, "student", student_id)


@routes.post("/students/{student_id}/enrolment", response_model=StudentShown, status_code=201)
async def post_enrolment(
    asked: Asked, who: WritesRoster, student_id: UUID, body: Annotated[EnrolmentIn, Body(examples=[ENROLLED])]
) -> Response:
    """Enrol a student at a school from a day on; it takes the place of the enrolment before."""
    enrolled = Enrolled(body.school, body.grade, body.from_)

    async def enrol(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id, lambda seen: move(seen, enrolled),
            beside=school_of(body.school), answer=making.answer,
        )  # fmt: skip

    # It answers who the student is, which the caller did not send.
    asked.saw(student_id, "student", (student_id,))
    return await asked.respond("student", student_id, enrol)


@routes.get("/enrolments", response_model=Page[EnrolmentOfStudentShown])
async def get_all_enrolments(asked: Asked, who: ReadsRoster, listing: Listed) -> Response:
    """List where the students you may see go, or went, to school."""
    return await asked.page("enrolment", listing)


@routes.get("/students/{student_id}/enrolments", response_model=Page[EnrolmentOfStudentShown])
async def get_enrolments(asked: Asked, who: ReadsRoster, student_id: UUID, listing: Listed) -> Response:
    """List where a student goes, or went, to school."""
    return await page_of_student(asked, "enrolment", student_id, listing)


@routes.get("/students/{student_id}/enrolments/{enrolment_id}", response_model=EnrolmentOfStudentShown)
async def get_enrolment(asked: Asked, who: ReadsRoster, student_id: UUID, enrolment_id: UUID) -> Response:
    """Read an enrolment."""
    return await one_of_student(asked, "enrolment", student_id, enrolment_id)


@routes.post("/students/{student_id}/withdrawal", response_model=StudentShown)
async def post_withdrawal(
    asked: Asked,
    who: WritesRoster,
    student_id: UUID,
    body: Annotated[StudentWithdrawalIn, Body(examples=[LEFT])],
) -> Response:
    """Record that a student leaves the school they are enrolled at."""

    async def leave(making: Making) -> Appended:
        return await Desk(asked.store).decide(
            asked.context, STUDENT, (student_id,), student_id,
            lambda seen: withdraw(seen.state, body.on, reason=body.reason), answer=making.answer,
        )  # fmt: skip

    return await asked.respond("student", student_id, leave)
