"""Notices as a read shows them: what their own history says, and where the work on them stands now."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import false, select
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from contracts.problems import Invalid, Reason
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.outbox import Entry
from notify_service.adapters.tables import OUTBOX
from runtime import resources, sight
from runtime.call import Call
from runtime.paging import Listing
from runtime.resources import RESOURCES, Shown


class Status(StrEnum):
    """Where a notice stands."""

    OWED = "owed"
    """Its text is being made."""
    BLOCKED = "blocked"
    """It waits for a person; ``reasons`` says why."""
    SENDING = "sending"
    """On its way to the mail server, or to be tried again."""
    IN_DOUBT = "in_doubt"
    """The mail server may or may not have taken it: look for ``message_id`` in its log, then dispatch or record it."""
    TO_POST = "to_post"
    """The letter is made and waits to be posted or handed over."""
    SENT = "sent"
    """Posted; its mailing days have not passed."""
    GIVEN = "given"
    """It counts as given, from ``given.on``."""
    LAPSED = "lapsed"
    """It need not, or may not, be given any more."""

    @classmethod
    def read(cls, text: str | None) -> tuple["Status", ...]:
        """``to_post`` or ``blocked,in_doubt``; raises `Invalid`."""
        try:
            return tuple(cls(part) for part in text.split(",")) if text else ()
        except ValueError as error:
            known = ", ".join(cls)
            reason = Reason("status-not-known", f"known are: {known}")
            raise Invalid("A status in the address is not known.", reasons=(reason,)) from error


STATES: Mapping[Status, tuple[str, ...]] = {
    Status.OWED: ("to_prepare",),
    Status.BLOCKED: ("blocked",),
    Status.SENDING: ("to_send", "handing_over"),
    Status.IN_DOUBT: ("in_doubt",),
    Status.TO_POST: ("to_post",),
    Status.SENT: ("posted",),
    Status.GIVEN: ("given",),
    Status.LAPSED: ("lapsed",),
}
"""The outbox's states behind each."""
STATUS_OF = {state: status for status, states in STATES.items() for state in states}

REASONS: Mapping[str, str] = {
    "holder-not-known": "Nobody by this id is confirmed as a rights holder of this student.",
    "notice-right-ended": "This person's right to notice has ended.",
    "contact-restricted": "Limits on contact with this person must be reviewed first.",
    "contact-right-not-held": "This person may not be contacted.",
    "no-district-profile": "The district's profile is not set.",
    "text-not-given": "What the notice is to say is not known here.",
    "proposal-was-reported": "The proposal was reported as made already: say whether notice was given then, or dispatch it.",
    "mode-needs-a-person": "This person is told in a mode that needs a person; only writing and large print go by themselves.",
    "to-be-handed-over": "This person wants notices handed over.",
    "no-postal-address": "No postal address is known: hand it over, or add one.",
    "mail-in-doubt": "The connection broke while the mail went over: the mail server's log says whether it has it.",
    "letters-not-shown": "The letter has characters that no font here has; they stand in it as boxes. Say them to this person.",
    "language-fallback": "There is no wording in this person's language: see to a translation or an interpreter.",
    "asked-for-language": "On the notice's page another language was asked for.",
    "asked-for-interpreter": "On the notice's page an interpreter was asked for.",
    "asked-for-paper": "On the notice's page the notice was asked for on paper.",
    "letter-returned": "The letter came back: find another address, then it is posted anew.",
    "unopened": "The mail has not been opened: a letter follows it. Post it, alone or with a batch.",
    "nobody-holds-the-right": "Nobody is confirmed who holds the right to this notice: confirm a rights holder.",
    "to-be-posted": "The letter is made: post it, alone or with a batch, and record it.",
    "meeting-moved": "The meeting was set anew; another notice tells of it.",
    "given-by-another": "Another notice, or a record of one, says it already.",
    "meeting-without-a-place": "The meeting has no place yet: set one, or hold it by telephone or video.",
    "meeting-without-invitees": "The meeting names nobody who is asked to come.",
    "amendment-withdrawn": "The amendment was withdrawn before the notice left.",
    "step-failed": "Something of ours went wrong; it is tried again in ten minutes.",
    "part-missing:action": "Part 1 (what is proposed) has no content.",
    "part-missing:explanation": "Part 2 (why) has no content: say it by the notice's `/parts`.",
    "part-missing:basis": "Part 3 (evaluations, records and reports used) has no content: say it by the notice's `/parts`.",
    "part-missing:safeguards": "Part 4 (where the safeguards booklet is) has no content: set safeguards_at in the district.",
    "part-missing:help": "Part 5 (whom to ask for help) has no content: set help_sources in the district.",
    "part-missing:options": "Part 6 (other options and why rejected) has no content: say it by the notice's `/parts`.",
    "part-missing:other_factors": "Part 7 (other factors) has no content: say it by the notice's `/parts`.",
}  # fmt: skip
"""Why a notice waits or lapsed, in words for the office."""


async def names_for(rows: AsyncConnection, tenant: str, document: Mapping[str, Any]) -> dict[str, str]:
    """Names of the people in a notice's history, as far as they are known here."""
    student, holder = UUID(document["student"]), UUID(document["holder"])
    person = await known_facts.recipient(rows, tenant, student, holder)
    child = await known_facts.student(rows, tenant, student)
    named = {str(holder): person.personal.name} if person else {}
    return named | ({str(student): f"{child.given_name} {child.family_name}"} if child else {})


async def fetch_notice(call: Call, id: UUID) -> Shown | None:
    """The notice; ``None`` when there is none."""
    async with call.edge.service.database.read(call.tenant) as rows:
        return next(iter(await _shown(rows, call.tenant, [id])), None)


async def page_of_notices(call: Call, listing: Listing, statuses: Sequence[Status]) -> Response:
    """A page in the order of ids: only what the caller may see."""
    name = f"{call.tenant} notice {sorted(statuses)}"
    async with call.edge.service.database.read(call.tenant) as rows:
        found = await _ids(rows, call, listing, statuses, name)
        shown = await _shown(rows, call.tenant, found[: listing.limit])
    for each in shown:
        call.saw(each.student, "notice", (each.id,))
    last = found[listing.limit - 1] if len(found) > listing.limit else None
    narrowed = {"status": ",".join(statuses) or None}
    return call.listed([each.fields() for each in shown], listing, name, last, narrowed)


async def _ids(
    rows: AsyncConnection, call: Call, listing: Listing, statuses: Sequence[Status], name: str
) -> list[UUID]:
    wanted = (
        select(OUTBOX.c.notice)
        .join(RESOURCES, (RESOURCES.c.tenant == OUTBOX.c.tenant) & (RESOURCES.c.id == OUTBOX.c.notice))
        .where(OUTBOX.c.tenant == call.tenant, RESOURCES.c.kind == "notice")
    )
    if statuses:
        wanted = wanted.where(OUTBOX.c.state.in_([state for status in statuses for state in STATES[status]]))
    if listing.student is not None:
        wanted = wanted.where(OUTBOX.c.student == listing.student)
    if listing.external_id is not None:
        held = await call.store.held(call.tenant, "external_id:notice", listing.external_id)
        wanted = wanted.where(OUTBOX.c.notice == held[0] if held else false())
    if listing.updated_after is not None:
        wanted = wanted.where(RESOURCES.c.updated_at > listing.updated_after)
    after = listing.after(name)
    if after is not None:
        wanted = wanted.where(OUTBOX.c.notice > after)
    how_far = await sight.reach(rows, call.who)
    if how_far is not None:
        wanted = wanted.where(sight.visible(how_far, call.tenant, OUTBOX.c.student))
    found = await rows.execute(wanted.order_by(OUTBOX.c.notice).limit(listing.limit + 1))
    return [row.notice for row in found]


async def _shown(rows: AsyncConnection, tenant: str, ids: Sequence[UUID]) -> list[Shown]:
    shown = await resources.find_many(rows, tenant, "notice", ids)
    entries = await outbox.entries(rows, tenant, ids)
    return [_together(shown[id], entries[id]) for id in ids if id in shown and id in entries]


def _together(shown: Shown, entry: Entry) -> Shown:
    document: dict[str, Any] = {
        **shown.document,
        "status": STATUS_OF[entry.state].value,
        "reasons": [{"code": code, "message": REASONS.get(code, code)} for code in entry.reasons],
    }
    if entry.channel is not None:
        document["channel"] = entry.channel
    if entry.counts_on is not None and entry.state == "posted":
        document["counts_on"] = entry.counts_on.isoformat()
    return replace(shown, document=document)
