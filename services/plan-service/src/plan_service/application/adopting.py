"""Adopting a draft: it binds as it stands, when nothing is missing; and each student has one plan of a kind in effect."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from contracts.individual import FEWEST_PEERS
from contracts.items import AnyItem
from contracts.plan import BesidePeers, NoticeWordsPersonalData, SameSetAsPeers
from contracts.problems import Reason, Rejected, VersionConflict
from contracts.values import Reported
from contracts.vocabulary import PlanKind
from plan_service.application.before_adopting import first_services, known_eligibility, plans_before
from plan_service.application.drafts import Drafts, items_of
from plan_service.application.individualization import same_as_peers
from plan_service.application.notices_given import notices_given
from plan_service.application.situation import TRIES, change, load_plan, must_stand, situation
from plan_service.domain.adoption import AdoptPlan, adopt_plan
from plan_service.domain.ages import ages_of
from plan_service.domain.draft import NoDraft
from plan_service.domain.plan import Plan
from runtime.append_request import Answer, Appended, Claim, Context, Release
from runtime.event_store import EventStore
from runtime.execute import give_way
from runtime.stream_model import Loaded


class AnotherPlanInEffect(Rejected):
    """A student has one plan of a kind in effect at a time."""

    code = "another-plan-in-effect"

    def __init__(self, plan_id: UUID, kind: PlanKind) -> None:
        super().__init__(
            "This student has another plan of this kind that has not ended by then.",
            reasons=(
                Reason(
                    "another-plan-in-effect", "A student has one plan of a kind in effect at a time.",
                    "34 CFR 300.323(a)" if kind is PlanKind.IEP else "34 CFR 104.33",
                    f"End it (POST /plans/{plan_id}/end), or adopt its next version (POST /plans/{plan_id}/draft).",
                ),
            ),
            plan=plan_id,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is asked: from when the draft binds, and which meeting decided it."""

    effective_on: date
    meeting_id: UUID | None = None
    review_due_on: date | None = None
    individual_reason: str | None = None
    reported: Reported | None = None
    notice: NoticeWordsPersonalData | None = None


async def adopt_draft(
    drafts: Drafts,
    context: Context,
    plan_id: UUID,
    asked: Adoption,
    *,
    if_match: int,
    answer: Answer | None = None,
) -> Appended:
    """Let the draft bind, at the version (``if_match``) that the caller has read; the draft is done with it.

    Raises `AdoptionRefused` with everything that is missing, `AnotherPlanInEffect`, `VersionConflict`.
    """
    store, papers, tenant = drafts.store, drafts.papers, context.tenant
    for attempt in range(TRIES):
        loaded = must_stand(await load_plan(store, tenant, plan_id))
        paper = await papers.read(tenant, plan_id)
        if paper is None:
            raise NoDraft("There is no draft of this plan to adopt.")
        paper.must_be(if_match)
        seen = await situation(store, tenant, loaded, asked.meeting_id, asked.reported)
        notices = await notices_given(store.database, tenant, plan_id, None)
        before = await plans_before(store, tenant, seen)
        items = items_of(paper)
        events = adopt_plan(
            seen.plan,
            AdoptPlan(
                effective_on=asked.effective_on,
                items=items,
                today=seen.today,
                rules=seen.rules,
                meeting=seen.meeting,
                review_due_on=asked.review_due_on,
                ages=ages_of(seen.around.state, seen.rules),
                stay_put=seen.stay_put,
                eligibility=known_eligibility(seen, before),
                first_services=first_services(seen, before),
                notice_ids=tuple(dict.fromkeys(notice.notice_id for notice in notices)),
                individual_reason=asked.individual_reason,
                notice=asked.notice,
                beside_peers=await _beside_peers(store, tenant, plan_id, items, seen.today),
                reported=asked.reported,
            ),
        )
        place = await place_in_effect(store, tenant, seen.plan, asked.effective_on)
        try:
            async with papers.writing(tenant) as connection:
                appended = await store.append(
                    replace(context, rules=seen.day.rule_set), [change(seen, events)], claims=place.claims,
                    releases=place.releases, resting_on=[*seen.resting_on, *place.resting_on], answer=answer,
                    connection=connection,
                )  # fmt: skip
                if appended.replayed is None:
                    await papers.finish(connection, tenant, paper)
        except VersionConflict as conflict:
            if attempt == TRIES - 1 or conflict.stream.startswith("draft/"):
                raise
            await give_way(attempt)
        else:
            store.wake()
            return appended
    raise AssertionError("unreachable")


async def _beside_peers(
    store: EventStore, tenant: str, plan_id: UUID, items: Sequence[AnyItem], today: date
) -> BesidePeers | None:
    """How it stands beside the plans around it: kept with the decision, as nobody can see later what was there then."""
    async with store.database.read(tenant) as rows:
        peers, same = await same_as_peers(rows, tenant, plan_id, items, today)
    if peers < FEWEST_PEERS:
        return None
    told = (SameSetAsPeers(section=of.section, same=of.same, nearly=of.nearly) for of in same)
    return BesidePeers(peers=peers, same=tuple(told))


@dataclass(frozen=True, slots=True)
class Place:
    """The one place in effect for a student and a kind: taken, kept, or taken over from a plan that has ended."""

    claims: tuple[Claim, ...] = ()
    releases: tuple[Release, ...] = ()
    resting_on: tuple[Loaded[Any], ...] = ()


async def place_in_effect(store: EventStore, tenant: str, plan: Plan, effective_on: date) -> Place:
    """The place for this plan from a day on; raises `AnotherPlanInEffect`."""
    kind, value = f"active_plan:{plan.kind}", str(plan.student_id)
    plan_id = plan.plan_id
    assert plan_id is not None
    held = await store.held(tenant, kind, value)
    if held is None:
        return Place((Claim(kind, value, plan_id),))
    owner, _ = held
    if owner == plan_id:
        return Place()
    other = await load_plan(store, tenant, owner)
    if not other.state.ended_by(effective_on):
        raise AnotherPlanInEffect(owner, plan.kind)
    return Place((Claim(kind, value, plan_id),), (Release(kind, value),), (other,))
