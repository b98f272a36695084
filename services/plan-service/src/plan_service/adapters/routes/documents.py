"""Scans and files of a student's record: kept sealed in the vault, named and proven by an event."""

import hashlib
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import File, UploadFile
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from contracts.canonical import canonical
from contracts.event import EventClass
from contracts.fields import Code, ExternalId, Line
from plan_service.adapters.routes.bodies import WritesAround
from plan_service.adapters.routes.forms import Reads
from plan_service.adapters.routes.reading import one_of_student, page_of_student
from plan_service.application.desk import Desk
from plan_service.application.models import STUDENT
from plan_service.application.shown import DocumentShown
from plan_service.domain.document import AddDocument, add_document
from plan_service.domain.identity import must_be_known
from runtime.append_request import Appended
from runtime.call import Asked, Making
from runtime.event_store import external_id_claim, first_with_external_id
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page
from runtime.problem_details import TooLarge, UnsupportedMediaType
from runtime.vault import Vault

routes = Routes(prefix="/plan/v1", tags=["documents"])
KIND = "document"
BEGINS_WITH: dict[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/tiff": (b"II*\x00", b"MM\x00*"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (b"PK\x03\x04",),
    "text/plain": (b"",),
}
"""What is taken, and how the bytes of each begin: a file that says it is another kind is refused."""


class DocumentIn(BaseModel):
    """A file, and what it is."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    file: UploadFile
    """PDF, PNG, JPEG, TIFF, DOCX or plain text; 10 MiB at most."""
    title: Line
    kind: Code = "other"
    """Of the list `document_kind`."""
    received_on: date | None = None
    """Today where nothing is said."""
    external_id: ExternalId | None = None
    """Your own id, `SOURCE:ID`."""


class NotWhatItSays(UnsupportedMediaType):
    """The file is of a kind that is not taken here, or not of the kind it says (415)."""

    code = "document-type-not-taken"


@routes.get("/documents", response_model=Page[DocumentShown])
async def get_all_documents(asked: Asked, who: Reads, listing: Listed) -> Response:
    """List the documents of the students you may see."""
    return await asked.page(KIND, listing)


@routes.get("/students/{student_id}/documents", response_model=Page[DocumentShown])
async def get_documents(asked: Asked, who: Reads, student_id: UUID, listing: Listed) -> Response:
    """List a student's documents."""
    return await page_of_student(asked, KIND, student_id, listing)


@routes.get("/students/{student_id}/documents/{document_id}", response_model=DocumentShown)
async def get_document(asked: Asked, who: Reads, student_id: UUID, document_id: UUID) -> Response:
    """Read what a document is."""
    return await one_of_student(asked, KIND, student_id, document_id)


@routes.get("/students/{student_id}/documents/{document_id}/content", response_class=Response)
async def get_content(asked: Asked, who: Reads, student_id: UUID, document_id: UUID) -> Response:
    """Read a document's bytes, as they were received."""
    await one_of_student(asked, KIND, student_id, document_id)
    kept = await Vault(asked.store.database, asked.store.keyring).fetch(asked.tenant, document_id)
    headers = {"Content-Disposition": f'attachment; filename="{document_id}"'}
    return Response(kept.content, 200, headers, kept.media_type)


@routes.post(
    "/students/{student_id}/documents", response_model=DocumentShown, status_code=201,
    responses=problems(NotWhatItSays, TooLarge),
)  # fmt: skip
async def post_document(
    asked: Asked, who: WritesAround, student_id: UUID, form: Annotated[DocumentIn, File()]
) -> Response:
    """Add a document to the record (`multipart/form-data`). Consents, releases and orders then name it by its id."""
    again = await asked.kept_answer()
    if again is not None:
        return again
    content = await form.file.read()
    media_type = _media_type(form.file.content_type, content)
    said = {
        "title": form.title,
        "kind": form.kind,
        "on": form.received_on.isoformat() if form.received_on else None,
    }
    digest = hashlib.sha256(canonical({**said, "media_type": media_type}) + content).digest()
    first = await first_with_external_id(asked.store, asked.tenant, KIND, form.external_id, digest)
    if first is not None:
        return await asked.one(KIND, first)
    desk = Desk(asked.store)
    must_be_known((await desk.see(asked.tenant, STUDENT, (student_id,))).state)
    ref = await Vault(asked.store.database, asked.store.keyring).keep(
        asked.tenant, student_id, content, media_type, EventClass.RECORD
    )

    async def add(making: Making) -> Appended:
        claims = [external_id_claim(KIND, form.external_id, ref.document, digest)] if form.external_id else []
        return await desk.decide(
            asked.context, STUDENT, (student_id,), student_id,
            lambda seen: add_document(
                seen.state, AddDocument(
                    ref, form.kind, form.title, form.received_on or seen.today, seen.today, form.external_id
                )
            ),
            claims=claims, answer=making.answer,
        )  # fmt: skip

    return await asked.respond(KIND, ref.document, add)


def _media_type(said: str | None, content: bytes) -> str:
    media_type = (said or "").partition(";")[0].strip().lower()
    begins = BEGINS_WITH.get(media_type)
    if (
        begins is None
        or not content.startswith(begins)
        or (media_type == "text/plain" and b"\x00" in content)
    ):
        raise NotWhatItSays(
            "Send a PDF, PNG, JPEG, TIFF, DOCX or plain text file that is what its type says."
        )
    return media_type
