"""The rows of links: until when one works, how often its check went wrong, whether a newer one has taken its place."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from notify_service.adapters.links import Link
from notify_service.adapters.tables import LINKS
from runtime.database import Database

MOST_WRONG_CHECKS = 5


@dataclass(frozen=True, slots=True)
class LinkRow:
    """How a link stands."""

    notice: UUID
    made_at: datetime
    expires_at: datetime
    wrong_checks: int
    replaced: bool

    @property
    def tries_left(self) -> int:
        """How many wrong checks it still bears."""
        return 0 if self.replaced else max(0, MOST_WRONG_CHECKS - self.wrong_checks)


async def link_for(
    database: Database, tenant: str, notice: UUID, link: UUID, at: datetime, days: int
) -> Link:
    """The link of one delivery: the same at every try. Durable on return, before anything carries it."""
    async with database.begin(tenant) as rows:
        return await make_link(rows, tenant, notice, link, at, days)


async def make_link(
    rows: AsyncConnection, tenant: str, notice: UUID, link: UUID, at: datetime, days: int
) -> Link:
    """Make the link, or find it made."""
    whole = at.replace(microsecond=0)
    await rows.execute(
        insert(LINKS)
        .values(
            tenant=tenant, link=link, notice=notice, made_at=whole, expires_at=whole + timedelta(days=days)
        )
        .on_conflict_do_nothing()
    )
    row = await link_row(rows, tenant, link)
    if row is None:
        raise LookupError("the link just made is not there")
    return Link(tenant, notice, link, row.expires_at)


async def link_row(rows: AsyncConnection, tenant: str, link: UUID, *, lock: bool = False) -> LinkRow | None:
    """The row; with ``lock`` two wrong checks at once count as two."""
    wanted = select(
        LINKS.c.notice, LINKS.c.made_at, LINKS.c.expires_at, LINKS.c.wrong_checks, LINKS.c.replaced
    ).where(LINKS.c.tenant == tenant, LINKS.c.link == link)
    row = (await rows.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    return None if row is None else LinkRow(*row)


async def count_wrong_check(rows: AsyncConnection, tenant: str, link: UUID) -> None:
    """One more wrong check."""
    await rows.execute(
        update(LINKS)
        .where(LINKS.c.tenant == tenant, LINKS.c.link == link)
        .values(wrong_checks=LINKS.c.wrong_checks + 1)
    )


async def replace_links(rows: AsyncConnection, tenant: str, notice: UUID) -> None:
    """A newer link takes the place of all earlier ones."""
    await rows.execute(
        update(LINKS).where(LINKS.c.tenant == tenant, LINKS.c.notice == notice).values(replaced=True)
    )
