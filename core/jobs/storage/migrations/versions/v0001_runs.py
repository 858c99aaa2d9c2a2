"""Experiments, their runs and histories, and uploaded tables."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "meta",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "dataset",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_table(
        "experiment",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("key", sa.String(200), unique=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("spec_hash", sa.String(64), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_index("experiment_by_age", "experiment", ["created", "id"])
    op.create_table(
        "run",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("variant", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("structure", sa.String(32), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("cancel", sa.Boolean, nullable=False),
        sa.Column("token", sa.String(32)),
        sa.Column("lease_expires", sa.Float),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("deaths", sa.Integer, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("epochs", sa.Integer, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("started", sa.Float),
        sa.Column("finished", sa.Float),
        sa.Column("seconds", sa.Float),
        sa.Column("skill", sa.Float),
        sa.Column("diverged_at", sa.Integer),
        sa.Column("error", sa.Text),
        sa.Column("result", sa.Text),
        sa.Column("changed", sa.BigInteger, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("run_changes", "run", ["experiment", "changed"])
    op.create_index("run_states", "run", ["experiment", "state"])
    op.create_index("run_queue", "run", ["state", "structure", "id"])
    op.create_table(
        "points",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
        sa.Column("run", _NUMBER, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("first_epoch", sa.Integer, nullable=False),
        sa.Column("history", sa.Text, nullable=False),
    )
    op.create_index("points_news", "points", ["experiment", "id"])
