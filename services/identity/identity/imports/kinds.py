"""What can be imported."""

from identity.imports.company_rows import CompanyRows
from identity.imports.contact_rows import ContactRows
from identity.imports.member_rows import MemberRows
from identity.imports.models import ImportKind
from identity.imports.row import Kind

KINDS: dict[ImportKind, Kind] = {
    ImportKind.COMPANIES: CompanyRows(),
    ImportKind.CONTACTS: ContactRows(),
    ImportKind.MEMBERS: MemberRows(),
}
