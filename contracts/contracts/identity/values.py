"""Words of identity that other services use."""

from enum import StrEnum

from contracts.shared.values import OpenEnum


class CustomerStatus(OpenEnum):
    """What a company is to the merchant at one moment, computed by identity alone from facts.

    `docs/features.md` has the table.
    """

    NONE = "none"
    NOT_INVITED = "not_invited"
    INVITED = "invited"
    PENDING_APPROVAL = "pending_approval"
    REGISTERED = "registered"
    REJECTED = "rejected"
    ENABLED = "enabled"
    DISABLED = "disabled"
    MERGED = "merged"
    """It is another company's duplicate, and was merged into it (ID-26)."""


class Capability(OpenEnum):
    """What a status may allow; the columns of the status table."""

    LOG_IN = "log_in"
    SEE_CATALOGUE = "see_catalogue"
    SEE_PRICES = "see_prices"
    BUILD_CART = "build_cart"
    SUBMIT_ORDER = "submit_order"
    BE_ORDERED_FOR = "be_ordered_for"
    INVITE_MEMBERS = "invite_members"


class Permission(OpenEnum):
    """What one member may do, one by one (ID-15)."""

    BUY = "buy"
    SEE_PRICES = "see_prices"
    SEE_OWN_ORDERS = "see_own_orders"
    SEE_ALL_ORDERS = "see_all_orders"
    SEE_OFFERS = "see_offers"
    SEE_REQUISITION_LISTS = "see_requisition_lists"
    CONVERSE = "converse"
    MANAGE_MEMBERS = "manage_members"
    ATTEST_ORDERS = "attest_orders"


class StaffPermission(OpenEnum):
    """What one of the merchant's people may do (ID-21)."""

    SEE_ALL_COMPANIES = "see_all_companies"
    """Without it he acts for the companies of his representative code alone (ID-20)."""
    SEE_CUSTOMERS = "see_customers"
    """Companies, contacts, members, invitations and applications."""
    MANAGE_CUSTOMERS = "manage_customers"
    MANAGE_MEMBERS = "manage_members"
    REVIEW_APPLICATIONS = "review_applications"
    SEE_PRICES = "see_prices"
    MANAGE_PRICES = "manage_prices"
    SEE_ORDERS = "see_orders"
    MANAGE_ORDERS = "manage_orders"
    ORDER_FOR_CUSTOMERS = "order_for_customers"
    EXPORT = "export"
    """Customers and orders as files."""
    SEE_ACTIVITY = "see_activity"
    SEE_MAILS = "see_mails"
    """Which mails went to whom, and what became of them."""
    MANAGE_PERSONAL_DATA = "manage_personal_data"
    MANAGE_POLICIES = "manage_policies"
    MANAGE_STAFF = "manage_staff"
    """Who has it can give himself all others."""


class RegistrationMode(OpenEnum):
    """How a storefront treats a company that registers itself (ID-06)."""

    CLOSED = "closed"
    MANUAL = "manual"
    AUTOMATIC = "automatic"


class AfterApproval(OpenEnum):
    """What follows an approval (ID-10)."""

    INVITE = "invite"
    ENABLE = "enable"


class RejectionReason(OpenEnum):
    """Why an application was declined; the applicant is told in its own language."""

    DUPLICATE = "duplicate"
    NOT_A_BUSINESS = "not_a_business"
    INCOMPLETE = "incomplete"
    OUTSIDE_MARKET = "outside_market"
    CREDIT = "credit"
    OTHER = "other"


class AccessRefusal(OpenEnum):
    """Why somebody who asked for it does not become one of the staff; he is told in his own language."""

    NOT_EXPECTED = "not_expected"
    NOT_NEEDED = "not_needed"
    OTHER = "other"


class VatCheck(OpenEnum):
    """What the EU's service VIES says of a VAT number."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN = "unknown"
    """It did not answer, or not as it should; it is asked again."""


class LinkPurpose(StrEnum):
    """What a link in a mail lets its holder do."""

    INVITATION = "invitation"
    ANSWER = "answer"
    VERIFICATION = "verification"
    RESET = "reset"
    STAFF_PASSWORD = "staff_password"  # noqa: S105
