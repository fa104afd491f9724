"""Requests made up from the OpenAPI documents, right ones and wrong ones, and what must hold of every answer."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, CheckContext, GenerationMode, Response, SerializationContext
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.documents import example_of
from tests.api.planting import Headers, World
from tests.api.probes import PROBES
from tests.api.walk import CONSTANTS

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def refused_by_a_problem(_: CheckContext, response: Response, case: Case) -> None:
    """Every refusal is a problem with a stable code."""
    if 400 <= response.status_code < 500:
        assert response.headers["content-type"] == ["application/problem+json"], response.headers
        problem = response.json()
        assert problem["status"] == response.status_code
        assert problem["type"] == f"urn:countersign:problem:{problem['code']}"


CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    refused_by_a_problem,
]


@schemathesis.serializer(XLSX)
def _as_it_is(_: SerializationContext, value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@dataclass
class Fuzzing:
    """One service. `answers` counts what it said, by status."""

    service: str
    url: str
    document: dict[str, Any]
    world: World
    answers: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    """The first of each operation; it goes on after that."""

    def run(self, cases: int, *, begin: int) -> None:
        """So many cases per operation; the same ones for the same `begin`."""
        schema = schemathesis.openapi.from_dict(self.document)
        found = [one.ok() for one in schema.get_all_operations()]  # type: ignore[union-attr]  # one that is none fails
        with requests.Session() as session:
            for operation in sorted(found, key=_harm):
                self._one(operation, session, cases, begin)

    def _one(self, operation: Any, session: requests.Session, cases: int, begin: int) -> None:
        options = settings(
            max_examples=cases,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )

        @seed(begin)
        @options
        @given(
            case=self._cases(operation), who=st.sampled_from(self._callers()), version=st.sampled_from(["*", '"1"', ""])
        )
        def hold(case: Case, who: Headers, version: str) -> None:
            headers = {**who, **({"If-Match": version} if version else {})}
            response = case.call(base_url=self.url, session=session, headers=headers, timeout=60)
            self.answers[response.status_code] += 1
            try:
                case.validate_response(response, checks=CHECKS)
            except FailureGroup as failure:
                self.failures.setdefault(operation.label, str(failure))

        hold()

    def _cases(self, operation: Any) -> st.SearchStrategy[Case]:
        """As documented, about nothing, about what is there and with the body that is shown; and otherwise than documented."""
        probes = PROBES[self.service][operation.label]
        things = {**CONSTANTS, **self.world.theirs.things}
        names = [one.name for one in operation.path_parameters]
        planted = {name: things[probes[0].names.get(name, name)] for name in names}
        right, wrong = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
        made = [operation.as_strategy(right), operation.as_strategy(wrong)]
        if planted:
            made += [operation.as_strategy(mode, path_parameters=planted) for mode in (right, wrong)]
        if shown := example_of(self.document, operation.method, operation.path):
            media, body = shown
            made.append(operation.as_strategy(right, path_parameters=planted or None, body=body, media_type=media))
        return st.one_of(made)

    def _callers(self) -> list[Headers]:
        """Most often somebody who may."""
        people = self.world.theirs.people
        return [
            self.world.staff,
            self.world.staff,
            people["administrator"],
            people["administrator"],
            people["member"],
            self.world.representative,
            {},
        ]


def _harm(operation: Any) -> tuple[bool, bool, bool]:
    """What many others need is changed last: the caller's session, the merchant's policies."""
    return "/sessions/current" in operation.path, "/policies/" in operation.path, operation.method != "get"
