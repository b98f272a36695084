"""An event: named for ever, written strictly, read leniently, brought to its newest shape on the way in."""

import types
from collections.abc import Iterator
from datetime import date
from typing import Any, get_args, get_origin

import msgspec
import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from contracts import event as events
from contracts.canonical import NotCanonical
from contracts.event import (
    Event,
    EventClass,
    Json,
    UnknownEvent,
    Value,
    decode,
    event,
    registered_events,
    upcasts,
)
from contracts.items import BaseItem
from contracts.plan import DraftDropped, ReasonPersonalData
from contracts.store import ParkedSkipped, TenantEnded
from contracts.testing import an_id
from contracts.values import Reported, Unmet

DAY = date(2026, 3, 9)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names registered by a test are forgotten after it."""
    monkeypatch.setattr(events, "_events", dict(events._events))
    monkeypatch.setattr(events, "_upcasters", dict(events._upcasters))


@pytest.mark.usefixtures("registry")
def test_an_older_shape_is_brought_forward_one_step_at_a_time() -> None:
    @event("test.moved", version=3)
    class Moved(Event):
        to: str
        by: str

    @upcasts("test.moved", from_version=1)
    def name_the_place(fields: Json) -> Json:
        return {"to": fields["place"]}

    @upcasts("test.moved", from_version=2)
    def name_who(fields: Json) -> Json:
        return fields | {"by": "unknown"}

    newest = Moved(effective_on=DAY, to="Room 21", by="unknown")
    assert decode("test.moved", 1, b'{"place":"Room 21"}', DAY) == newest
    assert decode("test.moved", 2, b'{"to":"Room 21"}', DAY) == newest
    assert decode("test.moved", 3, b'{"by":"unknown","to":"Room 21"}', DAY) == newest


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_schema_number_without_a_way_to_the_newest_is_unknown(number: int) -> None:
    @event("test.left", version=2)
    class Left(Event):
        pass

    with pytest.raises(UnknownEvent) as refused:
        decode("test.left", number, b"{}", DAY)
    assert refused.value.type == "test.left"
    assert Left.schema_number == 2


def test_a_name_nobody_registered_is_unknown() -> None:
    with pytest.raises(UnknownEvent):
        decode("plan.sung", 1, b"{}", DAY)


@pytest.mark.usefixtures("registry")
def test_a_name_is_given_once() -> None:
    with pytest.raises(ValueError, match="already the name of PlanAdopted"):

        @event("plan.adopted")
        class Another(Event):
            pass


@pytest.mark.parametrize("contents", [b"[]", b"null", b"{", b"\xff"])
def test_what_is_no_json_object_is_refused(contents: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode("plan.draft_dropped", 1, contents, DAY)


def test_contents_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValidationError):
        decode("plan.draft_dropped", 1, b"{}", DAY)


def test_an_unknown_field_is_refused_in_writing_and_ignored_in_reading() -> None:
    plan_id = an_id("plan")

    with pytest.raises(ValidationError, match="mood"):
        DraftDropped(effective_on=DAY, plan_id=plan_id, mood="good")  # type: ignore[call-arg]
    stored = b'{"mood":"good","plan_id":"%s"}' % str(plan_id).encode()
    assert decode("plan.draft_dropped", 1, stored, DAY) == DraftDropped(effective_on=DAY, plan_id=plan_id)


def test_contents_hold_neither_what_is_absent_nor_what_the_envelope_says() -> None:
    dropped = DraftDropped(effective_on=DAY, plan_id=an_id("plan"))

    assert dropped.contents() == b'{"plan_id":"%s"}' % str(an_id("plan")).encode()


def test_what_cannot_be_carried_is_refused_with_its_place() -> None:
    dropped = DraftDropped(
        effective_on=DAY, plan_id=an_id("plan"), personal=ReasonPersonalData(reason="twice\x00opened")
    )

    with pytest.raises(NotCanonical) as refused:
        dropped.contents()
    assert refused.value.pointer == "/personal/reason"


def test_an_event_cannot_be_changed() -> None:
    dropped = DraftDropped(effective_on=DAY, plan_id=an_id("plan"))

    with pytest.raises(ValidationError, match="frozen"):
        dropped.plan_id = an_id("another")  # type: ignore[misc]


def test_what_concerns_people_and_what_proves_has_its_own_class() -> None:
    classes = {name: cls.event_class for name, cls in registered_events().items()}

    assert {name for name, cls in classes.items() if cls is EventClass.IDENTITY} == {
        "notice.preferences_set",
        *("plan.contact_changed", "plan.contact_proposed", "plan.contact_unlinked"),
        *("plan.rights_holder_confirmed", "plan.rights_holder_ended"),
        *("plan.staff_added", "plan.staff_changed", "plan.staff_ended"),
        *("plan.student_changed", "plan.student_registered"),
    }
    notices = {name for name in classes if name.startswith("notice.")} - {"notice.preferences_set"}
    assert {classes[name] for name in notices} == {EventClass.PROOF}


def test_names_addresses_and_narrative_stand_in_one_place_of_each_event() -> None:
    """So that sealing, redacting and not-logging have one place to look. An item's text and an operator's reason stay."""
    allowed = (BaseItem, Reported, Unmet, ParkedSkipped, TenantEnded)
    found = [
        f"{owner.__name__}.{name}"
        for owner, name, info in _fields_of_all_events()
        if _is_narrative(info)
        and not owner.__name__.endswith("PersonalData")
        and not issubclass(owner, allowed)
    ]

    assert found == []


def test_a_date_ends_in_on_and_everything_says_what_it_is() -> None:
    for owner, name, info in _fields_of_all_events():
        a_date = info.annotation is date or (
            date in get_args(info.annotation) and get_origin(info.annotation) is not tuple
        )
        if a_date:
            assert name.endswith("_on") or name in {"since", "birth_date", "requested"}, (
                f"{owner.__name__}.{name}"
            )
        assert owner.__doc__, f"{owner.__name__} says what it is"


def _fields_of_all_events() -> list[tuple[type[Value], str, FieldInfo]]:
    seen: dict[type[Value], None] = {}
    for cls in registered_events().values():
        _collect(cls, seen)
    return [(owner, name, info) for owner in seen for name, info in owner.model_fields.items()]


def _collect(cls: type[Value], seen: dict[type[Value], None]) -> None:
    if cls not in seen:
        seen[cls] = None
        for info in cls.model_fields.values():
            for inner in _models_in(info.annotation):
                _collect(inner, seen)


def _models_in(annotation: Any) -> Iterator[type[Value]]:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if issubclass(annotation, Value):
            yield annotation
    elif get_origin(annotation) is not None or get_args(annotation):
        for argument in get_args(annotation):
            yield from _models_in(argument)


def _is_narrative(info: FieldInfo) -> bool:
    return "max_length=20000" in repr(info)
