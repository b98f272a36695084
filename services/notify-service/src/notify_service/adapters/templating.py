"""Which wording a notice is written in: the district's own where one is in use that day, else the one that comes with us."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.vocabulary import NoticeKind
from notify_service.adapters.tables import TEMPLATES
from notify_service.application.templates import TEMPLATE, over
from notify_service.application.wording import Wording, wording
from notify_service.domain.facts import NoticeFacts
from runtime.service import Service


async def in_use(
    rows: AsyncConnection, tenant: str, kind: NoticeKind, language: str, day: date, state_profile: str
) -> UUID | None:
    """The district's own wording in use on ``day``: one for its state goes before one for any."""
    table = TEMPLATES.c
    found = await rows.execute(
        select(table.template, table.state, table.active_from)
        .where(
            table.tenant == tenant, table.kind == kind.value, table.language == language, table.active_from <= day,
            table.retired_on.is_(None) | (table.retired_on > day),
        )
        .order_by(table.active_from.desc(), table.activated_at.desc())
    )  # fmt: skip
    fitting = [row for row in found if row.state is None or f"+{row.state}@" in state_profile]
    fitting.sort(key=lambda row: row.state is None)
    return fitting[0].template if fitting else None


async def words_with(service: Service, tenant: str, facts: NoticeFacts, tag: str, own: str | None) -> Wording:
    """The words of ``tag``; with the district's own, where the notice was written with them in this language."""
    words = wording(tag)
    if facts.template_id is None or tag != own:
        return words
    template = (await service.store.load(tenant, TEMPLATE, facts.template_id)).state
    return over(words, template) if template.template_id is not None else words
