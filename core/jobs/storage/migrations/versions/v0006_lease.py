"""Steps of live series, pictures of runs, and who dispatches."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0006", "0005"

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; builds between two versions have made the first two already."""
    op.create_table(
        "step",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column(
            "experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False, unique=True
        ),
        sa.Column("series", sa.String(40), nullable=False),
        sa.Column("created", sa.Float, nullable=False),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    op.create_index("step_of_series", "step", ["series", "number"], if_not_exists=True)
    op.create_table(
        "frame",
        sa.Column("run", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.Float, primary_key=True, autoincrement=False),
        sa.Column("experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("passing", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_index("frame_news", "frame", ["experiment", "id"], if_not_exists=True)
    op.create_index("frame_age", "frame", ["id"], if_not_exists=True)
    lease = op.create_table(
        "lease",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("holder", sa.String(32)),
        sa.Column("renewed", sa.Float),
    )
    op.bulk_insert(lease, [{"name": "leader"}])
