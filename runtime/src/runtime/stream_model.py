"""How a stream folds: its model, its state at a version, and what a read of it answers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
from pydantic import TypeAdapter, ValidationError

from contracts.event import Event, Json, Value
from contracts.problems import VersionConflict

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Resource:
    """What a read answers for one thing: rendered from a stream's state, kept current in the append's transaction."""

    kind: str
    id: UUID
    document: Json | msgspec.Struct
    """A struct stands for what it is written as: of what there is a million, nothing else need be made."""
    student: UUID | None = None
    external_id: str | None = None

    @property
    def fields(self) -> Json:
        """The document by its fields."""
        if isinstance(self.document, dict):
            return self.document
        fields: Json = msgspec.to_builtins(self.document, enc_hook=in_document)
        return fields


def in_document(value: Value) -> Json:
    """A value in a struct that is shown: what is absent has no key."""
    return value.model_dump(mode="json", exclude_none=True)


def _nothing(_state: object, _event: Event) -> Iterable[Resource]:
    return ()


@dataclass(frozen=True)
class Model(Generic[S]):
    """How one kind of stream folds: ``evolve`` never refuses; ``resources`` renders what an event touched.

    Both are functions that a module has under their own names: so a model can be told to another process.
    ``shape`` names the form of the state: change it whenever the state's class changes, and kept states are folded anew.
    """

    name: str
    shape: str
    initial: S
    evolve: Callable[[S, Any], S]
    """Of its own events only."""
    resources: Callable[[S, Event], Iterable[Resource]] = _nothing

    def __getstate__(self) -> dict[str, Any]:
        """What another process is told of it: its functions go by their names, and the codec is made there."""
        return {name: value for name, value in self.__dict__.items() if name != "_codec"}

    def stream(self, *parts: object) -> str:
        """``student/{id}``; for the one stream of its kind just the name."""
        return "/".join([self.name, *(str(part) for part in parts)])

    @cached_property
    def _codec(self) -> tuple[Callable[[S], bytes], Callable[[bytes], S]]:
        """msgspec's, which takes a tenth of pydantic's time; pydantic's where a field may be one of several models."""
        kind = type(self.initial)
        try:
            return msgspec.json.Encoder(enc_hook=_dumped).encode, msgspec.json.Decoder(
                kind, dec_hook=_validated
            ).decode
        except TypeError:
            adapter = TypeAdapter(kind)
            return adapter.dump_json, adapter.validate_json

    def dump(self, state: S) -> bytes:
        """The kept form of a state."""
        return self._codec[0](state)

    def parse(self, kept: bytes) -> S:
        """What `dump` wrote; raises one of `UNREADABLE` for another shape."""
        return self._codec[1](kept)


UNREADABLE = (msgspec.DecodeError, ValidationError)


def _dumped(value: Value) -> Json:
    return value.model_dump(mode="json")


def _validated(kind: type[Value], fields: Json) -> Value:
    return kind.model_validate(fields)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[S]):
    """A stream as a decision sees it: its version (0 = nothing yet) and its state."""

    model: Model[S]
    stream: str
    version: int
    state: S

    def at_version(self, expected: int | None) -> "Loaded[S]":
        """Itself; raises `VersionConflict` when the caller (If-Match) had read another version."""
        if expected is not None and expected != self.version:
            raise VersionConflict(self.stream, expected=expected, actual=self.version)
        return self


@dataclass(frozen=True, slots=True)
class KeptState(Generic[S]):
    """A stream's state at a version."""

    version: int
    state: S
