"""The published description of the topics: one page per topic, and one AsyncAPI 3.0 document over all."""

from typing import Any

from contracts.catalogue import (
    KEY,
    LANES_NOTE,
    MAX_MESSAGE_BYTES,
    PARTITIONS,
    RETENTION,
    TOPICS,
    Topic,
)
from contracts.event import Event, registered_events

Document = dict[str, Any]

_UUID = {"type": "string", "format": "uuid"}
_DATE_TIME = {"type": "string", "format": "date-time"}
_HEX = {"type": "string", "pattern": "^[0-9a-f]{64}$"}

HEADERS: Document = {
    "type": "object",
    "description": "CloudEvents 1.0, binary mode. No personal data.",
    "required": [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_time",
        "ce_subject",
        "content-type",
        "partitions",
    ],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {**_UUID, "description": "The event's id."},
        "ce_source": {
            "type": "string",
            "description": "The log's origin: ``<host>/<tenant>/<service>/log``.",
        },
        "ce_type": {"type": "string", "description": "The event's name."},
        "ce_time": {**_DATE_TIME, "description": "``recorded_at``."},
        "ce_subject": {**_UUID, "description": "The student, staff member or district it is about."},
        "content-type": {"const": "application/json"},
        "partitions": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Into how many partitions the topic was cut when this was produced: a reader tells by it which "
            "lanes share this record's partition (lane modulo partitions), even while a topic is being resized.",
        },
    },
}

ENTRY: Document = {
    "type": "object",
    "description": "What is logged: canonical JSON of this is the leaf of the log. No names, narrative or disability.",
    "required": [
        *("v", "id", "tenant", "subject", "class", "nth", "stream", "version", "type", "schema"),
        *("effective_on", "recorded_at", "known_at", "actor", "correlation", "digest", "sealed_sha256"),
    ],
    "properties": {
        "v": {"const": 1},
        "id": _UUID,
        "tenant": {"type": "string"},
        "subject": _UUID,
        "class": {"enum": ["identity", "record", "proof"]},
        "nth": {
            "type": "integer",
            "minimum": 1,
            "description": "How many entries of this subject the log holds.",
        },
        "stream": {"type": "string"},
        "version": {"type": "integer", "minimum": 1},
        "type": {"type": "string"},
        "schema": {"type": "integer", "minimum": 1},
        "effective_on": {"type": "string", "format": "date"},
        "recorded_at": _DATE_TIME,
        "known_at": _DATE_TIME,
        "actor": {
            "type": "object",
            "required": ["id", "role"],
            "properties": {
                "id": {"type": "string"},
                "role": {"type": "string"},
                "client": {"type": "string"},
                "on_behalf_of": {"type": "string"},
            },
        },
        "correlation": {"type": "string"},
        "causation": _UUID,
        "rules": {"type": "string"},
        "digest": {**_HEX, "description": "SHA-256 over 0x48 0x52 0x01, the salt and the plain contents."},
        "sealed_sha256": _HEX,
    },
}

RECORD: Document = {
    "type": "object",
    "required": ["position", "index", "entry", "sealed"],
    "properties": {
        "position": {"type": "integer", "minimum": 0, "description": "Place in the service's store."},
        "index": {"type": "integer", "minimum": 0, "description": "Place in the tenant's log."},
        "entry": {"$ref": "#/components/schemas/entry"},
        "sealed": {"type": "string", "contentEncoding": "base64", "description": "The contents, encrypted."},
    },
}


def topic_page(topic: Topic) -> Document:
    """One topic: who owns, writes and reads it, its key and retention, the events it carries."""
    events = registered_events()
    return {
        "topic": topic.name,
        "about": topic.about,
        "owner": topic.owner,
        "producers": [topic.owner],
        "consumers": list(topic.consumers),
        "key": KEY,
        "partitions": {"default": PARTITIONS, "how": LANES_NOTE},
        "retention": RETENTION,
        "max_message_bytes": MAX_MESSAGE_BYTES,
        "format": "CloudEvents 1.0 binary mode; see asyncapi.json",
        "events": [
            {
                "type": name,
                "schema": events[name].schema_number,
                "class": events[name].event_class.value,
                "summary": _summary(events[name]),
                "contents": _schema_file(events[name]),
            }
            for name in topic.events()
        ],
    }


def asyncapi_document(version: str) -> Document:
    """The AsyncAPI 3.0 document over all topics."""
    events = registered_events()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Handrail events",
            "version": version,
            "description": "Every fact of a student's IEP or Section 504 plan, in order per student. The contents are "
            "sealed: a reader without the key sees what happened to which subject, and nothing more.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.service.value: _channel(topic) for topic in TOPICS},
        "operations": {
            f"{topic.service}.publish": {
                "action": "send",
                "summary": f"{topic.owner} publishes what its log has indexed.",
                "channel": {"$ref": f"#/channels/{topic.service}"},
            }
            for topic in TOPICS
        },
        "components": {
            "messages": {name: _message(events[name]) for name in sorted(events)},
            "schemas": {"headers": HEADERS, "record": RECORD, "entry": ENTRY},
        },
    }


def _channel(topic: Topic) -> Document:
    return {
        "address": topic.name,
        "description": topic.about,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in topic.events()},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": PARTITIONS,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": -1,
                    "max.message.bytes": MAX_MESSAGE_BYTES,
                },
            }
        },
        "x-owner": topic.owner,
        "x-producers": [topic.owner],
        "x-consumers": list(topic.consumers),
    }


def _message(cls: type[Event]) -> Document:
    return {
        "name": cls.type,
        "summary": _summary(cls),
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": {"$ref": "#/components/schemas/record"},
        "bindings": {"kafka": {"key": {"type": "string", "description": KEY}}},
        "x-schema": cls.schema_number,
        "x-class": cls.event_class.value,
        "x-contents": f"../{_schema_file(cls)}",
    }


def _schema_file(cls: type[Event]) -> str:
    return f"schemas/{cls.type}.v{cls.schema_number}.json"


def _summary(cls: type[Event]) -> str:
    return (cls.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
