"""The rows of one append: contents made canonical and sealed, states and resources rendered."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from contracts.after_the_end import AFTER_THE_END
from contracts.canonical import NotCanonical
from contracts.event import Event, EventClass, Json, Recorded
from contracts.ids import new_event_id
from contracts.problems import Invalid, Reason
from runtime.append_request import Appended, Change, Context
from runtime.plain_bytes import contents_of
from runtime.sealing import Key, seal
from runtime.stream_model import KeptState, Loaded, Resource, in_document

LARGEST_CONTENTS = 256 * 1024
LARGEST_APPEND = 4 * 1024 * 1024
KEPT_EVERY = 32


def is_kept(version: int) -> bool:
    """Whether the state at this version is written: of a short stream each, of a long one, whose state is long, few."""
    return version <= KEPT_EVERY or version % KEPT_EVERY == 0


class _EventRow(msgspec.Struct, omit_defaults=True):
    """A row of the events table on its way there."""

    id: UUID
    stream: str
    version: int
    subject: UUID
    type: str
    schema: int
    class_: str = msgspec.field(name="class")
    effective_on: date
    digest: bytes
    sealed: bytes
    goes_on: bool = False
    """Whether it is recorded also of a tenant that has ended."""


class _ResourceRow(msgspec.Struct):
    """A row of the resources table on its way there."""

    kind: str
    id: UUID
    student: UUID | None
    external_id: str | None
    stream: str
    version: int
    document: Json | msgspec.Struct


encode = msgspec.json.Encoder(enc_hook=in_document).encode


class Prepared:
    """The rows of one append."""

    def __init__(self) -> None:
        self.rows: list[_EventRow] = []
        self.events: list[Event] = []
        self.state_streams: list[str] = []
        self.state_versions: list[int] = []
        self.state_shapes: list[str] = []
        self.states: list[bytes] = []
        self.reached: list[tuple[Loaded[Any], KeptState[Any]]] = []
        self.resources: dict[tuple[str, UUID], _ResourceRow] = {}
        self.touched: dict[tuple[str, UUID], Resource] = {}
        self.size = 0

    @property
    def last_id(self) -> UUID | None:
        """The last event's id."""
        return self.rows[-1].id if self.rows else None

    def add(self, change: Change[Any], keys: Mapping[tuple[UUID, EventClass], Key]) -> None:
        """The rows of one stream's events, and its state after them."""
        loaded, model, subject = change.loaded, change.loaded.model, change.subject
        stream, state, version = loaded.stream, loaded.state, loaded.version
        to_keep: KeptState[Any] | None = None
        for event in change.events:
            version += 1
            event_id = new_event_id()
            plain = plain_contents(event)
            sealed = seal(keys[subject, event.event_class], event_id, plain)
            self.size += len(plain)
            self.rows.append(
                _EventRow(event_id, stream, version, subject, event.type, event.schema_number, event.event_class,
                          event.effective_on, sealed.digest, sealed.sealed, type(event) in AFTER_THE_END)
            )  # fmt: skip
            self.events.append(event)
            state = model.evolve(state, event)
            for resource in model.resources(state, event):
                key = (resource.kind, resource.id)
                self.touched[key] = resource
                self.resources[key] = _ResourceRow(
                    *key, resource.student, resource.external_id, stream, version, resource.document
                )
            if is_kept(version):
                to_keep = KeptState(version, state)
        if to_keep is not None:
            self.state_streams.append(stream)
            self.state_versions.append(to_keep.version)
            self.state_shapes.append(model.shape)
            self.states.append(model.dump(to_keep.state))
        self.reached.append((loaded, KeptState(version, state)))

    def appended(self, context: Context, source: str, at: datetime) -> Appended:
        """What was done, recorded ``at`` this moment."""
        events = tuple(
            Recorded(
                event=event, id=row.id, source=source, tenant=context.tenant, subject=row.subject,
                stream=row.stream, version=row.version, recorded_at=at, actor=context.actor,
                correlation=context.correlation, causation=context.causation, rules=context.rules,
            )
            for row, event in zip(self.rows, self.events, strict=True)
        )  # fmt: skip
        versions = {loaded.stream: reached.version for loaded, reached in self.reached}
        return Appended(events, self.touched, versions)


def plain_contents(event: Event) -> bytes:
    """The canonical bytes of an event, or `Invalid` that names the field that cannot be carried or is too long."""
    try:
        plain = contents_of(event)
    except NotCanonical as error:
        raise Invalid("A value cannot be stored.",
                      reasons=(Reason("not-carriable", error.reason, pointer=error.pointer),)) from error  # fmt: skip
    if len(plain) > LARGEST_CONTENTS:
        fields = event.model_dump(mode="json", exclude_none=True)
        longest = max(fields, key=lambda name: len(json.dumps(fields[name])))
        raise Invalid("The contents are too long.",
                      reasons=(Reason("too-long", f"one event holds at most 256 KiB, this one {len(plain)} bytes; "
                                                  "put long texts into a document", pointer=f"/{longest}"),))  # fmt: skip
    return plain
