"""What people have done."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0009", "0008"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("moment", sa.Float, nullable=False),
        sa.Column("person", sa.String(32), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("deed", sa.String(20), nullable=False),
        sa.Column("what", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
