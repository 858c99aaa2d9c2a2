"""What a chart draws of long histories."""

import sqlalchemy as sa
from alembic import op

from core.jobs.storage.history import join_histories, stretches
from core.jobs.storage.overview import WHOLE, Overview

revision, down_revision = "0004", "0003"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_run = sa.table("run", *map(sa.column, ("id", "attempt", "experiment", "epoch")))
_points = sa.table("points", *map(sa.column, ("id", "experiment", "run", "attempt", "first_epoch", "history")))


def upgrade() -> None:
    """Make the table, and the overviews of the histories there are, one run at a time."""
    overview = op.create_table(
        "overview",
        sa.Column("run", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("first_epoch", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("block", sa.Text, nullable=False),
    )
    op.create_index("overview_news", "overview", ["experiment", "id"])
    connection = op.get_bind()
    long = sa.select(_run.c.id, _run.c.attempt, _run.c.experiment).where(_run.c.epoch > WHOLE)
    columns = (_points.c.run, _points.c.attempt, _points.c.first_epoch, _points.c.history)
    for row in connection.execute(long).all():
        of_row = _points.c.experiment == row.experiment, _points.c.run == row.id, _points.c.attempt == row.attempt
        pieces = stretches(connection.execute(sa.select(*columns).where(*of_row).order_by(_points.c.id)))
        values = {"run": row.id, "attempt": row.attempt, "experiment": row.experiment}
        values["id"] = connection.scalar(sa.select(sa.func.max(_points.c.id)).where(*of_row))
        for first, block in Overview().add(1, join_histories(pieces)).items():
            connection.execute(sa.insert(overview).values(first_epoch=first, block=block, **values))
