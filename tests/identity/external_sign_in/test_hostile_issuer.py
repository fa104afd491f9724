"""What an issuer, or whoever speaks in its place, may say, and is not believed (ID-23)."""

import asyncio
import base64
import hashlib
import json
import time
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from chassis.errors import Forbidden
from identity.external_sign_in.issuer import LARGEST_ANSWER, Issuer, Registration
from identity.settings import IdentitySettings
from tests.identity.conftest import Api
from tests.identity.external_sign_in.conftest import RETURN_TO, SECRET, begin, finish, registration, set_policy
from tests.identity.sign_in.conftest import EMAIL, code

ISSUER = "https://login.example.com"
INVALID = (401, "external-sign-in-invalid")


class Scripted:
    """An issuer that does as a test tells it; by itself it is right, and insists on PKCE and the client's secret."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.published = [self.key]
        self.claims: dict = {}
        self.header: dict = {}
        self.signed_with: RSAKey | ECKey | OctKey | None = None
        self.token: str | None = None
        self.discovery: dict = {}
        self.answers: dict[str, httpx2.Response] = {}
        self.asked: list[str] = []
        self.challenge = ""
        self.nonce = ""

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            endpoints = {f"{one}_endpoint": f"{ISSUER}/{one}" for one in ("authorization", "token")}
            return httpx2.Response(
                200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys", **endpoints, **self.discovery}
            )
        if path == "/keys":
            return httpx2.Response(200, json={"keys": [one.as_dict(private=False) for one in self.published]})
        return self._token(request)

    def _token(self, request: httpx2.Request) -> httpx2.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        verified = hashlib.sha256(form["code_verifier"].encode()).digest()
        basic = base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        right = (
            base64.urlsafe_b64encode(verified).rstrip(b"=").decode() == self.challenge
            and basic == "countersign:a+secret%3A+with+%25+signs"
            and form["redirect_uri"] == RETURN_TO
        )
        if not right:
            return httpx2.Response(400, json={"error": "invalid_grant"})
        now = int(time.time())
        usual = {"iss": ISSUER, "aud": "countersign", "sub": "iris-1", "iat": now, "exp": now + 300}
        usual |= {"nonce": self.nonce, "email": EMAIL, "email_verified": True}
        said = {name: value for name, value in {**usual, **self.claims}.items() if value is not None}
        header = {"alg": "RS256", "kid": "one", **self.header}
        token = self.token or jwt.encode(
            {name: value for name, value in header.items() if value},
            said,
            self.signed_with or self.key,
            algorithms=[header["alg"]],
        )
        return httpx2.Response(200, json={"id_token": token, "token_type": "Bearer", "access_token": "x"})


@pytest.fixture
def scripted() -> Scripted:
    return Scripted()


@pytest.fixture
async def api(new_database, scripted):
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(scripted))
    api = await Api(await new_database("identity"), issuer=Issuer(registration(ISSUER), http)).begin()
    async with api.http:
        await set_policy(api, members=True)
        yield api


async def sign_in(api, scripted):
    begun = await begin(api)
    if begun.status_code != 201:
        return begun
    said = {name: one[0] for name, one in parse_qs(urlsplit(begun.json()["authorization_url"]).query).items()}
    scripted.challenge, scripted.nonce = said["code_challenge"], said["nonce"]
    return await finish(api, begun.json()["attempt"], {"state": said["state"], "code": "abc"})


async def test_as_it_should_be_it_is_believed(api, iris, scripted):
    assert (await sign_in(api, scripted)).status_code == 201


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"nonce": ["a"]},
        {"aud": "somebody-else"},
        {"aud": None},
        {"aud": ["somebody-else"]},
        {"aud": ["countersign", "somebody-else"]},
        {"aud": ["countersign", "somebody-else"], "azp": "somebody-else"},
        {"azp": "somebody-else"},
        {"iss": "https://evil.example.com"},
        {"iss": f"{ISSUER}/"},
        {"iss": None},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"iat": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600},
        {"iat": None},
        {"iat": 10**400},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 300},
    ],
    ids=lambda claims: str(claims)[:60],
)
async def test_a_token_that_is_not_for_us_now_is_refused(api, iris, scripted, claims):
    scripted.claims = claims
    assert code(await sign_in(api, scripted)) == INVALID


async def test_one_of_several_audiences_is_right_where_we_are_the_party(api, iris, scripted):
    scripted.claims = {"aud": ["countersign", "somebody-else"], "azp": "countersign"}
    assert (await sign_in(api, scripted)).status_code == 201


def unsigned(claims: dict, alg: str = "none") -> str:
    parts = (json.dumps(one).encode() for one in ({"alg": alg}, claims))
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts) + "."


@pytest.mark.parametrize(
    "why", ["none", "None", "HS256", "HS256 with the public key", "other key", "other kid", "ES256"]
)
async def test_a_token_that_the_issuer_has_not_signed_is_refused(api, iris, scripted, why):
    now = int(time.time())
    if why.lower() == "none":
        claims = {"iss": ISSUER, "aud": "countersign", "sub": "iris-1", "iat": now, "exp": now + 300}
        scripted.token = unsigned(claims | {"email": EMAIL, "email_verified": True}, why)
    elif why == "HS256":
        scripted.header, scripted.signed_with = {"alg": "HS256"}, OctKey.import_key(SECRET)
    elif why == "HS256 with the public key":
        public = hashlib.sha256(scripted.key.as_pem(private=False)).hexdigest()
        scripted.header, scripted.signed_with = {"alg": "HS256"}, OctKey.import_key(public)
    elif why == "other key":
        scripted.signed_with = RSAKey.generate_key(2048)
    elif why == "other kid":
        scripted.header, scripted.signed_with = {"kid": "unknown"}, RSAKey.generate_key(2048)
    else:
        scripted.header, scripted.signed_with = {"alg": "ES256"}, ECKey.generate_key("P-256")
    assert code(await sign_in(api, scripted)) == INVALID


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "....", "e30.e30.e30", 7, None, {}])
async def test_what_is_no_token_is_refused(api, iris, scripted, token):
    scripted.answers["/token"] = httpx2.Response(200, json={"id_token": token})
    assert code(await sign_in(api, scripted)) == INVALID


async def test_new_keys_of_the_issuer_are_found_and_it_is_not_asked_for_each_token(api, iris, scripted):
    for _ in range(3):
        assert (await sign_in(api, scripted)).status_code == 201
    assert [scripted.asked.count(one) for one in ("/keys", "/.well-known/openid-configuration")] == [1, 1]
    api.issuer._documents = {  # as if a few minutes had gone by
        address: (at - 120, document) for address, (at, document) in api.issuer._documents.items()
    }
    scripted.key = RSAKey.generate_key(2048, {"kid": "two"})
    scripted.header = {"kid": "two"}
    scripted.published.append(scripted.key)
    assert (await sign_in(api, scripted)).status_code == 201
    assert scripted.asked.count("/keys") == 2
    scripted.header, scripted.signed_with = {"kid": "three"}, RSAKey.generate_key(2048)
    for _ in range(3):
        assert code(await sign_in(api, scripted)) == INVALID
    assert scripted.asked.count("/keys") == 2


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.example.com"},
        {"issuer": None},
        {"token_endpoint": "http://login.example.com/token"},
        {"token_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
    ids=str,
)
async def test_a_discovery_document_that_is_not_safe_is_not_used(api, iris, scripted, discovery):
    scripted.discovery = discovery
    assert code(await begin(api)) == (503, "issuer-unreachable")


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(500),
        httpx2.Response(302, headers={"Location": "http://169.254.169.254/"}),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(200, json=[]),
        httpx2.Response(200, content=b'"' + b"x" * LARGEST_ANSWER + b'"'),
    ],
    ids=["error", "redirect", "no json", "no object", "endless"],
)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token"])
async def test_an_issuer_that_does_not_answer_as_it_should_is_told_as_such(api, iris, scripted, path, answer):
    scripted.answers[path] = answer
    assert code(await sign_in(api, scripted)) == (503, "issuer-unreachable")


async def test_an_issuer_that_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr("identity.external_sign_in.issuer.WHOLE_ANSWER_SECONDS", 0.2)
    hangs = asyncio.Event()

    async def say_nothing(_reader, writer):
        await hangs.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        started = time.monotonic()
        with pytest.raises(Exception, match="issuer-unreachable"):
            await Issuer(registration(address)).authorization_url(
                return_to=RETURN_TO, state="s", nonce="n", challenge="c"
            )
        assert time.monotonic() - started < 4
        hangs.set()


@pytest.mark.parametrize(
    "address", ["http://login.example.com", "ftp://login.example.com", "https://", "https://a@b.example.com", "login"]
)
def test_an_address_that_is_not_safe_is_not_taken_from_the_operator(address):
    with pytest.raises(ValueError, match=r"is not an https address|a server alone"):
        Registration(address, "countersign", SECRET, frozenset({RETURN_TO}))
    with pytest.raises(ValueError, match=r"is not an https address|a server alone"):
        Registration(ISSUER, "countersign", SECRET, frozenset({address}))


def test_an_issuer_is_set_up_whole_or_not_at_all():
    given = {"database_url": "postgresql+asyncpg://x", "master_key": "A" * 43, "link_keys": "k1:" + "A" * 43}
    assert IdentitySettings(**given).external_registration() is None
    with pytest.raises(ValueError, match="needs client id"):
        IdentitySettings(**given, external_issuer=ISSUER, external_client_id="x").external_registration()
    whole = {"external_client_id": "x", "external_client_secret": "y", "external_return_to": f"{RETURN_TO}, {ISSUER}"}
    told = IdentitySettings(**given, external_issuer=ISSUER, **whole).external_registration()
    assert told is not None
    assert told.return_to == {RETURN_TO, ISSUER}


async def test_without_an_issuer_nobody_begins():
    with pytest.raises(Forbidden, match="external-sign-in-off"):
        Issuer(None).check_return(RETURN_TO)
