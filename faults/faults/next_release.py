"""What the next two releases change: every process, a table, and an event. Done as CONTRIBUTING.md says."""

from collections.abc import Sequence

from faults.sources import Change, NewFile, Patch

PATCH = "look-again"
"""Each process reads its row once more before it ends."""

PROCESSES: Sequence[Change] = [
    Patch(
        "services/orders/orders/attestation/workflows.py",
        "        self._stop_asking()\n        if row.status is OrderStatus.ATTESTED:\n",
        f"""        self._stop_asking()
        if workflow.patched("{PATCH}"):
            row = self._take(await self._do(read_attestation, self._order, "Read the order again"))
        if row.status is OrderStatus.ATTESTED:
""",
    ),
    Patch(
        "services/identity/identity/applications/workflows.py",
        "        self._tell_outcome(row)\n",
        f"""        if workflow.patched("{PATCH}"):
            await self._write(read_application, ApplicationRef(application_id=start.application_id))
        self._tell_outcome(row)
""",
    ),
    Patch(
        "services/identity/identity/invitations/workflows.py",
        "            await self._tell(row)\n",
        f"""            if workflow.patched("{PATCH}"):
                await self._local(read_invitation, self._ref)
            await self._tell(row)
""",
    ),
]

EVENT: Sequence[Change] = [
    Patch(
        "contracts/contracts/orders/events.py",
        "    attested: bool = False\n",
        "    buyer_reference: str | None = None\n    attested: bool = False\n",
    ),
    Patch(
        "services/orders/orders/orders/models.py",
        "                    attested=self.attested_at is not None,\n",
        "                    attested=self.attested_at is not None,\n"
        "                    buyer_reference=self.order_reference,\n",
    ),
]

EXPAND = '''"""`orders.order_reference` becomes `buyer_reference`: both are there, and the same, whichever a release writes.

Each batch is committed, so all of this may be run again from its start.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BATCH = 50


def upgrade() -> None:
    op.add_column("orders", sa.Column("buyer_reference", sa.Text(), nullable=True), if_not_exists=True)
    op.execute("""
        CREATE OR REPLACE FUNCTION keep_references_alike() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.buyer_reference := coalesce(NEW.buyer_reference, NEW.order_reference);
            NEW.order_reference := NEW.buyer_reference;
            RETURN NEW;
        END $$
    """)
    op.execute("""
        CREATE OR REPLACE TRIGGER keep_references_alike BEFORE INSERT ON orders  -- written once, with the order
        FOR EACH ROW EXECUTE FUNCTION keep_references_alike()
    """)
    with op.get_context().autocommit_block():
        while _migrate():
            pass


def _migrate() -> int:
    """A batch of rows from before the trigger, in a transaction of its own."""
    return op.get_bind().execute(sa.text("""
        UPDATE orders SET buyer_reference = order_reference
        WHERE id IN (
            SELECT id FROM orders WHERE buyer_reference IS NULL AND order_reference IS NOT NULL
            LIMIT :batch FOR UPDATE
        )
    """), {"batch": BATCH}).rowcount
'''

CONTRACT = '''"""`orders.order_reference` goes: no release that runs knows it."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("DROP TRIGGER keep_references_alike ON orders")
    op.execute("DROP FUNCTION keep_references_alike()")
    op.drop_column("orders", "order_reference")
'''

MIGRATIONS = "services/orders/orders/migrations/versions"

TABLE: Sequence[Change] = [
    NewFile(f"{MIGRATIONS}/0002_expand.py", EXPAND),
    Patch(
        "services/orders/orders/orders/models.py",
        "    order_reference: Mapped[str | None] = mapped_column(Text)\n",
        "    buyer_reference: Mapped[str | None] = mapped_column(Text)\n"
        '    order_reference: Mapped[str | None] = synonym("buyer_reference")\n',
    ),
    Patch(
        "services/orders/orders/orders/models.py",
        "from sqlalchemy.orm import Mapped, mapped_column\n",
        "from sqlalchemy.orm import Mapped, mapped_column, synonym\n",
    ),
    Patch(
        "services/orders/orders/orders/queries.py",
        "    Order.order_reference,\n",
        '    Order.buyer_reference.label("order_reference"),\n',
    ),
    Patch(
        "services/orders/orders/orders/views.py",
        "        order_id=order.id,\n",
        "        order_id=order.id,\n        order_reference=order.buyer_reference,\n",
    ),
]

NEXT: Sequence[Change] = [*PROCESSES, *EVENT, *TABLE]
THE_ONE_AFTER: Sequence[Change] = [*NEXT, NewFile(f"{MIGRATIONS}/0003_contract.py", CONTRACT)]
TABLE_AS_IT_WAS = """
DROP TRIGGER keep_references_alike ON orders;
DROP FUNCTION keep_references_alike();
ALTER TABLE orders DROP COLUMN buyer_reference;
UPDATE alembic_version SET version_num = '0001';
"""
"""SQL that undoes the expansion, for rows that follow on the same stack."""
