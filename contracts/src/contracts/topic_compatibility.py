"""What would break those who read a topic: an event gone from it, other keys or lanes, a record of another form."""

from collections.abc import Iterator
from typing import Any

from contracts.catalogue import RETIRED_EVENTS
from contracts.compatibility import RESPONSE, breaking_changes

Document = dict[str, Any]

_MUST_STAY = ("topic", "owner", "key", "retention", "format")
RECORD_SCHEMAS = ("headers", "record", "entry")


def breaking_topic_changes(old: Document, new: Document) -> list[str]:
    """Why the page ``new`` may not take the place of ``old``. How many partitions there are may change; the lanes not."""
    return list(_page_changes(old, new))


def _page_changes(old: Document, new: Document) -> Iterator[str]:
    for name in _MUST_STAY:
        if old[name] != new.get(name):
            yield f"/{name}: it changes"
    if old["partitions"]["how"] != new["partitions"]["how"]:
        yield "/partitions: records would go to other lanes"
    if new["max_message_bytes"] > old["max_message_bytes"]:
        yield f"/max_message_bytes: readers are ready for {old['max_message_bytes']}"
    now = {event["type"]: event for event in new["events"]}
    for event in old["events"]:
        name = event["type"]
        if name not in now:
            if name not in RETIRED_EVENTS:
                yield f"/events/{name}: it leaves the topic"
            continue
        if now[name]["class"] != event["class"]:
            yield f"/events/{name}: its class changes, and with it key and retention"
        if now[name]["schema"] < event["schema"]:
            yield f"/events/{name}: its schema number falls"


def breaking_record_changes(old: Document, new: Document) -> list[str]:
    """The same between two AsyncAPI documents: channels, and what each record is made of."""
    found = [
        f"channels/{name}: its address changes"
        for name, channel in old.get("channels", {}).items()
        if new["channels"].get(name, {}).get("address") != channel["address"]
    ]
    before, after = (document.get("components", {}).get("schemas", {}) for document in (old, new))
    for name in RECORD_SCHEMAS:
        if name in before:
            changes = breaking_changes(before[name], after[name], RESPONSE, old_root=old, new_root=new)
            found += [f"{name}{change}" for change in changes]
    return found
