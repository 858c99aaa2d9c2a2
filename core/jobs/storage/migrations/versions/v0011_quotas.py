"""What each person has taken of a lab: runs, rows × epochs of a day, room of uploads."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0011", "0010"


def upgrade() -> None:
    """Make the table and the columns; what is there already counts for nobody."""
    op.create_table(
        "usage",
        sa.Column("payer", sa.String(32), primary_key=True),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("row_epochs", sa.BigInteger, nullable=False),
    )
    op.add_column("experiment", sa.Column("payer", sa.String(32)))
    op.create_index("experiment_of_payer", "experiment", ["payer"])
    op.add_column("dataset", sa.Column("payer", sa.String(32)))
    op.add_column("dataset", sa.Column("upload", sa.String(64)))
    op.add_column("dataset", sa.Column("taken", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("dataset_of_payer", "dataset", ["payer"])
    op.create_index("dataset_of_upload", "dataset", ["upload"])
