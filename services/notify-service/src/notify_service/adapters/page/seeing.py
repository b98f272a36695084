"""What the page knows of a link, before and after its check."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from contracts.district import DistrictProfileSet
from contracts.event import Actor
from contracts.ids import new_id
from contracts.items import AnyItem
from contracts.plan_document import in_force
from contracts.vocabulary import PlanStatus
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.at_hand import AtHand
from notify_service.adapters.link_rows import LinkRow, count_wrong_check, link_row
from notify_service.adapters.links import Link
from notify_service.adapters.outbox import Entry
from notify_service.adapters.projections.looks import Shown, newest_looks
from notify_service.application.notices import NOTICE
from notify_service.domain.notice import Notice
from notify_service.domain.recipients import Recipient, may_inspect, what_blocks
from runtime.append_request import Context
from runtime.database import driver
from runtime.erasing import destroyed_here
from runtime.tenants import ended_on

OPENED = "opened"
MOST_LOOKS = 30
"""On the page; the office gives the whole record."""
OPEN_SECONDS = 45 * 60
"""How long a page that was opened may be answered."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A link we made, and what it leads to."""

    link: Link
    row: LinkRow
    entry: Entry
    notice: Notice
    profile: DistrictProfileSet | None
    now: datetime
    today: date
    beside: tuple[Notice, ...] = ()
    """The other notices that the same letter gives."""
    person: Recipient | None = None
    """Whoever the notice is to, as known now."""
    ended_on: date | None = None
    """When the district ended here: its letters can be read, and are answered elsewhere."""

    @property
    def to_student(self) -> bool:
        """The notice is to the student, to whom the rights have passed."""
        return self.entry.holder == self.entry.student

    @property
    def withdrawn(self) -> bool:
        """Nothing may be sent any more to whoever the notice is to: a right has ended, or contact is limited."""
        return bool(what_blocks(self.person, self.today))

    @property
    def inspects_record(self) -> bool:
        """Whether whoever the notice is to may be shown more of the record than the notice says."""
        return may_inspect(self.person, self.today)

    @property
    def expired(self) -> bool:
        """Its time is over."""
        return self.now >= self.row.expires_at

    @property
    def locked(self) -> bool:
        """The check was wrong too often, or a newer link has been sent."""
        return self.row.tries_left == 0

    @property
    def closed(self) -> bool:
        """It opens nothing, before the check or after it."""
        return self.withdrawn or self.expired or self.locked

    @property
    def actor(self) -> Actor:
        """Whoever has the link: nobody can say who that is."""
        return Actor(id=str(self.link.link), role="notice_link")

    def context(self, correlation: str) -> Context:
        """For what is done on the page."""
        return Context(self.link.tenant, self.actor, correlation, causation=self.entry.caused_by)


async def see(hand: AtHand, token: str) -> Seen | None:
    """What the token leads to; ``None`` for anything that is not ours. Changes nothing: mail scanners fetch links.

    Raises `Destroyed` for a notice whose contents were lawfully destroyed.
    """
    link = hand.office.links.read(token)
    if link is None:
        return None
    async with hand.service.database.begin(link.tenant) as rows:
        row = await link_row(rows, link.tenant, link.link)
        entry = await outbox.entry(rows, link.tenant, link.notice)
        if row is None or entry is None or row.notice != link.notice:
            return None
        today = await known_facts.today_in(rows, link.tenant)
        profile = await known_facts.profile_on(rows, link.tenant, today)
        now = await known_facts.now_of(rows, link.tenant)
        led = await outbox.followers(rows, link.tenant, link.notice)
        person = await known_facts.recipient(rows, link.tenant, entry.student, entry.holder)
        ended = await ended_on(await driver(rows), "notify", link.tenant)
    loaded = await hand.service.store.load(link.tenant, NOTICE, link.notice)
    if loaded.state.text is None or entry.facts is None:
        gone = await destroyed_here(hand.service.database, link.tenant, [entry.student])
        if gone is not None:
            raise gone[1]
        return None
    beside = [(await hand.service.store.load(link.tenant, NOTICE, notice)).state for notice in led]
    return Seen(link, row, entry, loaded.state, profile, now, today, tuple(beside), person, ended)


async def in_force_today(hand: AtHand, seen: Seen) -> list[AnyItem]:
    """What binds the school today: every item of every plan of the student that is in force."""
    tenant = seen.link.tenant
    items: list[AnyItem] = []
    async with hand.service.database.read(tenant) as rows:
        for plan in await known_facts.plans_of_student(rows, tenant, seen.entry.student):
            document = in_force(await known_facts.plan_history(rows, tenant, plan), seen.today)
            if document is not None and document.status is PlanStatus.IN_FORCE:
                items += [entry.item for entry in document.items]
    return items


async def looked_at_record(hand: AtHand, seen: Seen) -> Sequence[Shown]:
    """Who looked at the student's record, newest first."""
    async with hand.service.database.read(seen.link.tenant) as rows:
        return await newest_looks(rows, seen.link.tenant, seen.entry.student, MOST_LOOKS)


async def check(hand: AtHand, seen: Seen, birth_date: date) -> bool:
    """The default check: the child's date of birth. A wrong one is counted, two at once as two."""
    link = seen.link
    async with hand.service.database.begin(link.tenant) as rows:
        row = await link_row(rows, link.tenant, link.link, lock=True)
        student = await known_facts.student(rows, link.tenant, seen.entry.student)
        if row is None or row.tries_left == 0:
            return False
        if student is not None and student.birth_date == birth_date:
            return True
        await count_wrong_check(rows, link.tenant, link.link)
        return False


def proof_of(hand: AtHand, link: UUID) -> str:
    """Stands in the forms of an opened page: that the check was passed with this very link, a while ago at most."""
    until = str(int(time.time()) + OPEN_SECONDS)
    return f"{until}.{hand.office.links.seal(OPENED, f'{link}{until}')}"


def proven(hand: AtHand, link: UUID, proof: str) -> bool:
    """Whether the proof is ours, for this link, and not too old."""
    until, _, mac = proof.partition(".")
    if (
        not until.isdecimal()
        or len(until) > 12
        or not hand.office.links.sealed(OPENED, f"{link}{until}", mac)
    ):
        return False
    return int(until) >= time.time()


def form_key() -> str:
    """Makes a form safe to send twice."""
    return new_id().hex
