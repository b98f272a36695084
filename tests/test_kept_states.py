"""A kept state must come back as it went: else every load folds the whole stream again, and nobody notices."""

import dataclasses
import importlib
import pickle
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from contracts.event import Event
from runtime.roles import SERVICES
from runtime.stream_model import Model


def models() -> list[Any]:
    return [
        pytest.param(model, id=f"{service}-{model.name}")
        for service in SERVICES
        for model in importlib.import_module(f"{service}_service.service").MODELS
    ]


def kinds_in(kind: Any, known: set[Any]) -> Iterator[Any]:
    """Every class that a value of ``kind`` can be made of."""
    if kind in known:
        return
    known.add(kind)
    for part in typing.get_args(kind):
        yield from kinds_in(part, known)
    if isinstance(kind, type):
        yield kind
        if dataclasses.is_dataclass(kind) or issubclass(kind, BaseModel):
            for part in typing.get_type_hints(kind).values():
                yield from kinds_in(part, known)


@pytest.mark.parametrize("model", models())
def test_no_state_holds_an_event_whose_day_is_not_part_of_its_contents(model: Model[Any]) -> None:
    held = [kind for kind in kinds_in(type(model.initial), set()) if issubclass(kind, Event)]

    assert held == []


@pytest.mark.parametrize("model", models())
def test_the_initial_state_comes_back_as_it_went(model: Model[Any]) -> None:
    assert model.parse(model.dump(model.initial)) == model.initial


@pytest.mark.parametrize("model", models())
def test_a_model_reaches_another_process(model: Model[Any]) -> None:
    model.dump(model.initial)  # What it has made for itself stays here.

    assert pickle.loads(pickle.dumps(model)) == model  # noqa: S301  # Written the line before.
