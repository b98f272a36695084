"""The notice in words: the facts said in one language, in the order in which they are read. PDF and page both show this."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.district import HelpSource, Office
from contracts.fields import LanguageTag
from contracts.items import AnyItem, Service, item_fields
from contracts.plain_words import CODE_FIELDS, COMMON_CODE_FIELDS
from contracts.values import PostalAddress
from contracts.vocabulary import NoticeKind, NoticeOccasion, NoticePart
from notify_service.application.other_texts import decision_in_words, sections_of
from notify_service.application.passages import Block, Row, Section, own_words
from notify_service.application.wording import LANGUAGES, Wording
from notify_service.domain.facts import (
    NEEDED,
    SECTION_504_PARTS,
    SEVEN_PARTS,
    NoticeFacts,
    ProposedChange,
    parts_with_content,
)
from notify_service.domain.languages import language_for

_UNSAID = frozenset({"id", "kind", "external_id", "goal", "present_levels"})
"""Ids and keys that say nothing to a family."""
_OWN_WORDS = frozenset({"statement", "what", "need", "how", "how_checked", "reason", "explanation", "effect", "strengths",
                        "parents_concerns", "measure_method", "criterion", "supports", "services", "location", "unit",
                        "alternatives_considered", "device_or_service", "training", "employment", "education",
                        "independent_living", "courses", "assessments", "provided_by", "other", "accommodations",
                        "evaluation", "needs", "bought_by", "trained_by", "impairment", "evidence"})  # fmt: skip
"""Fields that people fill in their own language."""
SAID_ONCE = (NoticePart.SAFEGUARDS, NoticePart.HELP)
"""Parts that are the same for every change in a letter."""
_TITLE_FIELDS = {
    "present_levels": ("area",), "goal": ("statement",), "objective": ("statement",), "accommodation": ("what",),
    "modification": ("what",), "assistive_technology": ("device_or_service",), "placement": ("setting",),
    "assessment": ("assessment",), "special_factor": ("factor",), "activity_limited": ("activity", "other"),
    "school_services": ("what",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NoticeText:
    """The whole notice."""

    lang: LanguageTag
    direction: str
    title: str
    district: str
    office: tuple[str, ...]
    addressee: tuple[str, ...]
    written_on: str
    about: str
    number: str
    dear: str
    opening: tuple[str, ...]
    fallback: str | None
    written_in: str | None
    sections: tuple[Section, ...]
    what_now_heading: str
    what_now: tuple[str, ...]
    status_note: str
    page_of: str
    large_print: bool
    columns: tuple[str, str, str]


def compose(facts: NoticeFacts, words: Wording, wanted: LanguageTag) -> NoticeText:
    """Say ``facts`` in the language of ``words``; ``wanted`` is the holder's own language."""
    words = words.to_student() if facts.to_student else words
    fell_back = language_for(wanted, LANGUAGES).used != words.tag or language_for(wanted, LANGUAGES).fell_back
    foreign = facts.written_in if facts.written_in.split("-")[0] != words.tag.split("-")[0] else None
    return NoticeText(
        lang=words.tag,
        direction=words.direction,
        title=words(f"title.{_form(facts, 'decision', 'decision_504', facts.kind.value)}"),
        district=facts.district,
        office=tuple(_office_lines(facts.office)),
        addressee=(facts.holder_name, *address_lines(facts.address)),
        written_on=words.day(facts.written_on),
        about=words("letter.about", student=facts.student_name),
        number=words("letter.number", number=facts.notice_id),
        dear=words("letter.dear", name=facts.holder_name),
        opening=tuple(_opening(facts, words)),
        fallback=words("letter.fallback", wanted=words.named(wanted)) if fell_back else None,
        written_in=words("letter.written_in", language=words.named(foreign))
        if foreign and facts.kind in NEEDED | {NoticeKind.PROGRESS_REPORT: ()}
        else None,
        sections=tuple(_sections(facts, words, foreign)),
        what_now_heading=words("what_now.heading"),
        what_now=tuple(what_now(facts, words)),
        status_note=words(f"status_note.{words.status}", by=words.reviewed_by),
        page_of=words("letter.page", page="{page}", pages="{pages}"),
        large_print=facts.mode == "large_print",
        columns=(words("changes.column_what"), words("changes.column_before"), words("changes.column_after")),
    )


def contact_line(office: Office | None, district: str) -> str:
    """How to reach the district, in one line."""
    if office is None:
        return district
    return ", ".join(filter(None, (office.name, office.phone, office.email)))


def what_now(facts: NoticeFacts, words: Wording) -> Iterator[str]:
    """What the family can do and by when."""
    if facts.kind not in (NoticeKind.PRIOR_WRITTEN_NOTICE, NoticeKind.SECTION_504_NOTICE):
        yield words(f"what_now.{facts.kind}")
        yield words("what_now.contact", contact=contact_line(facts.office, facts.district))
        return
    if facts.changes:
        yield from of_each(facts, words, lambda matter: list(_start_of_change(matter, words)))
    yield words("what_now.ask")
    if not facts.changes:
        yield words("what_now.decision_object")
    else:
        yield words(
            "what_now.object_504" if facts.kind is NoticeKind.SECTION_504_NOTICE else "what_now.object"
        )
    yield words("what_now.not_consent")
    yield words("what_now.contact", contact=contact_line(facts.office, facts.district))


def of_each(facts: NoticeFacts, words: Wording, say: Callable[[NoticeFacts], Sequence[str]]) -> Iterator[str]:
    """What is to be said of each change: once where it is the same of all, else under each one's number."""
    said = [say(matter) for matter in facts.matters]
    if all(lines == said[0] for lines in said):
        yield from said[0]
        return
    for number, lines in enumerate(said, 1):
        for line in lines:
            yield f"{words('letter.change', number=number)}: {line}"


def _start_of_change(facts: NoticeFacts, words: Wording) -> Iterator[str]:
    days = how_long(facts, words)
    if facts.notice_days == facts.school_days == 0:
        yield words("what_now.start_no_wait")
    elif facts.requested == "earliest":
        yield words("what_now.start_earliest", days=days)
    else:
        yield words("what_now.start_on", date=words.day(facts.requested), days=days)


def how_long(facts: NoticeFacts, words: Wording) -> str:
    """``10 days``, ``5 school days``, or both where the calendar days may be the longer."""
    days = words.counted("what_now.days", facts.notice_days)
    school_days = words.counted("what_now.school_days", facts.school_days)
    if facts.school_days == 0:
        return days
    if facts.notice_days <= facts.school_days:
        return school_days
    return words("what_now.both_days", days=days, school_days=school_days)


def change_title(change: ProposedChange, words: Wording) -> str:
    """Which item, in one line."""
    item = change.after or change.before
    return item_title(item, words) if item is not None else words("changes.unknown_item")


def item_title(item: AnyItem, words: Wording) -> str:
    """``service: speech-language therapy``."""
    kind = words.kind(item.kind)
    if isinstance(item, Service):
        return f"{kind}: {words.code('service', item.service)}" if item.service else kind
    fields = item_fields(item)
    known_by = [
        _value(item.kind, name, fields[name], words)
        for name in _TITLE_FIELDS.get(item.kind, ())
        if name in fields
    ]
    return f"{kind}: {', '.join(known_by)}" if known_by else kind


def _form(facts: NoticeFacts, decision: str, decision_504: str, otherwise: str) -> str:
    """A notice of a decision that changes no item of a plan has a heading and an opening of its own."""
    if facts.changes or facts.occasion in (None, NoticeOccasion.AMENDMENT_PROPOSED):
        return otherwise
    if facts.kind is NoticeKind.PRIOR_WRITTEN_NOTICE:
        return decision
    return decision_504 if facts.kind is NoticeKind.SECTION_504_NOTICE else otherwise


def _opening(facts: NoticeFacts, words: Wording) -> Iterator[str]:
    usual = {NoticeKind.PRIOR_WRITTEN_NOTICE: "opening", NoticeKind.SECTION_504_NOTICE: "opening_504"}
    otherwise = usual.get(facts.kind, f"opening_{facts.kind}")
    yield words(f"letter.{_form(facts, 'opening_decision', 'opening_504_decision', otherwise)}")
    if facts.beside:
        yield words("letter.together", count=len(facts.matters))
        return
    if (facts.kind in usual and not facts.occasion) or (facts.changes and facts.kind in usual):
        yield _decided(facts, words)


def _decided(facts: NoticeFacts, words: Wording) -> str:
    at = facts.decided_at
    if at.kind == "meeting" and at.on is None:
        return words("letter.decided_meeting_undated")
    return words(f"letter.decided_{at.kind}", date=words.day(at.on or facts.proposed_on))


def _sections(facts: NoticeFacts, words: Wording, foreign: LanguageTag | None) -> Iterator[Section]:
    if facts.kind not in NEEDED:
        yield from sections_of(facts, words, foreign)
        return
    if facts.kind is NoticeKind.CORRECTION_NOTICE:
        yield from _correction(facts, words, foreign)
        return
    if facts.beside:
        yield from _several(facts, words, foreign)
        return
    said = parts_with_content(facts)
    numbered = facts.kind is not NoticeKind.SECTION_504_NOTICE
    shown: Sequence[NoticePart] = SEVEN_PARTS if numbered else (*SECTION_504_PARTS, *SEVEN_PARTS)
    for number, part in enumerate(dict.fromkeys(shown), 1):
        if part in said or part is NoticePart.SAFEGUARDS:
            decision = part is NoticePart.ACTION and _form(facts, "decision", "decision", "") == "decision"
            heading = words("parts.action_decision" if decision else f"parts.{part}")
            blocks = tuple(_blocks(facts, part, words, foreign))
            yield Section(f"{number}. {heading}" if numbered else heading, part, blocks)


def _several(facts: NoticeFacts, words: Wording, foreign: LanguageTag | None) -> Iterator[Section]:
    """Each change with all that is said of it alone; then what is the same for all: the rights, and who can help."""
    for number, matter in enumerate(facts.matters, 1):
        said = parts_with_content(matter)
        for part in SEVEN_PARTS:
            if part in said and part not in SAID_ONCE:
                blocks = tuple(_blocks(matter, part, words, foreign))
                if part is NoticePart.ACTION:
                    blocks = (Block("paragraph", _decided(matter, words)), *blocks)
                heading = f"{words('letter.change', number=number)}: {words(f'parts.{part}')}"
                yield Section(heading, part, blocks)
    said = parts_with_content(facts)
    for part in SAID_ONCE:
        if part in said or part is NoticePart.SAFEGUARDS:
            yield Section(words(f"parts.{part}"), part, tuple(_blocks(facts, part, words, foreign)))


def _correction(facts: NoticeFacts, words: Wording, foreign: LanguageTag | None) -> Iterator[Section]:
    """What was wrong, what is right, how it is known."""
    what = (
        (*(_change(change, words, foreign) for change in facts.changes), *decision_in_words(facts, words))
        if facts.occasion is NoticeOccasion.PLAN_VOIDED
        else tuple(_change(change, words, foreign) for change in facts.changes)
    )
    said = (*own_words(facts.action, foreign), *what)
    if said:
        yield Section(words("correction.what"), NoticePart.ACTION, said)
    if facts.reasons.explanation is not None:
        yield Section(
            words("parts.explanation"),
            NoticePart.EXPLANATION,
            tuple(own_words(facts.reasons.explanation, foreign)),
        )
    if facts.evidence is not None:
        yield Section(words("correction.evidence"), None, tuple(own_words(facts.evidence, foreign)))


def _blocks(
    facts: NoticeFacts, part: NoticePart, words: Wording, foreign: LanguageTag | None
) -> Iterator[Block]:
    match part:
        case NoticePart.ACTION:
            if not facts.changes and facts.action is None:
                yield from decision_in_words(facts, words)
            yield from own_words(facts.action, foreign)
            for change in facts.changes:
                yield _change(change, words, foreign)
        case NoticePart.EXPLANATION:
            yield from own_words(facts.reasons.explanation, foreign)
        case NoticePart.BASIS:
            yield from own_words(facts.reasons.evaluations_used, foreign)
        case NoticePart.SAFEGUARDS:
            yield from _safeguards(facts, words)
        case NoticePart.HELP:
            yield Block("list", lines=tuple(_help(source) for source in facts.help_sources))
        case NoticePart.OPTIONS:
            yield from own_words(facts.reasons.options_considered, foreign)
        case NoticePart.OTHER_FACTORS:
            yield from own_words(facts.reasons.other_factors, foreign)


def _safeguards(facts: NoticeFacts, words: Wording) -> Iterator[Block]:
    where = facts.safeguards_at
    if facts.kind is NoticeKind.SECTION_504_NOTICE:
        yield Block("paragraph", words("safeguards.s504"))
        if where is not None:
            yield Block("paragraph", words("safeguards.s504_where", where=where))
    else:
        yield Block("paragraph", words("safeguards.idea", where=where or ""))


def _help(source: HelpSource) -> str:
    return ", ".join(filter(None, (source.name, source.phone, source.email, source.website)))


def _change(change: ProposedChange, words: Wording, foreign: LanguageTag | None) -> Block:
    title = words(f"changes.{change.op}", title=change_title(change, words))
    if change.op == "end":
        return Block("change", title, foreign, lines=(words("changes.ended"),), item_id=str(change.item_id))
    return Block("change", title, foreign, tuple(_rows(change, words)), item_id=str(change.item_id))


def _rows(change: ProposedChange, words: Wording) -> Iterator[Row]:
    kind = change.after.kind if change.after else ""
    before = item_fields(change.before) if change.before else {}
    after = item_fields(change.after) if change.after else {}
    for name in dict.fromkeys((*before, *after)):
        if name in _UNSAID or before.get(name) == after.get(name):
            continue
        label = words.field(name)
        yield Row(
            label[:1].upper() + label[1:],
            _value(kind, name, before.get(name), words),
            _value(kind, name, after.get(name), words),
            name in _OWN_WORDS,
        )


def _value(kind: str, name: str, value: Any, words: Wording) -> str:
    """A field's JSON value as people write it in this language."""
    if value is None:
        return words("changes.nothing")
    if isinstance(value, bool):
        return words("changes.yes" if value else "changes.no")
    if isinstance(value, list):
        return ", ".join(_value(kind, name, inner, words) for inner in value) or words("changes.nothing")
    listed = CODE_FIELDS.get((kind, name)) or COMMON_CODE_FIELDS.get(name)
    if listed:
        return words.code(listed, str(value))
    if name.endswith("_on") or name in {"since", "report_dates"}:
        return words.day(date.fromisoformat(str(value)))
    if name == "per":
        return words(f"values.{value}")
    if name in {"minutes", "sessions_per", "baseline", "target", "results_needed"}:
        return words.number(str(value))
    if name == "percent_with_peers":
        return f"{words.number(str(value))} %"
    return str(value).replace("_", " ") if name in {"factor", "answer", "participation"} else str(value)


def _office_lines(office: Office | None) -> Iterator[str]:
    if office is None:
        return
    yield office.name
    yield from address_lines(office.address)
    yield from filter(None, (office.phone, office.email))


def address_lines(address: PostalAddress | None) -> Iterator[str]:
    """As they stand on the envelope."""
    if address is None:
        return
    yield from address.lines
    place = ", ".join(
        filter(None, (address.city, " ".join(filter(None, (address.state, address.postal_code)))))
    )
    if place:
        yield place
