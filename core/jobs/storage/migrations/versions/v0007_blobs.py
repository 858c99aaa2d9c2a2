"""Tables and uploads in the database."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0007", "0006"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "blob",
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Float, nullable=False),
    )
    op.create_table(
        "blob_part",
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(["kind", "sha256"], ["blob.kind", "blob.sha256"], ondelete="CASCADE"),
    )
