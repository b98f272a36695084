"""Writing a notice by a person's hand: a whole one, or the parts that an amendment left open."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.event import Event
from contracts.fields import EventId, HolderId, NoticeId, PlanId, StudentId
from contracts.notice_hindrances import NoticeLapsed
from contracts.notify import NoticeOwed
from contracts.plan import AmendmentProposed
from contracts.plan_history import History
from contracts.problems import Invalid, Reason, Rejected
from contracts.vocabulary import NoticeKind, NoticeLapse, NoticeOccasion, NoticePart
from notify_service.adapters import known_facts, outbox
from notify_service.adapters.sending import gathering
from notify_service.adapters.sending.gathering import NotGathered, Situation, Wanted
from notify_service.adapters.sending.preparing import Fixed, write
from notify_service.adapters.sending.steps import Work, step
from notify_service.application.notices import NOTICE
from notify_service.domain.facts import CITATION, NoticeFacts, Reasons, completed, parts_missing, written_over
from notify_service.domain.notice import Notice, evolve
from notify_service.domain.owing import Obligation
from runtime.append_request import Answer, Appended, Change, Context
from runtime.call import Making
from runtime.database import driver
from runtime.service import Service

POINTERS = {
    NoticePart.ACTION: "/action",
    NoticePart.EXPLANATION: "/explanation",
    NoticePart.BASIS: "/evaluations_used",
    NoticePart.OPTIONS: "/options_considered",
    NoticePart.OTHER_FACTORS: "/other_factors",
}
CURES = {
    NoticePart.SAFEGUARDS: "Set safeguards_at in the district's profile (PUT /plan/v1/district).",
    NoticePart.HELP: "Set help_sources in the district's profile (PUT /plan/v1/district).",
}


class NoticeCannotBeWritten(Rejected):
    """Something the notice must say has no content, or is not known here; every such part is named."""

    code = "notice-cannot-be-written"


class TextIsFixed(Rejected):
    """The notice's text is fixed: what was or is being given is not written anew."""

    code = "notice-text-fixed"


@dataclass(frozen=True, slots=True)
class MakeNotice:
    """A notice to be made by hand."""

    notice_id: NoticeId
    kind: NoticeKind
    student_id: StudentId
    holder_id: HolderId
    plan_id: PlanId | None
    amendment_id: UUID | None
    caused_by: EventId | None
    action: str | None
    reasons: Reasons

    @property
    def wanted(self) -> Wanted:
        """For gathering."""
        return Wanted(
            self.notice_id,
            self.kind,
            self.student_id,
            self.holder_id,
            self.plan_id,
            self.amendment_id,
            self.caused_by,
        )


async def make_notice(service: Service, context: Context, command: MakeNotice, making: Making) -> Appended:
    """Owed and its text fixed, together; then it goes its way. Durable on return."""
    tenant = context.tenant
    async with service.database.read(tenant) as rows:
        now = await gathering.situation(service, rows, tenant, command.student_id, command.holder_id)
        caused_by = _cause(command, now, await _history(rows, tenant, command.plan_id))
        facts = await _gather(rows, tenant, command.wanted, now)
    by_hand = None if command.amendment_id else NoticeOccasion.BY_HAND
    facts = written_over(facts, command.reasons).model_copy(
        update={"action": command.action, "occasion": by_hand}
    )
    refuse_without_content(facts)
    language = _language(now)
    fixed = await write(service, tenant, command.student_id, facts, language)
    owed = NoticeOwed(
        effective_on=now.today, notice_id=command.notice_id, student_id=command.student_id, kind=command.kind,
        holder_id=command.holder_id, plan_id=command.plan_id, amendment_id=command.amendment_id, caused_by=caused_by,
        language=language, occasion=NoticeOccasion.BY_HAND,
    )  # fmt: skip
    obligation = Obligation(command.kind, NoticeOccasion.BY_HAND, None, command.plan_id, command.amendment_id)
    events = [owed, *fixed.events(evolve(Notice(), owed), now)]
    async with service.database.begin(tenant) as rows:
        connection = await driver(rows)
        stream = NOTICE.stream(command.notice_id)
        loaded = (await service.store.load_many(tenant, [(NOTICE, stream)], connection=connection))[stream]
        appended = await service.store.append(
            context, [Change(loaded, command.student_id, events)], claims=making.claims, answer=making.answer,
            connection=connection,
        )  # fmt: skip
        if appended.replayed is None:
            await outbox.put(
                rows, tenant, command.notice_id, student=command.student_id, holder=command.holder_id,
                amendment=command.amendment_id, correlation=context.correlation, caused_by=appended.events[0].id,
                due_at=await known_facts.now_of(rows, tenant), facts=fixed.facts_document, owed=obligation,
                source_event=caused_by,
            )  # fmt: skip
            await _takes_the_place(service, context, rows, command, caused_by, now.today)
    service.store.wake()
    return appended


async def _takes_the_place(
    service: Service,
    context: Context,
    rows: AsyncConnection,
    command: MakeNotice,
    caused_by: EventId,
    today: date,
) -> None:
    """What was owed of the same event and waited for its words has been said by hand."""
    gone = await outbox.lapse(
        rows, context.tenant, "given-by-another", source_event=caused_by, holder=command.holder_id,
        kind=command.kind.value, but=command.notice_id,
    )  # fmt: skip
    connection = await driver(rows)
    for notice in gone:
        stream = NOTICE.stream(notice)
        loaded = (await service.store.load_many(context.tenant, [(NOTICE, stream)], connection=connection))[
            stream
        ]
        lapsed = NoticeLapsed(
            effective_on=today, notice_id=notice, reason=NoticeLapse.GIVEN_BY_ANOTHER,
            replaced_by=command.notice_id,
        )  # fmt: skip
        beside = replace(context, request=None)
        await service.store.append(
            beside, [Change(loaded, command.student_id, [lapsed])], connection=connection
        )


async def complete_notice(
    service: Service, context: Context, notice_id: UUID, words: Reasons, answer: Answer
) -> Appended:
    """Say what the amendment left open; with it the text is fixed, by whoever said it."""
    tenant = context.tenant
    found: list[tuple[Work, Situation, NoticeFacts]] = []

    async def look(work: Work) -> Sequence[Event]:
        if work.notice.text is not None:
            raise TextIsFixed("This notice's text is fixed already.")
        now = await gathering.situation(service, work.rows, tenant, work.entry.student, work.entry.holder)
        facts = completed(await _gather(work.rows, tenant, Wanted.of(work.notice.about), now), words)
        refuse_without_content(facts)
        found.append((work, now, facts))
        return ()

    await step(service, tenant, notice_id, look)
    work, now, facts = found[-1]
    fixed = await write(service, tenant, work.entry.student, facts, work.notice.about.language)
    return await step(
        service, tenant, notice_id, lambda w: _fix(w, fixed, now), context=context, answer=answer
    )


async def _fix(work: Work, fixed: Fixed, now: Situation) -> Sequence[Event]:
    if work.notice.text is not None:
        raise TextIsFixed("This notice's text is fixed already.")
    at = await known_facts.now_of(work.rows, work.entry.tenant)
    await outbox.settle(
        work.rows, work.entry.tenant, work.entry.notice, "to_prepare", facts=fixed.facts_document, due_at=at
    )
    return fixed.events(work.notice, now)


def refuse_without_content(facts: NoticeFacts) -> None:
    """Raises `NoticeCannotBeWritten` with each part that says nothing."""
    missing = parts_missing(facts)
    if missing:
        raise NoticeCannotBeWritten(
            f"{len(missing)} of the parts a notice must have {'says' if len(missing) == 1 else 'say'} nothing.",
            reasons=tuple(
                Reason(
                    "part-missing", f"The part {part.value} has no content.", CITATION[part],
                    CURES.get(part, 'Say it, or say "None."'), POINTERS.get(part),
                )
                for part in missing
            ),
        )  # fmt: skip


async def _gather(rows: AsyncConnection, tenant: str, wanted: Wanted, now: Situation) -> NoticeFacts:
    try:
        return await gathering.gather(rows, tenant, wanted, now)
    except NotGathered as error:
        raise NoticeCannotBeWritten(
            "Something this notice must say is not known here.",
            reasons=(
                Reason(
                    str(error),
                    "Name the event that it tells of as caused_by (its Handrail-Event). It may have been recorded a moment "
                    "ago: then try again.",
                    pointer="/caused_by",
                ),
            ),
        ) from error


async def _history(rows: AsyncConnection, tenant: str, plan_id: PlanId | None) -> History:
    return History() if plan_id is None else await known_facts.plan_history(rows, tenant, plan_id)


def _cause(command: MakeNotice, now: Situation, history: History) -> EventId:
    """The event named, the amendment's proposal, or the newest of the plan."""
    if now.recipient is None:
        raise _unknown("unknown-holder", "Nobody by this id is a rights holder of this student.", "/holder")
    if command.plan_id is None:
        return _cause_without_a_plan(command)
    if not history.entries or history.student != command.student_id:
        raise _unknown("unknown-plan", "This student has no such plan.", "/plan")
    if command.caused_by is not None:
        return command.caused_by
    if command.amendment_id is None:
        return history.entries[-1].id
    for entry in history.entries:
        if isinstance(entry.event, AmendmentProposed) and entry.event.amendment_id == command.amendment_id:
            return entry.id
    raise _unknown("unknown-amendment", "This plan has no such amendment.", "/amendment")


def _cause_without_a_plan(command: MakeNotice) -> EventId:
    """What the student has without a plan is not followed here, so the event itself is named: a referral, say."""
    if command.amendment_id is not None:
        raise _unknown("unknown-amendment", "An amendment is one of a plan: name the plan.", "/plan")
    if command.caused_by is None:
        raise _unknown(
            "caused-by-what",
            "Without a plan, say of which event notice is owed: its `Handrail-Event`.",
            "/caused_by",
        )
    return command.caused_by


def _unknown(code: str, message: str, pointer: str) -> Invalid:
    return Invalid(message, reasons=(Reason(code, message, pointer=pointer),))


def _language(now: Situation) -> str:
    if now.preference is not None:
        return now.preference.language
    return now.recipient.language if now.recipient else "en"
