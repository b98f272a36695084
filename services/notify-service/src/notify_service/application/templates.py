"""A district's own wordings: what may stand in one, and how one folds. Texts with places in braces, and nothing else.

No loops, no conditions, no formats: a text can only name the places that the wording it stands for has.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from string import Formatter
from uuid import UUID

from contracts.event import Event, Json
from contracts.notice_templates import (
    NoticeTemplateActivated,
    NoticeTemplateRetired,
    NoticeTemplateReviewed,
    NoticeTemplateUploaded,
)
from contracts.problems import Invalid, Reason, Rejected
from contracts.vocabulary import NoticeKind, TranslationStatus
from notify_service.application.wording import Wording, flat_texts
from runtime.stream_model import Model, Resource

MOST_TEXTS = 400
NOT_OURS_TO_SAY = ("page.", "to_student.page.", "mail.", "codes.", "kinds.", "fields.", "status_note.")
"""What a district does not reword: the page's own words, codes, and how far the wording was reviewed."""


class TemplateNotUsable(Rejected):
    """The wording is retired, or is no wording of this district."""

    code = "template-not-usable"


@dataclass(frozen=True, slots=True)
class Template:
    """One version of a district's wording of one kind of notice in one language."""

    template_id: UUID | None = None
    kind: NoticeKind = NoticeKind.PRIOR_WRITTEN_NOTICE
    language: str = "en"
    name: str = ""
    state: str | None = None
    texts: Mapping[str, str] | None = None
    translation: TranslationStatus = TranslationStatus.DRAFTED
    reviewed_by: str | None = None
    active_from: date | None = None
    retired_on: date | None = None


def evolve(template: Template, event: Event) -> Template:
    """One more event of the stream."""
    match event:
        case NoticeTemplateUploaded():
            texts = {text.key: text.text for text in event.personal.texts}
            return replace(
                template, template_id=event.template_id, kind=event.kind, language=event.language, name=event.name,
                state=event.state, texts=texts, translation=event.translation, reviewed_by=event.reviewed_by,
            )  # fmt: skip
        case NoticeTemplateReviewed():
            return replace(template, translation=TranslationStatus.REVIEWED, reviewed_by=event.reviewed_by)
        case NoticeTemplateActivated():
            return replace(template, active_from=event.effective_on)
        case NoticeTemplateRetired():
            return replace(template, retired_on=event.effective_on)
        case _:
            return template


def theirs(words: Wording) -> dict[str, str]:
    """The passages that a district may word itself."""
    return {key: text for key, text in flat_texts(words).items() if not key.startswith(NOT_OURS_TO_SAY)}


def refuse_unknown(texts: Mapping[str, str], words: Wording) -> None:
    """Raises `Invalid` with each key and each place that the wording does not have."""
    known = theirs(words)
    reasons = [reason for key, text in texts.items() for reason in _wrong(key, text, known)]
    if reasons:
        raise Invalid("The wording names what no notice has.", reasons=tuple(reasons))


def _wrong(key: str, text: str, known: Mapping[str, str]) -> Iterator[Reason]:
    pointer = f"/texts/{key}"
    if key not in known:
        yield Reason(
            "text-not-known",
            f"No notice has a passage {key}, or it is not the district's to word.",
            pointer=pointer,
        )
        return
    try:
        asked = set(_places(text))
    except ValueError as error:
        yield Reason(
            "text-not-readable",
            f"The braces do not close, or hold more than a name: {error}.",
            pointer=pointer,
        )
        return
    unknown = asked - set(_places(known[key]))
    if unknown:
        may = ", ".join(sorted(_places(known[key]))) or "none"
        yield Reason(
            "place-not-known",
            f"{key} has no place {', '.join(sorted(unknown))}; it has: {may}.",
            pointer=pointer,
        )


def _places(text: str) -> Iterator[str]:
    for _, name, form, conversion in Formatter().parse(text):
        if name is None:
            continue
        if form or conversion or not name.isidentifier():
            raise ValueError(f"{{{name}}}")
        yield name


def over(words: Wording, template: Template) -> Wording:
    """The wording, with what the district words itself."""
    return words.reworded(
        template.texts or {},
        f"{template.template_id}",
        template.translation.value,
        template.reviewed_by or "",
    )


def _resources(template: Template, _event: Event) -> Iterable[Resource]:
    if template.template_id is None:
        return
    document: Json = {
        "kind": template.kind.value, "language": template.language, "name": template.name, "state": template.state,
        "texts": dict(template.texts or {}), "translation": template.translation.value,
        "reviewed_by": template.reviewed_by,
        "active_from": template.active_from.isoformat() if template.active_from else None,
        "retired_on": template.retired_on.isoformat() if template.retired_on else None,
    }  # fmt: skip
    yield Resource(
        "template",
        template.template_id,
        {name: value for name, value in document.items() if value is not None},
    )


TEMPLATE = Model("template", "1", Template(), evolve, _resources)
