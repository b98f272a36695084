"""Working on a plan: a draft is opened, saved as often as somebody types, and dropped (adopted: `adopting`).

A draft's version is its own, apart from the plan's: what adoption lets bind is exactly the draft that somebody read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from contracts.event import Json
from contracts.fields import ExternalId, ItemId
from contracts.items import AnyItem, item_fields, read_item
from contracts.problems import Invalid, NotFound, Reason, VersionConflict
from contracts.values import Imported
from contracts.vocabulary import PlanKind
from plan_service.application.carrying_forward import (
    carried_fields,
    carried_of,
    last_text,
    mark_fields,
    text_of_another,
)
from plan_service.application.individualization import beside_peers
from plan_service.application.models import STUDENT
from plan_service.application.plan_model import PLAN
from plan_service.application.situation import (
    Situation,
    change,
    day_of_district,
    load_plan,
    must_stand,
    situation,
)
from plan_service.application.working_papers import Paper, WorkingPapers
from plan_service.domain import draft as domain
from plan_service.domain.ages import Ages, ages_of
from plan_service.domain.carried_forward import Carried, Mark, carry_forward, keep, still_open, word_for_word
from plan_service.domain.completeness import missing
from plan_service.domain.draft_merge import DraftSavedMeanwhile, ThreeWay, keeps, text_of, touched
from plan_service.domain.plan import Plan
from plan_service.domain.practice import advice
from plan_service.domain.rules import cannot_be_true
from plan_service.domain.smart import Advice
from runtime.append_request import AlreadyClaimed, Answer, Appended, Change, Claim, Context
from runtime.event_store import EventStore, external_id_claim

EXTERNAL_ID_OF = "plan"
"""An external id that comes with a first draft is the plan's."""
FROM_ROSTER = b""
"""In the place of a digest of the request: a roster's row may come again with another text."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A plan's draft as somebody reads it."""

    paper: Paper
    kind: PlanKind
    items: tuple[AnyItem, ...]
    today: date
    ages: Ages
    carried: Carried | None = None
    """The earlier text it began with."""
    beside_peers: Reason | None = None
    """Its set is that of most plans around it."""

    @property
    def missing(self) -> list[Reason]:
        """What its items lack to be adopted today; when and at which meeting is asked at adoption."""
        return missing(self.kind, self.items, self.today, self.ages)

    @property
    def advice(self) -> list[Advice]:
        """What would make it better, or will be owed later: practice, which never stands in the way of adoption."""
        as_before = word_for_word(self.carried, self.items) if self.carried else None
        more = [Advice(reason) for reason in (as_before, self.beside_peers) if reason is not None]
        return [*advice(self.kind, self.items, self.today, self.ages), *more]

    @property
    def marks(self) -> list[Mark]:
        """What was carried forward from an earlier text and waits for a decision."""
        return still_open(self.carried, self.items) if self.carried else []

    def to_json(self) -> Json:
        """The document that ``PATCH`` changes, and what is missing in it."""
        began = self.carried
        return {
            "id": str(self.paper.plan_id),
            "student": str(self.paper.student_id),
            "kind": self.kind.value,
            "items": {str(item.id): item_fields(item) for item in self.items},
            "missing": [reason_fields(reason) for reason in self.missing],
            "advice": [advice_fields(said) for said in self.advice],
            "marks": [mark_fields(mark) for mark in self.marks],
            **({"carried_from": {"plan": str(began.plan_id), "on": began.on.isoformat()}} if began else {}),
        }


@dataclass(frozen=True, slots=True)
class NewDraft:
    """What a plan's first draft begins with."""

    plan_id: UUID
    student_id: UUID
    kind: PlanKind
    items: tuple[AnyItem, ...] = ()
    external_id: ExternalId | None = None
    imported: Imported | None = None
    copy_from: UUID | None = None
    """Another plan of the student, whose last text it begins with."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The plan, and what opening its draft appended: nothing, where it had been opened before."""

    plan_id: UUID
    appended: Appended


class Drafts:
    """Drafts of plan-service's plans."""

    def __init__(self, store: EventStore) -> None:
        self.store = store
        self.papers = WorkingPapers(store.database, store.keyring)

    async def open_draft(
        self, context: Context, new: NewDraft, *, claims: Sequence[Claim] = (), answer: Answer | None = None
    ) -> Opened:
        """Begin a plan. Durable on return, event and draft together. Raises `Invalid` for a student nobody knows."""
        given = domain.distinct(new.items)
        around = await self.store.load(context.tenant, STUDENT, new.student_id)
        if around.version == 0:
            raise cannot_be_true("unknown-student", "There is no student by this id.", "/student")
        day = await day_of_district(self.store, context.tenant)
        loaded = await self.store.load(context.tenant, PLAN, new.plan_id)
        command = domain.OpenDraft(
            new.plan_id, new.student_id, new.kind, day.today, new.external_id, new.imported
        )
        opening = Change(loaded, new.student_id, domain.open_draft(loaded.state, command))
        items, carried = await self._beginning(context.tenant, new, given, day.today)
        under = replace(context, rules=day.rule_set)
        lacking = missing(new.kind, items, day.today, ages_of(around.state, day.rules))
        return Opened(
            new.plan_id,
            await self._begin(under, new.plan_id, opening, items, lacking, claims, answer, carried),
        )

    async def _beginning(
        self, tenant: str, new: NewDraft, given: Sequence[AnyItem], today: date
    ) -> tuple[Sequence[AnyItem], Carried | None]:
        """What is given, behind what is copied from another plan."""
        if new.copy_from is None:
            return given, None
        copied = await text_of_another(self.store, tenant, new.copy_from, new.student_id, new.kind, today)
        return [*copied, *given], carry_forward(new.copy_from, new.kind, copied, today)

    async def open_draft_once(self, context: Context, new: NewDraft) -> Opened:
        """Begin a plan unless one with its ``external_id`` has been begun: for rosters, whose rows come every night.

        Safe to repeat, also at the same time: the second gets the first one's id and appends nothing. What has changed
        in the row since is not looked at: the draft is people's work by then.
        """
        assert new.external_id is not None
        claim = external_id_claim(EXTERNAL_ID_OF, new.external_id, new.plan_id, FROM_ROSTER)
        held = await self.store.held(context.tenant, claim.kind, claim.value)
        if held is None:
            try:
                return await self.open_draft(context, new, claims=[claim])
            except AlreadyClaimed:  # Somebody was faster.
                held = await self.store.held(context.tenant, claim.kind, claim.value)
                if held is None:
                    raise
        return Opened(held[0], Appended())

    async def open_next(
        self, context: Context, plan_id: UUID, *, if_match: int | None = None, answer: Answer | None = None
    ) -> Opened:
        """Begin the next version of a plan: its first text is what is in force today, or of an ended plan what was last.

        What of it needs a decision is marked.
        """
        loaded = must_stand((await load_plan(self.store, context.tenant, plan_id)).at_version(if_match))
        seen = await situation(self.store, context.tenant, loaded)
        plan, day = loaded.state, seen.day
        items = await last_text(self.store, context.tenant, plan_id, day.today)
        carried = carry_forward(plan_id, plan.kind, items, day.today) if items else None
        student_id = _student_of(plan)
        command = domain.OpenDraft(plan_id, student_id, plan.kind, day.today)
        opening = Change(loaded, student_id, domain.open_draft(plan, command))
        under = replace(context, rules=day.rule_set)
        lacking = missing(plan.kind, items, day.today, ages_of(seen.around.state, seen.rules))
        return Opened(
            plan_id, await self._begin(under, plan_id, opening, items, lacking, [], answer, carried)
        )

    async def read(self, tenant: str, plan_id: UUID) -> Draft:
        """The draft as last saved; raises `NotFound`."""
        draft, _ = await self._seen(tenant, plan_id)
        return await self._beside_peers(tenant, draft)

    async def _seen(self, tenant: str, plan_id: UUID) -> tuple[Draft, Situation]:
        """The draft, and what is decided about it on."""
        paper = await self.papers.read(tenant, plan_id)
        if paper is None:
            raise NotFound("No draft of this plan is open.")
        seen = await situation(self.store, tenant, await load_plan(self.store, tenant, plan_id))
        return Draft(
            paper,
            seen.plan.kind,
            items_of(paper),
            seen.today,
            ages_of(seen.around.state, seen.rules),
            carried_of(paper),
        ), seen

    async def _beside_peers(self, tenant: str, draft: Draft) -> Draft:
        """The draft, and whether it has the set of most plans around it."""
        async with self.store.database.read(tenant) as rows:
            found = await beside_peers(rows, tenant, draft.paper.plan_id, draft.items, draft.today)
        return replace(draft, beside_peers=found)

    async def save(
        self,
        tenant: str,
        plan_id: UUID,
        patched: Callable[[Sequence[AnyItem]], Sequence[AnyItem]],
        *,
        if_match: int,
        kept: Sequence[tuple[ItemId, str | None]] = (),
    ) -> Draft:
        """Save the next version of the draft; raises `DraftSavedMeanwhile` when somebody else has saved one since.

        ``patched`` makes the new items of the old ones, and raises `Invalid` for what cannot be. ``kept`` are marks of
        what was carried forward and stays as it is.
        """
        draft, seen = await self._seen(tenant, plan_id)
        if if_match != draft.paper.version:
            raise await self._saved_meanwhile(tenant, draft, patched, if_match)
        items = domain.distinct(patched(draft.items))
        domain.same_kinds(seen.plan, items)
        all_kept = keep(draft.carried, kept)
        carried = replace(draft.carried, kept=all_kept) if draft.carried else None
        before, changed = text_of(draft.items), replace(draft, items=items, carried=carried)
        try:
            async with self.papers.writing(tenant) as connection:
                saved = await self.papers.save(
                    connection, tenant, draft.paper, content_of(items, carried), before, changed.missing,
                    touched(before, text_of(items)),
                )  # fmt: skip
        except VersionConflict as conflict:  # Somebody was faster.
            now = await self.read(tenant, plan_id)
            raise await self._saved_meanwhile(tenant, now, patched, if_match) from conflict
        return await self._beside_peers(tenant, replace(changed, paper=saved))

    async def _saved_meanwhile(
        self,
        tenant: str,
        draft: Draft,
        patched: Callable[[Sequence[AnyItem]], Sequence[AnyItem]],
        if_match: int,
    ) -> VersionConflict:
        """With the three texts, where it is known what was read; raises `Invalid` for a patch that fits nowhere."""
        versions = {"expected": if_match, "actual": draft.paper.version}
        theirs = text_of(draft.items)
        base = await self.papers.text_at(tenant, draft.paper, if_match, theirs)
        if base is None:
            return VersionConflict(f"draft/{draft.paper.id}", **versions)
        yours = text_of(patched([read_item(fields) for fields in base.values()]))
        three = ThreeWay(base, theirs, yours)
        return DraftSavedMeanwhile(
            draft.paper.plan_id, draft.paper.student_id, three, mergeable=_fits(patched, draft.items, three), **versions
        )  # fmt: skip

    async def drop(
        self, context: Context, plan_id: UUID, *, if_match: int, reason: str | None = None,
        answer: Answer | None = None,
    ) -> Appended:  # fmt: skip
        """Give the draft up: nothing is kept of what it said, only that it was given up."""
        draft, seen = await self._seen(context.tenant, plan_id)
        draft.paper.must_be(if_match)
        dropping = change(seen, domain.drop_draft(seen.plan, seen.today, reason))
        under = replace(context, rules=seen.day.rule_set)
        async with self.papers.writing(context.tenant) as connection:
            appended = await self.store.append(under, [dropping], answer=answer, connection=connection)
            await self.papers.finish(connection, context.tenant, draft.paper)
        self.store.wake()
        return appended

    async def _begin(
        self, context: Context, plan_id: UUID, opening: Change[Plan], items: Sequence[AnyItem],
        lacking: Sequence[Reason], claims: Sequence[Claim], answer: Answer | None, carried: Carried | None,
    ) -> Appended:  # fmt: skip
        paper = Paper(
            plan_id, "draft", plan_id, opening.subject, 0, content_of(items, carried), lacking=tuple(lacking)
        )
        async with self.papers.writing(context.tenant) as connection:
            appended = await self.store.append(
                context, [opening], claims=claims, answer=answer, connection=connection
            )
            if appended.replayed is None:
                await self.papers.begin(connection, context.tenant, paper)
        self.store.wake()
        return appended


def _fits(
    patched: Callable[[Sequence[AnyItem]], Sequence[AnyItem]], items: Sequence[AnyItem], three: ThreeWay
) -> bool:
    """Whether the same patch leaves alone what the others changed: of an item that they took out it may not even fit."""
    try:
        again = text_of(patched(items))
    except Invalid:
        return False
    return keeps(three.by_them, touched(three.theirs, again))


def items_of(paper: Paper) -> tuple[AnyItem, ...]:
    """The draft's items that a working paper holds."""
    return tuple(read_item(fields) for fields in paper.content["items"])


def content_of(items: Sequence[AnyItem], carried: Carried | None = None) -> Json:
    """What a working paper keeps of a draft."""
    return {"items": [item_fields(item) for item in items], **carried_fields(carried)}


def reason_fields(reason: Reason) -> Json:
    """A reason as an answer shows it, under the same names as in a refusal's ``errors``."""
    fields = {"code": reason.code, "detail": reason.message, "citation": reason.citation, "cure": reason.cure,
              "pointer": reason.pointer}  # fmt: skip
    return {name: value for name, value in fields.items() if value is not None}


def advice_fields(said: Advice) -> Json:
    """Advice as an answer shows it: a reason, and of a goal the letter it fails, or when it will be owed."""
    fields = reason_fields(said.reason)
    if said.letter is not None:
        fields["letter"] = said.letter.value
    if said.owed_on is not None:
        fields["owed_on"] = said.owed_on.isoformat()
    return fields


def _student_of(plan: Plan) -> UUID:
    assert plan.student_id is not None
    return plan.student_id
