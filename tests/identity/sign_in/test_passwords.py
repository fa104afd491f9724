"""How strong a password must be, and that it is kept as argon2id."""

import pytest

from chassis.errors import Invalid
from identity.sign_in.passwords import Passwords, check_strength
from tests.identity.people import CHEAP, PASSWORD


@pytest.mark.parametrize(
    "password",
    [
        *("short", "x" * 129, "aaaaaaaaaaaaaa", "1234567890", "zyxwvutsrqponm", "abababababab", "iris@example.com1"),
        *("QwertyUiop", "password123", "!Letmein2026!", "iris dragon 1"),
    ],
)
def test_a_weak_password_is_refused(password):
    with pytest.raises(Invalid) as refused:
        check_strength(password, pointer="/password", about=("Iris Bakker", "iris@example.com"))
    assert refused.value.problems[0].pointer == "/password"


@pytest.mark.parametrize("password", [PASSWORD, "pålitlig häst 7", "x7!kQ2mz9L", "é" * 3 + "abcdefgxyz"])
def test_a_good_one_is_taken(password):
    check_strength(password, pointer="/password", about=("Iris Bakker", "iris@example.com"))


async def test_it_is_kept_as_argon2id():
    assert (await Passwords().hash(PASSWORD)).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_verifying_tells_right_from_wrong_and_from_nobody():
    hashed = await CHEAP.hash(PASSWORD)
    assert await CHEAP.verify(hashed, PASSWORD)
    assert not await CHEAP.verify(hashed, "wrong password")
    assert not await CHEAP.verify(None, "nobody has this password")
    assert not await CHEAP.verify("no hash", PASSWORD)


async def test_a_password_is_verified_as_it_was_typed():
    """Neither cut nor folded nor trimmed, up to its last character."""
    longest = "Åbc 12 x" * 16
    hashed = await CHEAP.hash(longest)
    assert len(longest) == 128
    assert await CHEAP.verify(hashed, longest)
    for other in (longest.lower(), longest[:-1], f"{longest} ", f"{longest[:-1]}y", longest.replace("Å", "A\u030a")):
        assert not await CHEAP.verify(hashed, other)
