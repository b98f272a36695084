"""A district's own wordings of notices: uploaded, tried on every sample, reviewed, activated from a day, retired."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response
from typst import TypstError

from contracts.event import Event
from contracts.fields import Line, Narrative
from contracts.ids import new_id
from contracts.notice_templates import (
    NoticeTemplateActivated,
    NoticeTemplateRetired,
    NoticeTemplateReviewed,
    NoticeTemplateUploaded,
    TemplatePersonalData,
    TextPersonalData,
)
from contracts.problems import Invalid, NotFound, Reason
from contracts.vocabulary import NoticeKind, TranslationStatus
from notify_service.adapters import known_facts
from notify_service.adapters.routes.deciding import decide_for_district
from notify_service.adapters.routes.forms import Form
from notify_service.adapters.tables import TEMPLATES
from notify_service.application.letter import letter_pdf
from notify_service.application.notice_text import compose
from notify_service.application.samples import samples_of
from notify_service.application.templates import (
    MOST_TEXTS,
    TEMPLATE,
    Template,
    TemplateNotUsable,
    over,
    refuse_unknown,
    theirs,
)
from notify_service.application.wording import LANGUAGES, wording
from runtime.auth import Principal, allow
from runtime.call import Asked
from runtime.http import Routes
from runtime.openapi import problems
from runtime.paging import Listed, Page
from runtime.resources import encode

Reads = Annotated[Principal, allow("notice.read")]
Writes = Annotated[Principal, allow("notice.write")]
routes = Routes(prefix="/notify/v1", tags=["templates"])


class TemplateIn(Form):
    """A wording of one kind of notice in one language: the passages that say something else than ours."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"kind": "prior_written_notice", "language": "en", "name": "Prior written notice, 2026",
                          "texts": {"letter.dear": "Dear {name} and family,"}}]
        }
    )  # fmt: skip

    kind: NoticeKind
    language: str = Field(max_length=35)
    """One of those in which there is a wording (`GET /codes/language`)."""
    name: Line
    """What the district calls it, with its version."""
    state: Annotated[str, Field(pattern=r"^[a-z]{2}$")] | None = None
    """For districts under this state's rules; absent: under any."""
    texts: Annotated[dict[str, Narrative], Field(min_length=1, max_length=MOST_TEXTS)]
    """By key; places in braces, as in the wording that comes with Handrail (`GET /templates/wording/{language}`).

    What begins with `to_student.` stands in the place of its passage where the letter is to a student who holds the rights.
    A passage worded without it is said to that student as it is worded here.
    """
    translation: TranslationStatus = TranslationStatus.DRAFTED
    reviewed_by: Line | None = None
    """Needed where it was reviewed: it stands on every notice."""


class ReviewIn(Form):
    """Somebody who can judge it stands for the wording."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reviewed_by": "Harborview Office of Language Access"}]}
    )

    reviewed_by: Line


class ActivationIn(Form):
    """From which day notices are written with it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"from": "2026-03-02"}]})

    from_on: Annotated[date | None, Field(alias="from")] = None
    """Not given: today."""


class TemplateOut(BaseModel):
    """A wording."""

    id: UUID
    version: int
    updated_at: datetime
    kind: NoticeKind
    language: str
    name: str
    state: str | None = None
    texts: dict[str, str]
    translation: TranslationStatus
    reviewed_by: str | None = None
    active_from: date | None = None
    retired_on: date | None = None


class WordingOut(BaseModel):
    """The wording that comes with Handrail, as far as a district may word it otherwise."""

    language: str
    version: str
    translation: TranslationStatus
    reviewed_by: str | None = None
    texts: dict[str, str]
    """By key, with the places in braces that each has."""


@routes.get("/templates/wording/{language}", response_model=WordingOut)
async def get_wording(language: Annotated[str, Path(max_length=35)], who: Reads, asked: Asked) -> Response:
    """Read every passage of a language that a district may word otherwise: what an upload begins from."""
    if language not in LANGUAGES:
        raise NotFound(f"There is no wording in this language; there is: {', '.join(LANGUAGES)}.")
    words = wording(language)
    body = {
        "language": language, "version": words.texts["version"], "translation": words.status, "texts": theirs(words),
        **({"reviewed_by": words.reviewed_by} if words.reviewed_by else {}),
    }  # fmt: skip
    return Response(encode(body), 200, media_type="application/json")


@routes.post("/templates", status_code=201, response_model=TemplateOut)
async def post_template(body: TemplateIn, who: Writes, asked: Asked) -> Response:
    """Upload a wording. A place or passage that no notice has refuses it; so does a sample that cannot be written with it."""
    if body.language not in LANGUAGES:
        message = f"There is no wording in this language to begin from; there is: {', '.join(LANGUAGES)}."
        raise Invalid(message, reasons=(Reason("language-not-worded", message, pointer="/language"),))
    if body.translation is TranslationStatus.REVIEWED and body.reviewed_by is None:
        message = "Say who reviewed it: it stands on every notice."
        raise Invalid(message, reasons=(Reason("missing", message, pointer="/reviewed_by"),))
    refuse_unknown(body.texts, wording(body.language))
    template_id = new_id()
    texts = tuple(TextPersonalData(key=key, text=text) for key, text in body.texts.items())

    def decide(_template: Template, today: date) -> Sequence[Event]:
        return [
            NoticeTemplateUploaded(
                effective_on=today, template_id=template_id, kind=body.kind, language=body.language, name=body.name,
                state=body.state, personal=TemplatePersonalData(texts=texts), translation=body.translation,
                reviewed_by=body.reviewed_by,
            )
        ]  # fmt: skip

    tried = Template(
        template_id,
        body.kind,
        body.language,
        body.name,
        body.state,
        body.texts,
        body.translation,
        body.reviewed_by,
    )
    await asyncio.to_thread(_try_out, tried)
    return await decide_for_district(asked, TEMPLATE, template_id, decide, new=True)


@routes.get("/templates", response_model=Page[TemplateOut])
async def get_templates(who: Reads, asked: Asked, listing: Listed) -> Response:
    """List the district's own wordings, a page at a time."""
    return await asked.page("template", listing)


@routes.get("/templates/{template_id}", response_model=TemplateOut)
async def get_template(template_id: UUID, who: Reads, asked: Asked) -> Response:
    """Read one wording."""
    return await asked.one("template", template_id)


@routes.post("/templates/{template_id}/review", response_model=TemplateOut)
async def post_review(template_id: UUID, body: ReviewIn, who: Writes, asked: Asked) -> Response:
    """Record who reviewed the wording; notices written from now on say so."""

    def decide(_template: Template, today: date) -> Sequence[Event]:
        return [
            NoticeTemplateReviewed(effective_on=today, template_id=template_id, reviewed_by=body.reviewed_by)
        ]

    return await decide_for_district(asked, TEMPLATE, template_id, decide)


@routes.post(
    "/templates/{template_id}/activation", response_model=TemplateOut, responses=problems(TemplateNotUsable)
)
async def post_activation(template_id: UUID, body: ActivationIn, who: Writes, asked: Asked) -> Response:
    """Use the wording from a day on, after it was tried on every sample once more. A later one takes its place."""
    template = (await asked.store.load(asked.tenant, TEMPLATE, template_id)).state
    if template.template_id is None:
        raise NotFound("There is nothing here under this id that you may see.")
    await asyncio.to_thread(_try_out, template)

    def decide(now: Template, today: date) -> Sequence[Event]:
        if now.retired_on is not None:
            raise TemplateNotUsable("This wording has been retired: upload it again.")
        from_on = body.from_on or today
        if from_on < today:
            message = "A wording is used from today on at the earliest: what was sent stays as it is."
            raise Invalid(message, reasons=(Reason("active-in-the-past", message, pointer="/from"),))
        return [NoticeTemplateActivated(effective_on=from_on, template_id=template_id)]

    async def rows_for(rows: AsyncConnection) -> None:
        today = await known_facts.today_in(rows, asked.tenant)
        values = {
            "tenant": asked.tenant, "template": template_id, "kind": template.kind.value, "language": template.language,
            "state": template.state, "active_from": body.from_on or today,
        }  # fmt: skip
        statement = insert(TEMPLATES).values(**values, activated_at=func.clock_timestamp())
        anew = {"active_from": values["active_from"], "activated_at": func.clock_timestamp()}
        await rows.execute(statement.on_conflict_do_update(index_elements=["tenant", "template"], set_=anew))

    return await decide_for_district(asked, TEMPLATE, template_id, decide, rows_for)


@routes.post("/templates/{template_id}/retirement", response_model=TemplateOut)
async def post_retirement(template_id: UUID, who: Writes, asked: Asked) -> Response:
    """Use the wording no longer, from today on."""

    def decide(template: Template, today: date) -> Sequence[Event]:
        return (
            []
            if template.retired_on
            else [NoticeTemplateRetired(effective_on=today, template_id=template_id)]
        )

    async def rows_for(rows: AsyncConnection) -> None:
        today = await known_facts.today_in(rows, asked.tenant)
        await rows.execute(
            update(TEMPLATES)
            .where(TEMPLATES.c.tenant == asked.tenant, TEMPLATES.c.template == template_id)
            .values(retired_on=today)
        )

    return await decide_for_district(asked, TEMPLATE, template_id, decide, rows_for)


def _try_out(template: Template) -> None:
    """Write every sample with it; raises `Invalid` where one cannot be written."""
    words = over(wording(template.language), template)
    for facts in samples_of(template.kind):
        try:
            letter_pdf(compose(facts, words, template.language), facts)
        except (KeyError, IndexError, ValueError, TypstError) as error:
            message = f"A sample notice cannot be written with it: {type(error).__name__} {error}."
            raise Invalid(
                message, reasons=(Reason("sample-not-written", message, pointer="/texts"),)
            ) from error
