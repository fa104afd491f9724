"""Roles, permissions, and who may grant what (ID-15)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Forbidden, Invalid
from contracts.identity.values import Permission, Role
from identity.members.permissions import DEFAULT_PERMISSIONS, check_may_grant, permissions_of

permissions = st.frozensets(st.sampled_from(Permission))
roles = st.sampled_from(Role)


def test_every_role_has_its_own_permissions():
    assert DEFAULT_PERMISSIONS.keys() == set(Role)
    assert DEFAULT_PERMISSIONS[Role.USER] < DEFAULT_PERMISSIONS[Role.EMPLOYEE] < DEFAULT_PERMISSIONS[Role.ADMINISTRATOR]


def test_a_member_may_see_prices_and_not_order():
    assert permissions_of(Role.USER, {Permission.SEE_PRICES}) == {Permission.SEE_PRICES}


@given(role=roles, chosen=permissions)
def test_chosen_permissions_are_those_given_unless_an_administrator_would_not_manage(role, chosen):
    if role is Role.ADMINISTRATOR and Permission.MANAGE_MEMBERS not in chosen:
        with pytest.raises(Invalid, match="administrator-manages-members"):
            permissions_of(role, chosen)
    else:
        assert permissions_of(role, chosen) == chosen


@given(own=permissions, role=roles, wanted=permissions)
def test_nobody_but_an_administrator_gives_more_than_he_has(own, role, wanted):
    check_may_grant(Role.ADMINISTRATOR, own, role=role, permissions=wanted)
    allowed = role is not Role.ADMINISTRATOR and wanted <= own
    if allowed:
        check_may_grant(Role.EMPLOYEE, own, role=role, permissions=wanted)
    else:
        with pytest.raises(Forbidden):
            check_may_grant(Role.EMPLOYEE, own, role=role, permissions=wanted)
