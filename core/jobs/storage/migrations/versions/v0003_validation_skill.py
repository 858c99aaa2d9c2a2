"""The validation skill of a run as a column."""

import json

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"

_run = sa.table("run", sa.column("id"), sa.column("result"), sa.column("val_skill"))


def upgrade() -> None:
    """Make the column, and fill it from the results."""
    op.add_column("run", sa.Column("val_skill", sa.Float))
    connection = op.get_bind()
    for number in connection.scalars(sa.select(_run.c.id).where(_run.c.result.is_not(None))).all():
        result = json.loads(connection.execute(sa.select(_run.c.result).where(_run.c.id == number)).scalar_one())
        connection.execute(sa.update(_run).where(_run.c.id == number).values(val_skill=result.get("val_skill")))
