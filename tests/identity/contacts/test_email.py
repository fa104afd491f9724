"""One written form per mailbox, and nothing that could become a header."""

import pytest

from identity.contacts.email import domain_of, normalised


def test_case_and_space_around_it_do_not_make_another_mailbox():
    assert normalised("  Jan.deVries@Bakkerij.NL ") == "jan.devries@bakkerij.nl"
    assert domain_of("jan@bakkerij.nl") == "bakkerij.nl"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jan",
        "jan@",
        "@b.nl",
        "jan@b",
        "a b@c.nl",
        "jan@b.nl\nBcc: x@y.nl",
        "jan@b..nl",
        "jan@-b.nl",
        "<jan@b.nl>",
        "j@b.nl,k@b.nl",
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="e-mail address"):
        normalised(address)
