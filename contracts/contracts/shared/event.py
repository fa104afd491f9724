"""Events and states: what a record on Kafka means. `registry` knows every type that may be published."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from contracts.shared.topic import Topic

registry: dict[str, type["Event"]] = {}
"""Every published type by its name, for generating schemas and for decoding."""


class Event(BaseModel):
    """A fact, in the past tense, published once its transaction has committed.

    Declared with its written type and topic, which never change once released::

        class OrderPlaced(Event, type="countersign.orders.order.placed.v1", topic=ORDER): ...

    Readers ignore unknown fields, so adding an optional field keeps the version.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: ClassVar[str]
    topic: ClassVar[Topic]

    def __init_subclass__(cls, *, type: str = "", topic: Topic | None = None, **kwargs: Any) -> None:
        """Takes the keywords, which `object` would refuse; they are used below, once the fields are known."""
        super().__init_subclass__(**kwargs)

    @classmethod
    def __pydantic_init_subclass__(cls, *, type: str = "", topic: Topic | None = None, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if not type:
            return  # an abstract base
        if topic is None:
            raise TypeError(f"{cls.__name__} names no topic")
        if type in registry:
            raise TypeError(f"event type {type} is declared twice")
        cls.type, cls.topic = type, topic
        registry[type] = cls

    @property
    def major(self) -> int:
        return major_version(self.type)


class State(Event):
    """The whole current state of one aggregate, on its compacted topic, with the sequence of its last event."""


def major_version(event_type: str) -> int:
    """The number after the last `.v`: of `countersign.orders.order.placed.v1` it is 1.

    Raises:
        ValueError: the type has no version.
    """
    return int(event_type.rpartition(".v")[2])


def family(event_type: str) -> str:
    """The type without its version: what a reader compares to tell "a newer version" from "a type I do not know"."""
    return event_type.rpartition(".v")[0]
