"""A storefront: a shop or portal of the merchant's."""

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from chassis.aggregate import Aggregate
from contracts.identity.events import StorefrontChanged, StorefrontCreated
from contracts.identity.storefronts import StorefrontAccess, StorefrontState


class Storefront(Aggregate):
    """Companies, policies and sessions name it by its code; it stays when it is not active any more."""

    __tablename__ = "storefronts"

    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    access: Mapped[StorefrontAccess]
    groups: Mapped[list[str]]
    """That may enter it, and no others; empty: see `access`."""
    catalogues: Mapped[list[str]]
    active: Mapped[bool]
    created_at: Mapped[datetime]

    @property
    def key(self) -> str:
        return self.code

    def create(self) -> None:
        """Said once, of a new one."""
        self.record(StorefrontCreated(code=self.code))

    def change(self, values: dict[str, Any]) -> None:
        """Who is in it loses his prices and orders at once where he may not enter it any more."""
        if changed := self.assign(values):
            self.record(StorefrontChanged(code=self.code, fields=changed))

    def state(self) -> StorefrontState:
        return StorefrontState(
            code=self.code,
            access=self.access,
            groups=tuple(self.groups),
            catalogues=tuple(self.catalogues),
            active=self.active,
        )
