"""The page's HTML: made by the server, no script, nothing from elsewhere, in the reader's language and direction."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse, Response

from contracts.district import SchoolYear
from contracts.fields import ItemId, NoticeId
from contracts.items import AnyItem
from contracts.notice_time import first_day_of_change
from contracts.rule_profile import Due
from contracts.shown_text import as_shown
from contracts.vocabulary import RequestKind
from notify_service.adapters.page.draft import LONGEST_TEXT, Draft
from notify_service.adapters.page.seeing import Seen
from notify_service.adapters.projections.looks import Shown
from notify_service.application.notice_text import (
    change_title,
    compose,
    contact_line,
    item_title,
    of_each,
)
from notify_service.application.wording import LANGUAGES, Wording, wording
from notify_service.domain.facts import NoticeFacts, ProposedChange

NOTICE_LINK = "notice_link"
PROGRAMS = frozenset({"vendor", "operator", "system"})
REQUESTS: Sequence[RequestKind] = tuple(RequestKind)


def _as_shown(value: Any) -> Any:
    return as_shown(value) if type(value) is str else value


@cache
def _pages() -> Environment:
    return Environment(
        loader=PackageLoader("notify_service", "templates/page"), autoescape=select_autoescape(default=True),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_as_shown,
    )  # fmt: skip


@cache
def _style() -> str:
    return _pages().loader.get_source(_pages(), "page.css")[0]  # type: ignore[union-attr]


@cache
def headers() -> dict[str, str]:
    """Of every answer of the page: kept nowhere, framed by nobody, sent on to nobody, found by no search engine."""
    style = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    }


def words_for(asked: str | None, otherwise: str) -> Wording:
    """In the language chosen, or the notice's own."""
    return wording(asked if asked in LANGUAGES else otherwise if otherwise in LANGUAGES else "en")


def _page(
    template: str, words: Wording, status: int = 200, *, more: dict[str, str] | None = None, **values: Any
) -> Response:
    languages = [wording(tag) for tag in LANGUAGES]
    html = _pages().get_template(template).render(words=words, style=_style(), languages=languages, **values)
    return HTMLResponse(html, status, headers() | (more or {}))


def gate(
    seen: Seen, token: str, words: Wording, *, status: int = 200, wrong: str | None = None, draft: Draft | None = None
) -> Response:  # fmt: skip
    """Before the check: the district, the kind of letter, the language. Nothing about the child."""
    kind = words(f"kind_of_letter.{seen.notice.about.kind}")
    return _page(
        "gate.html", words, status, token=token, kind=kind, wrong=wrong, draft=draft, **_district(seen, words)
    )  # fmt: skip


def closed(seen: Seen, token: str, words: Wording, *, sent: bool = False) -> Response:
    """Expired or locked: a new link goes to the address on file. Whoever may not be written to any more asks the office."""
    district = _district(seen, words)
    if seen.withdrawn:
        told = words("page.contact", contact=district["contact"])
        return _page("plain.html", words, 410, heading=words("page.locked_heading"), text=told)
    why = "expired" if seen.expired else "locked"
    return _page(
        "closed.html", words, 200 if sent else 410, token=token, why=why, sent=sent, ended=_ended(seen, words),
        **district,
    )  # fmt: skip


def not_found(words: Wording) -> Response:
    """For anything that is no link of ours: the same for all of it."""
    return _page(
        "plain.html", words, 404, heading=words("page.not_found_heading"), text=words("page.not_found")
    )


def destroyed(words: Wording, on: date) -> Response:
    """The letter's contents were lawfully destroyed: for whoever has its link, as it says nothing of the child."""
    return _page(
        "plain.html", words, 410, heading=words("page.destroyed_heading"),
        text=words("page.destroyed", on=words.day(on)),
    )  # fmt: skip


def slow_down(words: Wording, seconds: int) -> Response:
    """Too many tries."""
    return _page(
        "plain.html", words, 429, more={"Retry-After": str(seconds)}, heading=words("page.slow_heading"),
        text=words("page.slow"),
    )  # fmt: skip


def notice_page(
    seen: Seen, token: str, words: Wording, facts: NoticeFacts, proof: str, key: str, *, said: str | None = None,
    wrong: str | None = None, plan: Sequence[AnyItem] = (),
    looks: Sequence[Shown] = (), status: int | None = None, draft: Draft | None = None,
) -> Response:  # fmt: skip
    """After the check: what changes from what to what, why, what one can do by when, and the ways to answer.

    Whoever may inspect the record is shown the plan in force and who looked, too.
    """
    # As the letter was written; only what the page itself says is to whoever it is shown to.
    text = compose(facts, words, seen.notice.about.language)
    words = words.to_student() if seen.to_student else words
    items = list(_items(facts, words))
    return _page(
        "notice.html", words, status or (422 if wrong else 200), token=token, text=text, proof=proof, key=key, items=items,
        said=said, wrong=wrong, requests=[(kind.value, words(f"page.request_{kind}")) for kind in REQUESTS],
        standing=list(_standing(seen, words, facts)), answers=list(_answers(seen, words)),
        acknowledged=seen.notice.acknowledged_on, ended=_ended(seen, words), longest_text=LONGEST_TEXT,
        draft=draft, inspects=seen.inspects_record, plan=[item_title(item, words) for item in plan],
        looks=[_looked(each, words) for each in looks], **_district(seen, words),
    )  # fmt: skip


def item_key(facts: NoticeFacts, matter: NoticeFacts, change: ProposedChange) -> str:
    """How the form names a change: of a letter with several notices by its notice too, since two may change one item."""
    return f"{matter.notice_id}.{change.item_id}" if facts.beside else str(change.item_id)


def meant(facts: NoticeFacts, named: Sequence[str]) -> dict[NoticeId, tuple[ItemId, ...]]:
    """Which notices of the letter an objection is to, and which of their items; nothing named means all of it."""
    chosen = {
        matter.notice_id: tuple(
            change.item_id for change in matter.changes if item_key(facts, matter, change) in named
        )
        for matter in facts.matters
    }
    some = {notice: items for notice, items in chosen.items() if items}
    return some or chosen


def _items(facts: NoticeFacts, words: Wording) -> Iterator[tuple[str, str]]:
    for number, matter in enumerate(facts.matters, 1):
        before = f"{words('letter.change', number=number)}: " if facts.beside else ""
        for change in matter.changes:
            yield item_key(facts, matter, change), before + change_title(change, words)


def _looked(shown: Shown, words: Wording) -> tuple[str, str, str]:
    """Day, who, and what for, which is told in English as it was recorded."""
    look = shown.look
    if look.recipient is not None:
        who = words("page.looked_given", who=look.recipient)
    elif look.role == NOTICE_LINK:
        who = words("page.looked_link")
    else:
        who = shown.name or words("page.looked_program" if look.role in PROGRAMS else "page.looked_somebody")
    return words.day(look.on), who, look.purpose


def _district(seen: Seen, words: Wording) -> dict[str, Any]:
    name = seen.profile.name if seen.profile else ""
    return {"district": name, "contact": contact_line(seen.profile.office if seen.profile else None, name)}


def _ended(seen: Seen, words: Wording) -> str | None:
    """Where answers go, once the district has ended here."""
    return words("page.ended", on=words.day(seen.ended_on)) if seen.ended_on else None


def start_of_change(facts: NoticeFacts, given_on: date, calendar: Sequence[SchoolYear] = ()) -> date | None:
    """The first day the change may bind, as far as this notice goes; ``None`` where the calendar does not say."""
    state = Due(count=facts.school_days, kind="school") if facts.school_days else None
    earliest = first_day_of_change(given_on, facts.notice_days, state, calendar)
    return earliest if earliest is None or facts.requested == "earliest" else max(earliest, facts.requested)


def _standing(seen: Seen, words: Wording, facts: NoticeFacts) -> Sequence[str]:
    if seen.notice.given is None:
        return ()
    given_on = seen.notice.given.on
    told = [words("page.given", date=words.day(given_on))]
    if facts.amendment_id is not None:
        calendar = seen.profile.calendar if seen.profile else ()

        def start(matter: NoticeFacts) -> Sequence[str]:
            first = start_of_change(matter, given_on, calendar)
            return [words("page.starts_earliest_of", date=words.day(first))] if first is not None else []

        told += of_each(facts, words, start)
    return told


def _answers(seen: Seen, words: Wording) -> Sequence[str]:
    """What this page has been told already."""
    notice = seen.notice
    told = []
    if notice.acknowledged_on is not None:
        told.append(words("page.acknowledged", date=words.day(notice.acknowledged_on)))
    objected = {each.on for one in (notice, *seen.beside) for each in one.objections}
    told += [words("page.objected", date=words.day(day)) for day in sorted(objected)]
    told += [words("page.requested", date=words.day(each.on)) for each in notice.requests]
    return told
