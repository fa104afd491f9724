"""Asks every operation about another company's things and about things that never were, and compares the answers."""

import json
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from fastapi import FastAPI

from chassis.http.app import Operation, operations
from contracts.identity.operations import SIGNED_IN
from tests.api.callers import ACTIVE, NOBODY, OUT, REPRESENTATIVE, TRAINEE, nothing_like, strangers
from tests.api.installation import SERVICES, Installation
from tests.api.planting import Headers, World
from tests.api.probes import PROBES, Probe

CONSTANTS = {
    "kind": "company",
    "country": "NL",
    "vat_class": "standard",
    "article": "lantern",
    "group": "horeca",
    "storefront": "portal",
}
"""Of the merchant's, in paths: no company's."""
UNIQUE = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)|\bC-\d{6}\b|\bA-\d{6}\b"
)
"""What differs between any two answers: ids, moments and numbers that were given out."""
PERSONAL = {"x-correlation-id", "content-length"}
"""Headers that differ between any two answers, or by the length of what was asked."""


@dataclass(frozen=True)
class Leak:
    who: str
    operation: str
    why: str


@dataclass(frozen=True)
class Asked:
    """One operation with one of its probes."""

    service: str
    operation: Operation
    probe: Probe
    needs: str | None
    """Of staff: the permission that the operation declares."""
    for_own: bool
    """Also for who acts for his own companies alone."""

    def is_open_to(self, who: str) -> bool:
        """Whether it answers one of the staff who comes to no company of others: what is his, or that something is wrong."""
        if who == REPRESENTATIVE:
            return self.for_own or any(name.startswith("own.") for name in self.probe.names.values())
        return self.needs == SIGNED_IN

    @property
    def name(self) -> str:
        return f"{self.service} {self.operation.method} {self.operation.path}"

    @property
    def names_an_object(self) -> bool:
        named = (self.probe.names.get(one, one) for one in re.findall(r"{(\w+)}", self.operation.path))
        return self.probe.names_an_object(" ".join(f"{{{one}}}" for one in named if one not in CONSTANTS))

    async def send(
        self, merchant: Installation, who: Headers, things: Mapping[str, str], own: Mapping[str, str]
    ) -> httpx2.Response:
        def filled(template: str, names: Mapping[str, str]) -> str:
            known = {**CONSTANTS, **things, **{f"own.{name}": value for name, value in own.items()}}
            return re.sub(r"{([\w.]+)}", lambda found: known[names.get(found[1], found[1])], template)

        path = filled(self.operation.path, self.probe.names).removeprefix("/v1")
        query = f"?{filled(self.probe.query, {})}" if self.probe.query else ""
        headers = {"If-Match": "*", "Content-Type": "text/csv" if self.probe.file else "application/json"}
        body = self.probe.file or ("" if self.probe.body is None else _filled_body(self.probe.body, filled))
        return await merchant.send(
            self.service, self.operation.method, path + query, who, content=body.encode(), headers=headers
        )


def _filled_body(body: Any, filled: Any) -> str:
    return json.dumps(_each(body, filled))


def _each(value: Any, filled: Any) -> Any:
    if isinstance(value, dict):
        return {name: _each(one, filled) for name, one in value.items()}
    if isinstance(value, list):
        return [_each(one, filled) for one in value]
    return filled(value, {}) if isinstance(value, str) else value


def everything(merchant: Installation) -> list[Asked]:
    """In the order of the table, which asks last for what ends something."""
    return [one for service in SERVICES for one in _of_service(service, merchant.apps[service])]


def _of_service(service: str, app: FastAPI) -> Iterator[Asked]:
    found = {f"{one.method} {one.path}": one for one in operations(app)}
    paths = app.openapi()["paths"]
    for name, probes in PROBES[service].items():
        declared = paths[found[name].path][found[name].method.lower()]
        for probe in probes:
            yield Asked(
                service,
                found[name],
                probe,
                declared.get("x-permission"),
                declared.get("x-for-own-companies", False),
            )


async def leaks(merchant: Installation, world: World, asked: list[Asked]) -> list[Leak]:
    """What strangers are given of `world.theirs` that they are not to have, and how they could tell that it is there."""
    found = []
    everybody = await strangers(merchant, world)
    for one in asked:
        for who, headers in everybody.items():
            if one.operation.access == "public" and who not in ("nobody", *ACTIVE[:1]):
                continue
            found += [Leak(who, one.name, why) async for why in _leaks_to(merchant, world, one, who, headers)]
        if one.names_an_object:
            found += [Leak("staff", one.name, why) async for why in _absent_for_staff(merchant, world, one)]
    return found


async def _leaks_to(merchant: Installation, world: World, one: Asked, who: str, headers: Headers) -> AsyncIterator[str]:
    theirs = {**world.theirs.things, **world.theirs.claimed}
    absent = nothing_like(theirs)
    answer = await one.send(merchant, headers, theirs, world.ours.things)
    expected = _refusals(one, who)
    if expected and answer.status_code not in expected:
        yield f"{answer.status_code} instead of {expected}: {answer.text[:200]}"
    elif answer.status_code >= 500:
        yield f"{answer.status_code} {answer.text[:200]}"
    elif one.names_an_object and answer.status_code < 300 and one.operation.access != "public" and not one.probe.shows:
        yield f"succeeds: {answer.status_code} {answer.text[:200]}"
    if world.theirs.words in _without(answer, theirs):
        yield f"shows what is another company's: {answer.text[:300]}"
    if one.names_an_object and who != "a removed member":  # his own token names the company
        other = await one.send(merchant, headers, absent, world.ours.things)
        if _same_form(answer, theirs) != _same_form(other, absent):
            yield f"differs: {_same_form(answer, theirs)} {_same_form(other, absent)}"


async def _absent_for_staff(merchant: Installation, world: World, one: Asked) -> AsyncIterator[str]:
    """Staff have all companies, so all that they could be given wrongly is something for nothing."""
    never_signed = dict.fromkeys(("signed", "staff_signed"), "no.cart.ever")
    absent = nothing_like(world.theirs.things) | never_signed
    answer = await one.send(merchant, world.staff, absent, world.ours.things)
    if answer.status_code >= 500 or world.theirs.words in answer.text:
        yield f"{answer.status_code} for what never was: {answer.text[:200]}"


def _refusals(one: Asked, who: str) -> set[int]:
    """With which status this kind of caller is refused, whatever he asks for; empty: it depends."""
    access = one.operation.access
    if access == "public":
        return set()
    if who in NOBODY:
        return {401}
    if who in (REPRESENTATIVE, TRAINEE):
        return set() if one.is_open_to(who) else {403, 404}
    if access == "staff":
        return {403}
    if who in OUT and not (one.probe.shows and not one.names_an_object):
        return {403, 404}
    return set()


async def kept(merchant: Installation, world: World) -> dict[str, str]:
    """All that can be read about `world.theirs`, by whom it is for."""
    return {
        f"{one.name} {one.probe.query}": (await rightful(merchant, world, one)).text
        for one in everything(merchant)
        if one.operation.method == "GET" and one.names_an_object
    }


async def rightful(merchant: Installation, world: World, one: Asked) -> httpx2.Response:
    """The answer to him whom the operation is for: about what is his own."""
    if one.operation.access == "public":
        who: Headers = {}
    else:
        who = world.theirs.people[one.probe.by] if one.probe.by else world.staff
    return await one.send(merchant, who, world.theirs.things, world.theirs.things)


def _without(answer: httpx2.Response, asked: Mapping[str, str]) -> str:
    """Body and headers, without what was asked for."""
    text = f"{answer.text} {sorted(answer.headers.items())}"
    for value in sorted(asked.values(), key=len, reverse=True):
        text = text.replace(value, "")
    return text


def _same_form(answer: httpx2.Response, asked: Mapping[str, str]) -> tuple[int, str, str]:
    """Equal for answers that nobody can tell apart."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in PERSONAL)
    body = answer.text
    for name, value in sorted(asked.items(), key=lambda thing: -len(thing[1])):
        body = body.replace(value, f"<{name}>")
    return answer.status_code, UNIQUE.sub("<unique>", body), UNIQUE.sub("<unique>", str(headers))
