"""Diagnoses and their trials, listed experiments, what happens in the layers."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Make the table of diagnoses, and what experiments and runs have to say of them."""
    op.create_table(
        "diagnosis",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("key", sa.String(200), unique=True),
        sa.Column("experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("budget", sa.String(10), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("token", sa.String(32)),
        sa.Column("deaths", sa.Integer, nullable=False),
        sa.Column("progress", sa.Text),
        sa.Column("report", sa.Text),
        sa.Column("error", sa.Text),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("started", sa.Float),
        sa.Column("finished", sa.Float),
        sqlite_autoincrement=True,
    )
    op.create_index("diagnosis_queue", "diagnosis", ["state", "number"])
    op.create_index("diagnosis_of_run", "diagnosis", ["experiment", "position", "number"])
    # SQLite can add a reference with its column alone.
    of_diagnosis = sa.Column("diagnosis", sa.String(32), sa.ForeignKey("diagnosis.id", ondelete="CASCADE"))
    op.add_column("experiment", of_diagnosis, inline_references=True)
    op.add_column("experiment", sa.Column("listed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("run", sa.Column("probed", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index("experiment_of_diagnosis", "experiment", ["diagnosis"])
