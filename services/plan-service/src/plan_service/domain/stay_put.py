"""Stay-put, 34 CFR 300.518: while a due process complaint is open, the placement stays as last agreed and implemented.

Unless who decides agrees otherwise, it is ordered, or 34 CFR 300.530-533 lets it change (`dispute.except_stay_put`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.items import AnyChange, AnyItem, End, Placement
from contracts.problems import Reason
from contracts.vocabulary import PlanEnd, PlanKind
from plan_service.domain.dispute_state import Dispute


@dataclass(frozen=True, slots=True)
class StayPut:
    """What stays: the placement of the version in force when the complaint was filed."""

    filed_on: date
    version: int | None = None
    """``None``: no plan was in force then."""
    placements: tuple[AnyItem, ...] = ()


def complaint_open_on(disputes: Mapping[UUID, Dispute], day: date) -> Dispute | None:
    """The first complaint that holds the placement on ``day``."""
    holding = [dispute for dispute in disputes.values() if dispute.holds_the_placement_on(day)]
    return min(holding, key=lambda dispute: dispute.filed_on, default=None)


def amended_while_pending(
    kind: PlanKind, stay_put: StayPut | None, changes: Sequence[AnyChange], placements: Sequence[UUID]
) -> Iterator[Reason]:
    """A change of placement among ``changes``; ``placements`` are the plan's items of that kind."""
    if stay_put is None or kind is not PlanKind.IEP:
        return
    for change in changes:
        ends = isinstance(change, End) and change.item_id in placements
        if ends or (not isinstance(change, End) and isinstance(change.item, Placement)):
            yield stays(stay_put, "/changes")
            return


def adopted_while_pending(
    kind: PlanKind, stay_put: StayPut | None, items: Sequence[AnyItem]
) -> Iterator[Reason]:
    """A new version whose placement is not the one that stays."""
    if stay_put is None or stay_put.version is None or kind is not PlanKind.IEP:
        return
    wanted = [item for item in items if isinstance(item, Placement)]
    if {item.id: item for item in wanted} != {item.id: item for item in stay_put.placements}:
        yield stays(stay_put, "/items")


ENDS_THAT_WAIT = frozenset({PlanEnd.NO_LONGER_ELIGIBLE, PlanEnd.REPLACED, PlanEnd.GRADUATED, PlanEnd.OTHER})
"""What the district decides. A revocation is the family's own; who moves away, leaves or is too old is no longer placed."""


def ended_while_pending(kind: PlanKind, stay_put: StayPut | None, reason: PlanEnd) -> Iterator[Reason]:
    """An IEP's end for a ``reason`` by which the district takes its placement away; a diploma does (300.102(a)(3))."""
    if stay_put is not None and kind is PlanKind.IEP and reason in ENDS_THAT_WAIT:
        yield stays(stay_put, "/reason")


def reopened_while_pending(kind: PlanKind, stay_put: StayPut | None) -> Iterator[Reason]:
    """An IEP that was not in force when the complaint was filed; one that was is the placement that stays."""
    if stay_put is not None and stay_put.version is None and kind is PlanKind.IEP:
        yield stays(stay_put, "/ground")


def stays(stay_put: StayPut, pointer: str) -> Reason:
    """Names the version that is to stay."""
    version = f"as in version {stay_put.version}" if stay_put.version else "as it was"
    return Reason(
        "stay-put", f"A due process complaint is open since {stay_put.filed_on}: the placement stays {version}.",
        "34 CFR 300.518",
        "Leave it as it is; or record that it was agreed, ordered, or rests on 34 CFR 300.530-533: "
        "POST .../disputes/{id}/stay-put-exceptions.", pointer,
    )  # fmt: skip
