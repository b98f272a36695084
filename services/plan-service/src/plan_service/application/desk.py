"""Deciding about one stream of people or places: read it with all a rule needs, let the rule speak, append what it said."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.event import Event
from contracts.problems import ExternalIdTaken, Problem, VersionConflict
from contracts.values import Reported
from plan_service.application.models import DISTRICT
from plan_service.application.situation import Day, day_of
from plan_service.domain.rules import Rules
from runtime.append_request import AlreadyClaimed, Answer, Appended, Change, Claim, Context, Release
from runtime.event_store import EventStore, external_id_claim
from runtime.execute import give_way
from runtime.stream_model import Loaded, Model
from runtime.tenants import TENANT

S = TypeVar("S")
TRIES = 5
NOT_A_REQUEST = b"\x00" * 32
"""The digest of an external id that no request claimed by itself: no body is ever the same as it."""


@dataclass(frozen=True, slots=True)
class Seen(Generic[S]):
    """What one decision sees."""

    loaded: Loaded[S]
    day: Day
    beside: Mapping[str, Loaded[Any]]
    remembered: bool = False
    """See `runtime.recent_states.Looked`."""

    @property
    def state(self) -> S:
        """The stream's state."""
        return self.loaded.state

    @property
    def today(self) -> date:
        """Today, in the district's zone."""
        return self.day.today

    @property
    def rules(self) -> Rules:
        """What holds today, or held on the day of what is reported; raises `RuleSetNotShipped`."""
        return self.day.rules

    @property
    def zone(self) -> ZoneInfo:
        """The district's zone."""
        return self.day.zone

    def of(self, model: Model[Any], *parts: object) -> Any:
        """The state of another stream that was asked for."""
        return self.beside[model.stream(*parts)].state


@dataclass(frozen=True, slots=True)
class Decided:
    """Events, and the claims that go with them."""

    events: Sequence[Event]
    claims: Sequence[Claim] = ()
    releases: Sequence[Release] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """Where requests and imports about people and places are worked on."""

    store: EventStore

    async def see(
        self,
        tenant: str,
        model: Model[S],
        parts: Sequence[object],
        beside: Sequence[tuple[Model[Any], str]] = (),
        *,
        memory_will_do: bool = False,
    ) -> Seen[S]:
        """The stream, other streams, and the district's own day, in one turn."""
        stream = model.stream(*parts)
        wanted: list[tuple[Model[Any], str]] = [(DISTRICT, DISTRICT.name), (TENANT, TENANT.name), *beside]
        looked = await self.store.look(tenant, [(model, stream), *wanted], memory_will_do=memory_will_do)
        return Seen(looked.streams[stream], day_of(looked), looked.streams, looked.remembered)

    async def decide(
        self, context: Context, model: Model[S], parts: Sequence[object], subject: UUID,
        decision: Callable[[Seen[S]], Sequence[Event] | Decided], *, beside: Sequence[tuple[Model[Any], str]] = (),
        resting_on: Sequence[str] = (), if_match: int | None = None, claims: Sequence[Claim] = (),
        answer: Answer | None = None, reported: Reported | None = None,
    ) -> Appended:  # fmt: skip
        """Append what ``decision`` said. Durable on return; a crash leaves nothing; a lost race is decided anew.

        ``resting_on`` names those of the streams ``beside`` that must still be as they were seen. What is ``reported``
        is judged by the rules of the day on which it happened, and names them.
        """
        for attempt in range(TRIES):
            seen = await self.see(context.tenant, model, parts, beside, memory_will_do=attempt == 0)
            seen = replace(seen, day=seen.day.of(reported))
            try:
                seen.loaded.at_version(if_match)
                said = decision(seen)
                decided = said if isinstance(said, Decided) else Decided(said)
                if seen.remembered and not decided.events:
                    continue  # No append would check that nothing is left to do.
                return await self.store.append(
                    replace(context, rules=context.rules or seen.day.rule_set),
                    [Change(seen.loaded, subject, decided.events)], claims=(*claims, *decided.claims),
                    releases=decided.releases, resting_on=[seen.beside[name] for name in resting_on],
                    seen=seen.beside.values() if seen.remembered else (), answer=answer,
                )  # fmt: skip
            except AlreadyClaimed as taken:
                raise taken_by(taken) from taken
            except VersionConflict as conflict:
                if seen.remembered:
                    continue
                if attempt == TRIES - 1 or (if_match is not None and conflict.stream == seen.loaded.stream):
                    raise
                await give_way(attempt)
            except Problem:
                if not seen.remembered:
                    raise
        raise AssertionError("unreachable")


def taken_by(taken: AlreadyClaimed) -> Exception:
    """The refusal of an external id that another thing has."""
    if not taken.kind.startswith("external_id:"):
        return taken
    return ExternalIdTaken(
        "One of these external ids already names another of the same kind.", id=taken.owner
    )


def claims_of(
    kind: str,
    owner: UUID,
    external_ids: Sequence[str],
    *,
    known: Sequence[str] = (),
    claimed: Sequence[str] = (),
) -> tuple[list[Claim], list[Release]]:
    """The claims and releases that bring what is held from ``known`` to ``external_ids``.

    ``claimed`` are claimed by the request itself, with the digest of its body.
    """
    new = [value for value in dict.fromkeys(external_ids) if value not in known and value not in claimed]
    gone = [value for value in known if value not in external_ids]
    return (
        [external_id_claim(kind, value, owner, NOT_A_REQUEST) for value in new],
        [Release(f"external_id:{kind}", value) for value in gone],
    )
