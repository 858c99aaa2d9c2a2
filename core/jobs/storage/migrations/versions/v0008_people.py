"""Who has signed in, and who sees an experiment beside its owner."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0008", "0007"


def upgrade() -> None:
    """Make the table of people; what was run before is seen by whoever has its link, as it was."""
    op.create_table(
        "person",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("seen", sa.Float, nullable=False),
    )
    op.add_column("experiment", sa.Column("reach", sa.String(10), nullable=False, server_default="link"))
