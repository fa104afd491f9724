"""Who may grant what, and what an administrator always has (ID-15)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Forbidden, Invalid
from contracts.identity.values import Permission
from identity.members.grants import Grant, Granter

permissions = st.frozensets(st.sampled_from(Permission))


@given(administers=st.booleans(), chosen=permissions)
def test_any_permissions_can_be_given_but_an_administrator_manages_members(administers, chosen):
    if administers and Permission.MANAGE_MEMBERS not in chosen:
        with pytest.raises(Invalid, match="administrator-manages-members"):
            Grant("role", administers, chosen)
    else:
        assert Grant("role", administers, chosen).permissions == chosen


@given(own=permissions, administers=st.booleans(), wanted=permissions)
def test_nobody_but_an_administrator_gives_more_than_he_has(own, administers, wanted):
    Granter(administers=True, permissions=own).check(wanted, administers=administers)
    granter = Granter(administers=False, permissions=own)
    if wanted <= own and not administers:
        granter.check(wanted, administers=administers)
    else:
        with pytest.raises(Forbidden):
            granter.check(wanted, administers=administers)
