"""Companies as the merchant makes them, over the public APIs of the services together."""

LINES = {"currency": "EUR", "lines": [{"article": "lantern", "quantity": "1"}]}


async def test_a_company_without_account_access_has_no_members_and_is_ordered_for(copy):
    """ID-02, OR-12: it is for orders that the merchant itself enters."""
    merchant, staff = copy.merchant, copy.world.staff
    record = {"legal_name": "Intern B.V.", "country": "NL", "language": "nl", "storefront": "main"}
    made = await merchant.call("identity", "POST", "/companies", staff, {**record, "with_account_access": False})
    company = made["company_id"]
    person = {"name": "Bram Jansen", "email": "bram@intern.example", "language": "nl"}
    for path, body in (
        ("members", {**person, "role": "user"}),
        ("invitations", {"role": "user", "invitees": [person]}),
    ):
        answer = await merchant.send("identity", "POST", f"/companies/{company}/{path}", staff, json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "company-without-account-access")
    given = {"assignee_kind": "company", "assignee": company, "price_list": "own-adelaar"}
    await merchant.settle()
    await merchant.call("pricing", "POST", "/terms", staff, given)
    await merchant.settle()
    cart = await merchant.call("pricing", "POST", "/priced-carts", staff, {**LINES, "company_id": company})
    order = {"signed": cart["signed"], "terms_accepted": True, "payment": "provider"}
    assert (await merchant.call("orders", "POST", "/orders", staff, order))["status"] == "placed"
