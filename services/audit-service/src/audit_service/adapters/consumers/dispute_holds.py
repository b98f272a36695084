"""A complaint that is filed opens a legal hold (law.md 4): nobody has to think of it. A person releases it."""

from uuid import UUID, uuid5

from audit_service.application.records import HOLD
from audit_service.domain.holds import OpenHold, open_hold
from contracts.disputes import DisputeFiled
from contracts.event import Event, Recorded
from contracts.plain_words import day_in_words
from contracts.vocabulary import DisputeKind, HoldGround
from runtime.append_request import Change
from runtime.consumer import Consumer, Unit
from runtime.keyring import PostgresKeyring

_NAMESPACE = UUID("6f3f0c1e-7d7a-5c8e-9a53-0d5b0b6e6c11")


def hold_of(dispute_id: UUID) -> UUID:
    """The one hold of a dispute, however often its event comes."""
    return uuid5(_NAMESPACE, str(dispute_id))


async def _open(recorded: Recorded[Event], unit: Unit) -> None:
    filed = recorded.event
    if not isinstance(filed, DisputeFiled) or filed.kind is DisputeKind.MEDIATION:
        return
    hold_id = hold_of(filed.dispute_id)
    kind = filed.kind.value.replace("_", " ")
    reason = f"A {kind} was filed on {day_in_words(filed.effective_on)}."
    command = OpenHold(hold_id, filed.student_id, HoldGround.DISPUTE, reason, None, None, filed.dispute_id)
    loaded = await unit.load(HOLD, hold_id)
    events = open_hold(loaded.state.hold, command, today=filed.effective_on)
    if events:
        keyring = unit.store.keyring
        assert isinstance(keyring, PostgresKeyring)
        await keyring.set_hold(recorded.tenant, hold_id, filed.student_id)
        await unit.append(Change(loaded, filed.student_id, events))


DISPUTE_HOLDS = Consumer("dispute-holds", ("plan",), _open, types=frozenset({DisputeFiled.type}))
