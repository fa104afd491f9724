"""The examples that the OpenAPI documents give can be sent, and are answered as documented."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, validator_for

from tests.api.documents import example_of
from tests.api.installation import SERVICES, Installation
from tests.api.planting import Headers
from tests.apis import described
from tests.conftest import service as service_of

MAIN_JOB = {
    "identity POST /companies": 201,
    "identity POST /contacts": 201,
    "identity POST /applications": 201,
    "identity POST /applications/{application_id}/approve": 202,
    "identity POST /application-decisions": 200,
    "identity POST /companies/{company_id}/members": 201,
    "identity POST /companies/{company_id}/invitations": 200,
    "identity POST /companies/{company_id}/locations": 201,
    "identity POST /sessions": 401,  # nobody has the example's password
    "pricing PUT /vat-rates/{country}/{vat_class}": 200,
    "pricing PUT /articles/{code}": 201,
    "pricing PUT /price-lists/{code}": 201,
    "pricing PUT /price-lists/{code}/prices/{article}": 200,
    "pricing POST /terms": 201,
    "pricing POST /articles/imports": 202,
    "pricing POST /price-lists/{code}/imports": 202,
    "pricing POST /prices": 200,
    "pricing POST /priced-carts": 201,
    "orders PUT /limits/companies/{company_id}": 200,
    "orders POST /orders": 201,
    "orders POST /orders/{order_id}/decline": 200,
}
"""What its example is answered, in the order of the main job."""
NAMES = {"country": "NL", "vat_class": "standard", "article": "LAMP-01"}
CODES = {"/articles/{code}": "LAMP-01"}
"""`{code}` elsewhere is the price list of the examples."""


def documents() -> dict[str, dict[str, Any]]:
    return {name: described(service_of(name)).openapi() for name in SERVICES}


def with_examples(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema in a document, however deep, that has examples."""
    if isinstance(node, dict):
        if isinstance(node.get("examples"), list):
            yield node
        for one in node.values():
            yield from with_examples(one)
    elif isinstance(node, list):
        for one in node:
            yield from with_examples(one)


@pytest.mark.parametrize("name", SERVICES)
def test_every_example_is_of_its_own_schema(name):
    document = documents()[name]
    found = list(with_examples(document))
    assert found
    for schema in found:
        validator = validator_for({**schema, "components": document["components"]}, validate_formats=True)
        assert isinstance(validator, Draft202012Validator)
        for example in schema["examples"]:
            assert [error.message for error in validator.iter_errors(example)] == [], schema


async def test_the_examples_of_the_main_job_are_answered_as_documented(copy):
    """From the first article to an order that is declined, with the bodies that the documents show."""
    described, answered = documents(), {}
    merchant, theirs = copy.merchant, copy.world.theirs
    things = {**theirs.things, **NAMES}
    await _in_the_group_of_the_examples(merchant, copy.world.staff, things["company_id"])
    for operation in MAIN_JOB:
        name, method, path = operation.split(" ")
        media, body = example_of(described[name], method, f"/v1{path}") or ("", None)
        if path == "/orders":
            body = {**body, "signed": answered["pricing POST /priced-carts"]["signed"]}
        filled = path.format_map({"code": CODES.get(path, "wholesale-2026"), **things})
        content = body if isinstance(body, str) else json.dumps(body)
        headers = {"Content-Type": media, "If-Match": "*"} if "limits" in path else {"Content-Type": media}
        who = theirs.people["member"] if path in ("/prices", "/priced-carts", "/orders") else copy.world.staff
        who = theirs.people["administrator"] if path.endswith("decline") else who
        answer = await merchant.send(name, method, filled, who, content=content.encode(), headers=headers)
        assert answer.status_code == MAIN_JOB[operation], f"{operation} {answer.text}"
        answered[operation] = answer.json()
        documented = described[name]["paths"][f"/v1{path}"][method.lower()]["responses"][str(answer.status_code)]
        schema = next(iter(documented["content"].values()))["schema"]
        validator = validator_for({**schema, "components": described[name]["components"]})
        assert [error.message for error in validator.iter_errors(answer.json())] == []
        await merchant.settle()


async def _in_the_group_of_the_examples(merchant: Installation, staff: Headers, company: str) -> None:
    headers = {"If-Match": "*"}
    changed = {"groups": ["horeca"], "pays_by_invoice": True, "country": "NL"}
    await merchant.call("identity", "PATCH", f"/companies/{company}", staff, changed, headers=headers)
    await merchant.settle()


def test_every_operation_of_the_main_job_shows_an_example():
    described = documents()
    for operation in MAIN_JOB:
        name, method, path = operation.split(" ")
        assert example_of(described[name], method, f"/v1{path}"), operation
