"""A district's own wordings of notices, each version on its own: stream ``template/{id}`` of notify-service.

They concern no student: the stream's subject is the tenant's own.
"""

from typing import Annotated, TypeAlias
from uuid import UUID

from pydantic import Field

from contracts.event import Event, Value, event
from contracts.fields import LanguageTag, Line, Narrative
from contracts.vocabulary import NoticeKind, TranslationStatus


class TextPersonalData(Value):
    """One passage: its key among the wording's, and what it says, with places in braces."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$", max_length=100)]
    """``letter.opening``."""
    text: Narrative


class TemplatePersonalData(Value):
    """What the wording says. It is about no student; but it is free text, in which somebody may have typed a name."""

    texts: tuple[TextPersonalData, ...]
    """Where it says something else than the wording that comes with Handrail."""


@event("template.uploaded")
class NoticeTemplateUploaded(Event):
    """A wording was uploaded, and every sample notice could be written with it; it is not used yet."""

    template_id: UUID
    kind: NoticeKind
    language: LanguageTag
    name: Line
    """What the district calls it, with its version."""
    state: Line | None = None
    """For districts under this state's rules, ``tx``; absent: under any."""
    personal: TemplatePersonalData
    translation: TranslationStatus = TranslationStatus.DRAFTED
    reviewed_by: Line | None = None


@event("template.reviewed")
class NoticeTemplateReviewed(Event):
    """Somebody who can judge it has read the wording, and stands for it."""

    template_id: UUID
    reviewed_by: Line
    """By whom, as it stands on every notice written with it."""


@event("template.activated")
class NoticeTemplateActivated(Event):
    """Notices written from ``effective_on`` on use this wording, until a later one is activated or this is retired."""

    template_id: UUID


@event("template.retired")
class NoticeTemplateRetired(Event):
    """From ``effective_on`` on no notice is written with it; those that were stay as they are."""

    template_id: UUID


TemplateEvent: TypeAlias = (
    NoticeTemplateUploaded | NoticeTemplateReviewed | NoticeTemplateActivated | NoticeTemplateRetired
)
