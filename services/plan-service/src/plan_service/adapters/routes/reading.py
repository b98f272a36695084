"""Reading what belongs to a student, the same way for every kind: singly, of one student, and across the district."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from starlette.responses import Response

from contracts.problems import NotFound
from runtime.call import Call
from runtime.paging import Listing
from runtime.resources import Shown


async def page_of_student(asked: Call, kind: str, student_id: UUID, listing: Listing) -> Response:
    """``GET /students/{id}/<kind>s``; `NotFound` for a student there is not."""
    await must_be(asked, "student", student_id)
    return await asked.page(kind, replace(listing, student=student_id))


async def one_of_student(asked: Call, kind: str, student_id: UUID, id: UUID) -> Response:
    """``GET /students/{id}/<kind>s/{id}``; another student's is not found."""
    await must_be_of_student(asked, kind, student_id, id)
    return await asked.one(kind, id)


async def must_be_of_student(asked: Call, kind: str, student_id: UUID, id: UUID) -> Shown:
    """The thing; raises `NotFound` for another student's as for one there is not."""
    shown = await asked.fetch(kind, id)
    if shown is None or shown.student != student_id:
        raise NotFound("This student has nothing under this id.")
    return shown


async def page_of_steps(
    asked: Call, kind: str, of: str, student_id: UUID, of_id: UUID, listing: Listing
) -> Response:
    """The steps of a kind that belong to one thing of a student (an ``of``); `NotFound` for another student's."""
    await must_be_of_student(asked, of, student_id, of_id)
    return await asked.page(kind, listing, fields={of: str(of_id)})


async def one_step(asked: Call, kind: str, of: str, student_id: UUID, of_id: UUID, id: UUID) -> Response:
    """One of them; that of another thing is not found."""
    await must_be_step(asked, kind, of, student_id, of_id, id)
    return await asked.one(kind, id)


async def must_be_step(asked: Call, kind: str, of: str, student_id: UUID, of_id: UUID, id: UUID) -> None:
    """Raise `NotFound` for a step of another thing, as for one there is not."""
    shown = await must_be_of_student(asked, kind, student_id, id)
    if shown.document.get(of) != str(of_id):
        raise NotFound("This student has nothing under this id.")


async def one_of_meeting(asked: Call, kind: str, meeting_id: UUID, id: UUID) -> Response:
    """``GET /meetings/{id}/<kind>s/{id}``; another meeting's is not found."""
    shown = await asked.fetch(kind, id)
    if shown is None or shown.document.get("meeting") != str(meeting_id):
        raise NotFound("This meeting has nothing under this id.")
    return await asked.one(kind, id)


async def page_of_meeting(asked: Call, kind: str, meeting_id: UUID, listing: Listing) -> Response:
    """``GET /meetings/{id}/<kind>s``."""
    await must_be(asked, "meeting", meeting_id)
    return await asked.page(kind, listing, fields={"meeting": str(meeting_id)})


async def by_any_external_id(asked: Call, kind: str, listing: Listing) -> Listing:
    """A thing may have several external ids and is listed under its first: the one that stands for the one asked for."""
    if listing.external_id is None:
        return listing
    held = await asked.store.held(asked.tenant, f"external_id:{kind}", listing.external_id)
    if held is None:
        return listing
    shown = await asked.fetch(kind, held[0])
    ids: list[Any] = shown.document.get("external_ids", []) if shown else []
    return replace(listing, external_id=ids[0]) if listing.external_id in ids else listing


async def must_be(asked: Call, kind: str, id: UUID) -> None:
    """Raise `NotFound` for a thing there is not: before it is said that its version is another."""
    if await asked.fetch(kind, id) is None:
        raise NotFound("There is nothing here under this id that you may see.")


def of_this_student(student_id: UUID, external_id: str | None) -> str | None:
    """What is claimed for a person around one student: a parent of two is two people in two records, with one id."""
    return f"{student_id} {external_id}" if external_id else None


async def student_of_meeting(asked: Call, meeting_id: UUID) -> UUID:
    """Whose meeting it is; `NotFound` where there is none."""
    shown = await asked.fetch("meeting", meeting_id)
    if shown is None or shown.student is None:
        raise NotFound("There is no such meeting here.")
    return shown.student
