"""Brings the tables of a database to the newest version, as a whole or not at all: in the transaction that is given."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import sqlalchemy as sa

from core.jobs.storage import schema

_STAMP: Final = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own note of the version, as it would make it; `meta` has it too, since builds before Alembic look there."""


def upgrade(connection: sa.Connection) -> str:
    """Make the tables of an empty database, or bring older ones up; return why that cannot be, or an empty text."""
    found = set(sa.inspect(connection).get_table_names())
    if not found & schema.metadata.tables.keys():
        make(connection)
        return ""
    meta, version = schema.meta, None
    if meta.name in found:
        version = connection.scalar(sa.select(meta.c.value).where(meta.c.name == "schema"))
    if version is None:
        return "there are tables of another program in it; allowed: an empty database"
    if version > schema.SCHEMA_VERSION:
        return "was written by a newer Loss Lab; upgrade this one"
    if version < schema.SCHEMA_VERSION:
        if _STAMP.name not in found:
            _stamp(connection, version)
        migrate(connection)
        connection.execute(sa.update(meta).where(meta.c.name == "schema").values(value=schema.SCHEMA_VERSION))
    return ""


def make(connection: sa.Connection) -> None:
    """Make all tables as they are in the newest version."""
    tables = sa.MetaData()  # Copies: tables that refer to each other in a circle are marked while they are made.
    for table in schema.metadata.tables.values():
        table.to_metadata(tables)
    tables.create_all(connection, checkfirst=False)
    first = [{"name": "schema", "value": schema.SCHEMA_VERSION}, {"name": "clock", "value": 0}]
    connection.execute(sa.insert(schema.meta), first)
    connection.execute(sa.insert(schema.lease).values(name="leader"))
    _stamp(connection, schema.SCHEMA_VERSION)


def migrate(connection: sa.Connection, to: str = "head") -> None:
    """Carry out the revisions that are missing, up to the one named."""
    # Most starts need none of it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _stamp(connection: sa.Connection, version: int) -> None:
    _STAMP.create(connection)
    connection.execute(sa.insert(_STAMP).values(version_num=f"{version:04}"))
