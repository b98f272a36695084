"""An event: an immutable fact in the team's words, and the envelope that says who, when, why and under which rules.

Stored and published events are one class. The stored name is a string we chose, never a Python path. A field with a
default may be added within a schema number; any other change is a new number and one upcaster of one step. Readers know
only the newest shape, ignore fields they do not know, and refuse (park) a number they do not know.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.canonical import canonical, refuse_uncarriable

Json = dict[str, Any]


class EventClass(StrEnum):
    """Each class has its own key and its own retention."""

    IDENTITY = "identity"
    """Who the student and their people are."""
    RECORD = "record"
    """Plans, meetings, delivery, progress."""
    PROOF = "proof"
    """Notices, consents, disclosures, access, holds, destructions."""


class Value(BaseModel):
    """A part of an event: frozen, written strictly (an unknown field is refused), read leniently (see `decode`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Event(Value):
    """One fact. ``effective_on`` travels in the envelope, not in the sealed contents, so that it stands only once.

    It is a date in the district's zone: of an act its day; of a change the first day the new text binds; of an end the
    first day the thing no longer binds.
    """

    type: ClassVar[str]
    schema_number: ClassVar[int]
    event_class: ClassVar[EventClass]

    effective_on: date = Field(exclude=True)

    def contents(self) -> bytes:
        """The canonical plain bytes of the event's own fields; raises `contracts.canonical.NotCanonical`."""
        fields = self.model_dump(mode="json", exclude_none=True)
        refuse_uncarriable(fields)
        return canonical(fields)


class Actor(Value):
    """Who acted: random ids only, never a mail address or a login."""

    id: str = Field(max_length=64)
    role: str = Field(max_length=64)
    client: str = Field(default="handrail", max_length=64)
    """The program through which; ``handrail`` where a service acts by itself."""
    on_behalf_of: str | None = Field(default=None, max_length=64)


E_co = TypeVar("E_co", bound=Event, covariant=True)
E = TypeVar("E", bound=type[Event])


@dataclass(frozen=True, slots=True)
class Recorded(Generic[E_co]):
    """An event with its envelope, as every reader gets it.

    ``position``, ``index`` and ``known_at`` are ``None`` for the moment between the append and the sequencer.
    """

    event: E_co
    id: UUID
    source: str
    tenant: str
    subject: UUID
    stream: str
    version: int
    recorded_at: datetime
    actor: Actor
    correlation: str
    causation: UUID | None = None
    rules: str | None = None
    position: int | None = None
    index: int | None = None
    known_at: datetime | None = None

    @property
    def type(self) -> str:
        """The stored name, e.g. ``plan.amendment_adopted``."""
        return self.event.type

    @property
    def effective_on(self) -> date:
        """The day on which the fact binds or happened."""
        return self.event.effective_on


class UnknownEvent(Exception):
    """This code has no class for the stored type and schema number: the reader must park it, never guess."""

    def __init__(self, type_: str, schema_number: int) -> None:
        super().__init__(f"{type_} schema {schema_number} is not known to this version")
        self.type = type_
        self.schema_number = schema_number


_events: dict[str, type[Event]] = {}
_upcasters: dict[tuple[str, int], Callable[[Json], Json]] = {}


def event(name: str, *, version: int = 1, of: EventClass = EventClass.RECORD) -> Callable[[E], E]:
    """Give an event class its stored name, schema number and class of contents."""

    def register(cls: E) -> E:
        if name in _events and _events[name].__qualname__ != cls.__qualname__:
            raise ValueError(f"{name} is already the name of {_events[name].__qualname__}")
        cls.type, cls.schema_number, cls.event_class = name, version, of
        _events[name] = cls
        return cls

    return register


def upcasts(name: str, *, from_version: int) -> Callable[[Callable[[Json], Json]], Callable[[Json], Json]]:
    """Register one pure step from ``from_version`` to the next; applied on read, stored bytes never change."""

    def register(step: Callable[[Json], Json]) -> Callable[[Json], Json]:
        _upcasters[name, from_version] = step
        return step

    return register


def registered_events() -> dict[str, type[Event]]:
    """Every event class by its stored name."""
    return dict(_events)


def decode(type_: str, schema_number: int, contents: bytes, effective_on: date) -> Event:
    """Read stored contents in the newest shape; fields this version does not know are ignored, at every depth.

    Raises `UnknownEvent` for a type or schema number this version does not know, ``msgspec.DecodeError`` for what is no
    JSON object, pydantic's ``ValidationError`` for contents that do not fit their class: none can ever work by trying
    again.
    """
    cls = _events.get(type_)
    if cls is None or schema_number > cls.schema_number:
        raise UnknownEvent(type_, schema_number)
    if schema_number == cls.schema_number:
        try:  # The bytes as they are, in one step.
            return cls.model_validate_json(_with_day(contents, effective_on), extra="ignore")
        except ValidationError:
            pass  # It is looked at again below, and refused by name.
    fields = msgspec.json.decode(contents, type=Json)
    for number in range(schema_number, cls.schema_number):
        step = _upcasters.get((type_, number))
        if step is None:
            raise UnknownEvent(type_, number)
        fields = step(fields)
    fields["effective_on"] = effective_on
    return cls.model_validate(fields, extra="ignore")


def _with_day(contents: bytes, effective_on: date) -> bytes:
    """The object with one more field."""
    return contents[:-1] + _day_field(effective_on)[contents == b"{}" :]


@lru_cache(maxsize=4_000)
def _day_field(day: date) -> bytes:
    return b',"effective_on":"%b"}' % day.isoformat().encode()
