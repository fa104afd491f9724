"""Every table of the chassis and the toy."""

from alembic import op

from chassis.metadata import metadata, metadata_of
from chassis.outbox import DEFAULT_PARTITION

revision = "0001"
down_revision = None


def upgrade():
    metadata.create_all(op.get_bind())
    metadata_of("tests").create_all(op.get_bind())
    op.execute(DEFAULT_PARTITION)
