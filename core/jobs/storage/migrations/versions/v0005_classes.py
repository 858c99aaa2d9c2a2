"""Classes, their members and how far these are; whose an experiment is."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    """Make the tables of a class, and the owner of an experiment."""
    op.create_table(
        "classroom",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("code", sa.String(6), nullable=False, unique=True),
        sa.Column("teacher", sa.String(64), nullable=False, unique=True),
        sa.Column("lessons", sa.Text, nullable=False),
        sa.Column("held", sa.Text, nullable=False),
        sa.Column("opened", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
    )
    op.create_index("classroom_by_end", "classroom", ["expires"])
    op.create_table(
        "member",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("classroom", sa.String(32), sa.ForeignKey("classroom.id", ondelete="CASCADE"), nullable=False),
        sa.Column("secret", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("joined", sa.Float, nullable=False),
    )
    op.create_index("member_of_classroom", "member", ["classroom"])
    op.create_table(
        "progress",
        sa.Column("member", sa.String(32), sa.ForeignKey("member.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("lesson", sa.String(60), primary_key=True),
        sa.Column("step", sa.String(10), nullable=False),
        sa.Column("guess", sa.Integer),
        sa.Column("runs", sa.String(32)),
        sa.Column("repair", sa.String(32)),
        sa.Column("attempt", sa.String(32)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("solved", sa.Boolean, nullable=False),
        sa.Column("active", sa.Float, nullable=False),
    )
    op.add_column("experiment", sa.Column("owner", sa.String(32)))
    op.create_index("experiment_of_owner", "experiment", ["owner"])
