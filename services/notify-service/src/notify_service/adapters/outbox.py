"""The outbox: where the work on each notice stands, and who is at it.

A sender leases what is due; every step it takes names the fence it was given, so that one that was thought dead cannot
undo what its successor did. States and what moves them are in the README ("Life of a notice").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, any_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from notify_service.adapters.tables import OUTBOX
from notify_service.domain.owing import Obligation
from runtime.database import Database
from runtime.erasure import Erasure

OPEN = ("to_prepare", "blocked", "to_send", "to_post")
"""States in which a notice has not left us."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What a sender holds: this notice, under this fence."""

    tenant: str
    notice: UUID
    fence: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One notice's row."""

    tenant: str
    notice: UUID
    student: UUID
    holder: UUID
    amendment: UUID | None
    state: str
    reasons: tuple[str, ...]
    channel: str | None
    delivery: UUID | None
    facts: UUID | None
    attempts: int
    due_at: datetime | None
    counts_on: date | None
    correlation: str
    caused_by: UUID
    fence: int
    kind: str | None
    occasion: str | None
    plan: UUID | None
    meeting: UUID | None
    due_on: date | None
    source_event: UUID | None
    leader: UUID | None
    batch: UUID | None
    taken_out: bool


_ENTRIES = select(*(OUTBOX.c[name] for name in Entry.__dataclass_fields__))
_NAMED = _ENTRIES.where(
    OUTBOX.c.tenant == bindparam("tenant"), OUTBOX.c.notice == any_(bindparam("notices", type_=ARRAY(Uuid)))
)
_LET_GO = {"owner": None, "lease_until": None, "fence": OUTBOX.c.fence + 1}
"""Whoever is at it may write nothing more of it."""


async def put(
    rows: AsyncConnection, tenant: str, notice: UUID, *, student: UUID, holder: UUID, amendment: UUID | None,
    correlation: str, caused_by: UUID, due_at: datetime | None, state: str = "to_prepare", reasons: Sequence[str] = (),
    facts: UUID | None = None, owed: Obligation | None = None, source_event: UUID | None = None,
) -> None:  # fmt: skip
    """A notice that is owed has work to be done; commits with the event that says it is owed."""
    statement = upsert(OUTBOX).values(
        tenant=tenant, notice=notice, student=student, holder=holder, amendment=amendment, state=state,
        reasons=list(reasons), correlation=correlation, caused_by=caused_by, due_at=due_at, facts=facts,
        kind=owed.kind.value if owed else None, occasion=owed.occasion.value if owed else None,
        plan=owed.plan_id if owed else None, meeting=owed.meeting_id if owed else None,
        due_on=owed.due_on if owed else None, source_event=source_event,
    )  # fmt: skip
    await rows.execute(statement.on_conflict_do_nothing())


async def claim(
    database: Database, owner: UUID, *, seconds: float, most: int, at_work: Sequence[UUID] = ()
) -> list[Lease]:
    """Lease up to ``most`` due notices, of whichever tenants, but none of ``at_work``; durable on return."""
    async with database.once() as connection:
        rows = await connection.fetch(
            "SELECT * FROM notify.claim_due($1, $2, $3, $4)", owner, seconds, most, list(at_work)
        )
    return [Lease(row["tenant"], row["notice"], row["fence"]) for row in rows]


async def entry(rows: AsyncConnection, tenant: str, notice: UUID) -> Entry | None:
    """The row, as it stands."""
    return (await entries(rows, tenant, [notice])).get(notice)


async def entries(rows: AsyncConnection, tenant: str, notices: Sequence[UUID]) -> dict[UUID, Entry]:
    """The rows that there are, in one statement."""
    found = await rows.execute(_NAMED, {"tenant": tenant, "notices": notices})
    return {row.notice: _entry(row) for row in found}


def _entry(row: Row[Any]) -> Entry:
    fields = dict(row._mapping)
    fields["reasons"] = tuple(fields["reasons"])
    return Entry(**fields)


async def letter(rows: AsyncConnection, tenant: str, notice: UUID) -> tuple[Entry | None, tuple[Entry, ...]]:
    """The row and those that its letter gives too; nobody else changes any of them until the transaction ends."""
    wanted = (
        _ENTRIES.where(OUTBOX.c.tenant == tenant, (OUTBOX.c.notice == notice) | (OUTBOX.c.leader == notice))
        # In one order everywhere, so that two that want the same rows wait instead of blocking each other.
        .order_by(OUTBOX.c.notice)
        .with_for_update()
    )
    found = [_entry(row) for row in await rows.execute(wanted)]
    own = next((each for each in found if each.notice == notice), None)
    return own, tuple(each for each in found if each.notice != notice)


async def of_one_day(rows: AsyncConnection, about: Entry) -> tuple[Entry, ...]:
    """What else is owed to the same holder of the same plan and kind and has not left, locked; the day is not looked at."""
    wanted = (
        _ENTRIES
        .where(
            OUTBOX.c.tenant == about.tenant, OUTBOX.c.student == about.student, OUTBOX.c.holder == about.holder,
            OUTBOX.c.plan == about.plan, OUTBOX.c.kind == about.kind, OUTBOX.c.occasion == about.occasion,
            OUTBOX.c.state.in_(("to_prepare", "to_send", "to_post")), OUTBOX.c.batch.is_(None), ~OUTBOX.c.taken_out,
        )
        .order_by(OUTBOX.c.notice)
        .with_for_update()
    )  # fmt: skip
    return tuple([_entry(row) for row in await rows.execute(wanted)])


async def lead(rows: AsyncConnection, tenant: str, leader: UUID, led: Sequence[UUID]) -> None:
    """From now on the leader's letter gives these too: whoever was at one of them lets it go."""
    due_on = select(func.min(OUTBOX.c.due_on)).where(
        OUTBOX.c.tenant == tenant, OUTBOX.c.notice.in_([leader, *led])
    )
    await rows.execute(
        update(OUTBOX)
        .where(OUTBOX.c.tenant == tenant, OUTBOX.c.notice == leader)
        .values(due_on=due_on.scalar_subquery())
    )
    await rows.execute(
        update(OUTBOX)
        .where(OUTBOX.c.tenant == tenant, OUTBOX.c.notice.in_(list(led)) | OUTBOX.c.leader.in_(list(led)))
        .values(leader=leader, state="to_prepare", due_at=None, **_LET_GO)
    )


async def follow(rows: AsyncConnection, tenant: str, leader: UUID) -> None:
    """What the leader's letter gives too stands where the leader stands."""
    led = OUTBOX.alias("led")
    same = ("state", "reasons", "channel", "counts_on", "batch", "attempts", "changed_at")
    await rows.execute(
        update(OUTBOX)
        .where(OUTBOX.c.tenant == tenant, OUTBOX.c.leader == leader,
               led.c.tenant == OUTBOX.c.tenant, led.c.notice == OUTBOX.c.leader)
        .values(**{name: led.c[name] for name in same}, due_at=None)
    )  # fmt: skip


async def share_facts(rows: AsyncConnection, tenant: str, leader: UUID, facts: UUID) -> None:
    """One letter, one document of what it says."""
    await rows.execute(
        update(OUTBOX).where(OUTBOX.c.tenant == tenant, OUTBOX.c.leader == leader).values(facts=facts)
    )


async def take_out(rows: AsyncConnection, tenant: str, notice: UUID) -> None:
    """Somebody may hold this letter in hand from now on."""
    leader = (
        select(func.coalesce(OUTBOX.c.leader, OUTBOX.c.notice))
        .where(OUTBOX.c.tenant == tenant, OUTBOX.c.notice == notice)
        .scalar_subquery()
    )
    # Each notice of the letter: none of them is led away by another.
    await rows.execute(
        update(OUTBOX)
        .where(OUTBOX.c.tenant == tenant, (OUTBOX.c.notice == leader) | (OUTBOX.c.leader == leader),
               ~OUTBOX.c.taken_out)
        .values(taken_out=True)
    )  # fmt: skip


async def move(rows: AsyncConnection, lease: Lease, state: str, **changes: Any) -> bool:
    """One step under the lease: it ends with it unless ``keep`` is given. ``False``: somebody else is at it now."""
    keep = changes.pop("keep", False)
    if not keep:
        changes |= {"owner": None, "lease_until": None}
    moved = await rows.execute(
        update(OUTBOX)
        .where(
            OUTBOX.c.tenant == lease.tenant, OUTBOX.c.notice == lease.notice, OUTBOX.c.fence == lease.fence
        )
        .values(state=state, changed_at=func.clock_timestamp(), **changes)
    )
    return moved.rowcount == 1


async def settle(rows: AsyncConnection, tenant: str, notice: UUID, state: str, **changes: Any) -> None:
    """What is certain now, whoever is at it: their fence no longer counts."""
    await rows.execute(
        update(OUTBOX)
        .where(OUTBOX.c.tenant == tenant, OUTBOX.c.notice == notice)
        .values(state=state, **_LET_GO, changed_at=func.clock_timestamp(), **changes)
    )


async def renew(database: Database, lease: Lease, seconds: float) -> bool:
    """Hold on to a lease while a slow server answers."""
    async with database.begin(lease.tenant) as rows:
        renewed = await rows.execute(
            update(OUTBOX)
            .where(
                OUTBOX.c.tenant == lease.tenant,
                OUTBOX.c.notice == lease.notice,
                OUTBOX.c.fence == lease.fence,
            )
            .values(lease_until=func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds))
        )
    return renewed.rowcount == 1


async def let_go(rows: AsyncConnection, tenant: str) -> None:
    """Whoever is at any notice of the district may write nothing more of it, and hand over no mail not yet begun."""
    await rows.execute(
        update(OUTBOX).where(OUTBOX.c.tenant == tenant, OUTBOX.c.owner.is_not(None)).values(**_LET_GO)
    )


async def look_again(
    rows: AsyncConnection, tenant: str, due_at: datetime, *, student: UUID | None = None
) -> None:
    """Something changed that may unblock notices, or (of one student) stop letters that wait: look at them again now."""
    wanted = update(OUTBOX).where(
        OUTBOX.c.tenant == tenant,
        OUTBOX.c.state.in_(("blocked",) if student is None else ("blocked", "to_post")),
        OUTBOX.c.due_at.is_(None),
        OUTBOX.c.leader.is_(None),
    )
    if student is not None:
        wanted = wanted.where(OUTBOX.c.student == student)
    await rows.execute(wanted.values(due_at=due_at))


async def lapse(
    rows: AsyncConnection, tenant: str, reason: str, *, amendment: UUID | None = None, meeting: UUID | None = None,
    holder: UUID | None = None, source_event: UUID | None = None, kind: str | None = None, but: UUID | None = None,
    student: UUID | None = None, occasion: str | None = None,
) -> Sequence[UUID]:  # fmt: skip
    """Notices (of an amendment, a meeting, a cause) that have not left us need not leave any more; returns which.

    What was to go in one letter with them is looked at anew, and its letter written without them.
    """
    named = {
        "amendment": amendment, "meeting": meeting, "holder": holder, "source_event": source_event, "kind": kind,
        "student": student, "occasion": occasion,
    }  # fmt: skip
    wanted = update(OUTBOX).where(OUTBOX.c.tenant == tenant, OUTBOX.c.state.in_(OPEN))
    for column, value in named.items():
        if value is not None:
            wanted = wanted.where(OUTBOX.c[column] == value)
    if but is not None:
        wanted = wanted.where(OUTBOX.c.notice != but)
    found = await rows.execute(
        wanted.values(state="lapsed", reasons=[reason], due_at=None, **_LET_GO, changed_at=func.clock_timestamp())
        .returning(OUTBOX.c.notice)
    )  # fmt: skip
    gone = sorted(row.notice for row in found)
    if gone:
        await _part(rows, tenant, gone)
    return gone


async def part(rows: AsyncConnection, tenant: str, notice: UUID) -> None:
    """What is said of this notice alone: a letter that has not left is written anew without it.

    Of one that has left, or may have, each notice waits on its own; one that is given stays as it was given.
    """
    own = await entry(rows, tenant, notice)
    if own is None:
        return
    letter_of = own.leader or notice
    leading, led = await letter(rows, tenant, letter_of)
    if leading is None or not led:
        return
    if leading.state in OPEN:
        await _part(rows, tenant, [notice])
    elif leading.state in ("posted", "in_doubt", "handing_over"):
        state = "posted" if leading.state == "posted" else "in_doubt"
        await rows.execute(
            update(OUTBOX)
            .where(OUTBOX.c.tenant == tenant, OUTBOX.c.leader == letter_of)
            .values(leader=None, state=state, due_at=leading.due_at if state == "posted" else None)
        )


async def _part(rows: AsyncConnection, tenant: str, gone: Sequence[UUID]) -> None:
    led_by = select(OUTBOX.c.leader).where(
        OUTBOX.c.tenant == tenant, OUTBOX.c.notice.in_(list(gone)), OUTBOX.c.leader.is_not(None)
    )
    # What was taken out stays so: on the paper in somebody's hand no other change stands.
    letters = or_(OUTBOX.c.notice.in_(led_by), OUTBOX.c.leader.in_(led_by), OUTBOX.c.leader.in_(list(gone)))
    await rows.execute(
        update(OUTBOX)
        .where(OUTBOX.c.tenant == tenant, letters, OUTBOX.c.notice.not_in(list(gone)), OUTBOX.c.state.in_(OPEN))
        .values(leader=None, state="to_prepare", batch=None, **_LET_GO,
                due_at=func.notify.now_for(tenant))
    )  # fmt: skip
    await rows.execute(
        update(OUTBOX).where(OUTBOX.c.tenant == tenant, OUTBOX.c.notice.in_(list(gone))).values(leader=None)
    )


async def told_of(rows: AsyncConnection, tenant: str, source_event: UUID, holder: UUID, kind: str) -> bool:
    """Whether a notice of this kind about this cause stands for this holder already, made by hand or before."""
    found = await rows.scalar(
        select(func.count()).where(
            OUTBOX.c.tenant == tenant, OUTBOX.c.source_event == source_event, OUTBOX.c.holder == holder,
            OUTBOX.c.kind == kind, OUTBOX.c.state != "lapsed",
        )
    )  # fmt: skip
    return bool(found)


async def holders_of(rows: AsyncConnection, tenant: str, notices: Sequence[UUID]) -> frozenset[UUID]:
    """To whom these notices are."""
    found = await rows.execute(
        select(OUTBOX.c.holder).where(OUTBOX.c.tenant == tenant, OUTBOX.c.notice.in_(list(notices)))
    )
    return frozenset(row.holder for row in found)


async def told_of_plan(
    rows: AsyncConnection, tenant: str, plan: UUID, holder: UUID, kind: str
) -> Sequence[UUID]:
    """Notices of decisions about this plan, amendments apart, that stand for this holder."""
    found = await rows.execute(
        select(OUTBOX.c.notice).where(
            OUTBOX.c.tenant == tenant, OUTBOX.c.plan == plan, OUTBOX.c.holder == holder, OUTBOX.c.kind == kind,
            OUTBOX.c.amendment.is_(None), OUTBOX.c.state != "lapsed",
        )
    )  # fmt: skip
    return sorted(row.notice for row in found)


async def lapse_destroyed(erasure: Erasure, rows: Any) -> None:
    """What has not left us of a student whose contents were lawfully destroyed need not leave any more, nor find anybody."""
    await rows.execute(
        "UPDATE notify.outbox SET state = 'lapsed', reasons = '{contents-destroyed}', due_at = NULL, owner = NULL,"
        " lease_until = NULL, fence = fence + 1, changed_at = clock_timestamp()"
        " WHERE tenant = $1 AND student = $2 AND state = ANY ($3)",
        erasure.tenant, erasure.subject, [*OPEN, "in_doubt", "handing_over"],
    )  # fmt: skip
    await rows.execute(
        "UPDATE notify.unaddressed SET open = false WHERE tenant = $1 AND student = $2 AND open",
        erasure.tenant, erasure.subject,
    )  # fmt: skip


async def kind_of_holder(
    rows: AsyncConnection, tenant: str, student: UUID, holder: UUID, kind: str
) -> Sequence[UUID]:
    """Notices of this kind about the student to this holder that stand."""
    found = await rows.execute(
        select(OUTBOX.c.notice).where(
            OUTBOX.c.tenant == tenant, OUTBOX.c.student == student, OUTBOX.c.holder == holder, OUTBOX.c.kind == kind,
            OUTBOX.c.state != "lapsed",
        )
    )  # fmt: skip
    return sorted(row.notice for row in found)


async def followers(rows: AsyncConnection, tenant: str, leader: UUID) -> tuple[UUID, ...]:
    """Notices that this one's letter gives too."""
    found = await rows.execute(
        select(OUTBOX.c.notice).where(OUTBOX.c.tenant == tenant, OUTBOX.c.leader == leader)
    )
    return tuple(sorted(row.notice for row in found))


async def note(rows: AsyncConnection, tenant: str, notice: UUID, reason: str) -> None:
    """Say something more for the office, once."""
    await rows.execute(
        update(OUTBOX)
        .where(OUTBOX.c.tenant == tenant, OUTBOX.c.notice == notice, ~OUTBOX.c.reasons.contains([reason]))
        .values(reasons=func.array_append(OUTBOX.c.reasons, reason), changed_at=func.clock_timestamp())
    )
