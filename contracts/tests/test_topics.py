"""The topics' description: a sound AsyncAPI 3.0 document, and no change of it breaks those who read a topic."""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from contracts import publish
from contracts.catalogue import TOPICS

CONTRACTS = Path(__file__).parents[1]
PLAN = "topics/handrail.plan.v1.json"
Document = dict[str, Any]


@cache
def asyncapi_3() -> Draft7Validator:
    """AsyncAPI's own schema."""
    return Draft7Validator(json.loads((Path(__file__).parent / "asyncapi-3.0.0.schema.json").read_text()))


def now(path: str) -> Document:
    """What would be published, to be spoiled."""
    found: Document = json.loads(publish.rendered()[path])
    return found


@pytest.fixture
def document() -> Document:
    return now(publish.ASYNCAPI)


def test_the_committed_document_is_sound_by_asyncapis_own_schema() -> None:
    committed = json.loads((CONTRACTS / "topics" / "asyncapi.json").read_text(encoding="utf-8"))
    assert [error.message for error in asyncapi_3().iter_errors(committed)] == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda document: document.update(asyncapi="2.6.0"),
        lambda document: document["info"].pop("version"),
        lambda document: document["operations"]["plan.publish"].update(action="publish"),
        lambda document: document["channels"]["plan"]["bindings"]["kafka"].update(partitions=0),
        lambda document: document["components"]["messages"]["plan.adopted"].update(body={}),
    ],
)
def test_that_schema_finds_what_is_wrong(document: Document, spoil: Callable[[Document], object]) -> None:
    spoil(document)
    assert not asyncapi_3().is_valid(document)


def test_what_the_schema_cannot_say_holds_too(document: Document) -> None:
    """Each channel has an address of its own, each operation one of the channels, and no message is left over."""
    channels = document["channels"]
    addresses = [channel["address"] for channel in channels.values()]
    assert len(set(addresses)) == len(addresses) == len(TOPICS)
    assert {channel["bindings"]["kafka"]["topic"] for channel in channels.values()} == set(addresses)
    operated = [operation["channel"]["$ref"] for operation in document["operations"].values()]
    assert operated == [f"#/channels/{name}" for name in channels]
    carried = {
        message["$ref"].removeprefix("#/components/messages/")
        for channel in channels.values()
        for message in channel["messages"].values()
    }
    assert carried == set(document["components"]["messages"])


def plan_page() -> Document:
    return now(PLAN)


def an_event(page: Document, name: str = "plan.adopted") -> Document:
    return next(event for event in page["events"] if event["type"] == name)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (lambda page: page.update(key="tenant"), "/key: it changes"),
        (lambda page: page.update(retention="7 days"), "/retention: it changes"),
        (lambda page: page.update(max_message_bytes=1000), "/max_message_bytes: readers are ready for 1000"),
        (lambda page: page["partitions"].update(how="as Kafka likes"), "/partitions: records would go to other lanes"),
        (lambda page: page["events"].append({"type": "plan.sung", "schema": 1, "class": "record"}),
         "/events/plan.sung: it leaves the topic"),
        (lambda page: an_event(page).update({"class": "proof"}),
         "/events/plan.adopted: its class changes, and with it key and retention"),
        (lambda page: an_event(page).update(schema=9), "/events/plan.adopted: its schema number falls"),
    ],
)  # fmt: skip
def test_what_breaks_the_readers_of_a_topic_is_named(before: Callable[[Document], object], said: str) -> None:
    page = plan_page()
    before(page)
    assert changes(PLAN, page) == [f"{PLAN}: {said}"]


@pytest.mark.parametrize(
    "before",
    [
        lambda page: page["partitions"].update(default=3),
        lambda page: page["consumers"].clear(),
        lambda page: page["events"].pop(),
        lambda page: an_event(page).update(summary="Another one."),
    ],
)
def test_more_partitions_readers_and_events_break_nobody(before: Callable[[Document], object]) -> None:
    page = plan_page()
    before(page)
    assert changes(PLAN, page) == []


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (lambda old: old["channels"]["plan"].update(address="handrail.plan.v0"), "channels/plan: its address changes"),
        (lambda old: old["channels"].update(song={"address": "handrail.song.v1"}), "channels/song: its address changes"),
        (lambda old: old["components"]["schemas"]["headers"]["properties"].update(ce_mood={"type": "string"}),
         "headers/ce_mood: the field is removed"),
        (lambda old: old["components"]["schemas"]["record"]["properties"].update(mood={"type": "string"}),
         "record/mood: the field is removed"),
        (lambda old: old["components"]["schemas"]["entry"]["properties"].update(nth={"type": "string"}),
         "entry/nth: the type changes from string to integer"),
    ],
)  # fmt: skip
def test_what_breaks_the_readers_of_every_record_is_named(
    document: Document, before: Callable[[Document], object], said: str
) -> None:
    old = deepcopy(document)
    before(old)
    assert said in [change.removeprefix(f"{publish.ASYNCAPI}: ") for change in changes(publish.ASYNCAPI, old)]
    assert changes(publish.ASYNCAPI, document) == []


def test_a_topic_is_not_removed() -> None:
    gone = "topics/handrail.song.v1.json"
    assert changes(gone, {}) == [f"{gone}: the topic is removed"]


def changes(path: str, before: Document) -> list[str]:
    """What the topics as they are now break of what was published."""
    return publish.breaking([path], lambda _path: json.dumps(before), publish.rendered())
