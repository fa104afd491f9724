"""The AsyncAPI 3.0.0 document: topics, what is on them, their keys and headers, from our registry."""

from typing import Any

from contracts.catalogue import events, topics
from contracts.publishing.examples import Example
from contracts.publishing.keys import key_of
from contracts.publishing.schemas import schema_of
from contracts.shared.envelope import HEADERS_SCHEMA
from contracts.shared.event import Event
from contracts.shared.topic import Topic

BINDING = "0.5.0"

DESCRIPTION = """\
What the services of Countersign publish on Kafka.

A record is a CloudEvent 1.0 in binary mode: its headers say what it is, its body is JSON. Records of one key arrive in
the order of their sequence on first delivery; any may come again. Recognise repeated events by `ce_id`, and on a state
topic take only what has a higher (`ce_epoch`, `ce_sequence`) than what you hold.

A state topic is compacted: it holds the current state of every entity, and a record without a body says that the entity
was erased. Read it from the start, and no API needs to be crawled.

Ignore types, fields and headers that you do not know. Optional fields, and values of an enumeration marked
`x-values-may-be-added`, are added without notice; anything else is a new major version of the type, on a topic of its
own beside the old one. Types, lengths and patterns of fields stay as they are within a major version.

Fields marked `x-personal-data` are the only personal data on Kafka; their topic is closed to other subscribers.
"""


def document(examples: dict[str, Example], version: str) -> dict[str, Any]:
    """The whole document; payloads are references to the schemas beside it."""
    on_topic: dict[str, list[type[Event]]] = {}
    for _, event in sorted(events.items()):
        on_topic.setdefault(event.topic.name, []).append(event)
    return {
        "asyncapi": "3.0.0",
        "id": "urn:countersign",
        "info": {
            "title": "Countersign",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, on_topic[topic.name]) for topic in topics()},
        "operations": {f"publish.{topic.name}": _operation(topic) for topic in topics()},
        "components": {
            "schemas": {"headers": HEADERS_SCHEMA},
            "messages": {
                **{name: _message(event, examples.get(name)) for name, event in sorted(events.items())},
                "tombstone": {
                    "name": "tombstone",
                    "title": "Tombstone",
                    "summary": "The entity with this key was erased.",
                    "payload": {"type": "null"},
                },
            },
        },
    }


def _channel(topic: Topic, on_it: list[type[Event]]) -> dict[str, Any]:
    names = [event.type for event in on_it] + (["tombstone"] if topic.compacted else [])
    channel: dict[str, Any] = {
        "address": topic.name,
        "description": "Current states." if topic.compacted else "What happened.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    name: [value] if name == "cleanup.policy" else int(value) for name, value in topic.config.items()
                },
                "bindingVersion": BINDING,
            }
        },
    }
    if topic.personal_data:
        channel["description"] += " Holds personal data: closed to subscribers outside Countersign."
        channel["x-personal-data"] = list(topic.personal_data)
    return channel


def _operation(topic: Topic) -> dict[str, Any]:
    return {
        "action": "send",
        "title": f"{topic.owner} publishes",
        "tags": [{"name": topic.owner}],
        "channel": {"$ref": f"#/channels/{topic.name}"},
    }


def _message(event: type[Event], example: Example | None) -> dict[str, Any]:
    schema = schema_of(event)
    message: dict[str, Any] = {
        "name": event.type,
        "title": schema["title"],
        "summary": schema["description"].partition("\n")[0],
        "contentType": "application/json",
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/headers"},
                {
                    "properties": {
                        "ce_type": {"const": event.type},
                        "ce_source": {"const": f"/countersign/{event.topic.owner}"},
                    }
                },
            ]
        },
        "payload": {"$ref": f"./schemas/{event.type}.json"},
        "correlationId": {"location": "$message.header#/ce_correlationid"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": key_of(event.topic.name)},
                "bindingVersion": BINDING,
            }
        },
        "tags": [{"name": event.topic.owner}],
    }
    if event.topic.personal_data:
        message["x-personal-data"] = list(event.topic.personal_data)
    if example:
        message["examples"] = [{"name": "recorded", "headers": example["headers"], "payload": example["value"]}]
    return message
