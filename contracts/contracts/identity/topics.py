"""Topics that identity writes."""

from contracts.shared.topic import Topic

COMPANY = Topic("countersign.identity.company")
COMPANY_STATE = Topic("countersign.identity.company.state")
CONTACT = Topic("countersign.identity.contact")
CONTACT_STATE = Topic("countersign.identity.contact.state", personal_data=("name", "email", "language", "company_name"))
MEMBER = Topic("countersign.identity.member")
MEMBER_STATE = Topic("countersign.identity.member.state")
LOCATION = Topic("countersign.identity.location")
LOCATION_STATE = Topic("countersign.identity.location.state")
GROUP = Topic("countersign.identity.group")
STOREFRONT = Topic("countersign.identity.storefront")
STOREFRONT_STATE = Topic("countersign.identity.storefront.state")
PROJECT = Topic("countersign.identity.project")
PROJECT_STATE = Topic("countersign.identity.project.state")
APPLICATION = Topic("countersign.identity.application")
INVITATION = Topic("countersign.identity.invitation")
STAFF = Topic("countersign.identity.staff")
ACCESS_REQUEST = Topic("countersign.identity.access_request")
STATUS_TABLE = Topic("countersign.identity.status_table.state", partitions=1)
KEY_STATE = Topic("countersign.identity.key.state", partitions=1)
