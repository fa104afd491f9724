"""ID-19: the rule of who may enter a storefront, which identity, pricing and orders share."""

import pytest

from contracts.identity.storefronts import Doors, entry_refusal

CLOSED_TO_GROUP = "storefront-closed-to-group"


@pytest.mark.parametrize(
    ("doors", "groups", "own", "refused"),
    [
        (None, (), True, None),
        (None, ("trade",), False, "storefront-unknown"),
        (Doors(True, "public", ()), (), False, None),
        (Doors(True, "public", ("trade",)), ("trade", "vip"), False, None),
        (Doors(True, "public", ("trade",)), (), True, CLOSED_TO_GROUP),
        (Doors(True, "closed", ("trade",)), ("trade",), False, None),
        (Doors(True, "closed", ("trade",)), ("vip",), True, CLOSED_TO_GROUP),
        (Doors(True, "closed", ()), ("trade",), True, CLOSED_TO_GROUP),
        (Doors(True, "of a later release", ()), ("trade",), True, CLOSED_TO_GROUP),
        (Doors(False, "public", ()), (), True, "storefront-inactive"),
    ],
)
def test_groups_decide_where_there_are_any_and_else_whether_it_is_public(doors, groups, own, refused):
    assert entry_refusal(doors, groups, own=own) == refused
