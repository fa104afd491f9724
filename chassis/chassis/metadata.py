"""The tables of each distribution: the chassis' own and those of a service are what its migrations are compared with."""

from functools import cache

from sqlalchemy import MetaData


@cache
def metadata_of(package: str) -> MetaData:
    """The tables of one top-level package. Services do not share a database, and may use the same table name."""
    return MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


metadata = metadata_of("chassis")
