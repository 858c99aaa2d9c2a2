"""The tables. A run is a row, its state a column; whatever a page polls for is found through an index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

SCHEMA_VERSION: Final = 3

MIGRATIONS: Final[Mapping[int, tuple[str, ...]]] = {
    2: (
        "ALTER TABLE experiment ADD COLUMN diagnosis VARCHAR(32) REFERENCES diagnosis (id) ON DELETE CASCADE",
        "ALTER TABLE experiment ADD COLUMN listed BOOLEAN NOT NULL DEFAULT 0",
        "ALTER TABLE run ADD COLUMN probed BOOLEAN NOT NULL DEFAULT 0",
        "CREATE INDEX experiment_of_diagnosis ON experiment (diagnosis)",
    ),
    3: (
        "ALTER TABLE run ADD COLUMN val_skill FLOAT",
        "UPDATE run SET val_skill = json_extract(result, '$.val_skill') WHERE result IS NOT NULL",
    ),
}
"""What brings a database from the version before to this one; tables that are new are made whole beforehand."""

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""Two numbers: the `schema` version and the `clock`, which ticks with every change a page may want to see.

Taking the cursor from a row, not from an autoincrement, keeps it in the order of the commits: whoever ticks holds the
row until the commit, so nobody can read a tick and miss a smaller one that commits later.
"""

dataset = Table(
    "dataset",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created", Float, nullable=False),
)
"""An uploaded table; its bytes are the file of that name in the data folder, written before the row."""

experiment = Table(
    "experiment",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("key", String(200), unique=True),
    Column("title", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("spec", Text, nullable=False),
    Column("spec_hash", String(64), nullable=False),
    Column("created", Float, nullable=False),
    Column("diagnosis", String(32), ForeignKey("diagnosis.id", ondelete="CASCADE")),
    Column("listed", Boolean, nullable=False, server_default=false()),
    Index("experiment_by_age", "created", "id"),
    Index("experiment_of_diagnosis", "diagnosis"),
)
"""A submitted spec, as JSON in the order it was written: the order of `vary` numbers the runs.

Where `listed` is set the runs are no product of `vary`: each is the spec with its own `variant` and `seed`. Where
`diagnosis` is set they are trials of that diagnosis, which nobody asked to see.
"""

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("experiment", String(32), ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("variant", Text, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("structure", String(32), nullable=False),
    Column("state", String(10), nullable=False),
    Column("cancel", Boolean, nullable=False, default=False),
    Column("token", String(32)),
    Column("lease_expires", Float),
    Column("attempt", Integer, nullable=False, default=0),
    Column("deaths", Integer, nullable=False, default=0),
    Column("epoch", Integer, nullable=False, default=0),
    Column("epochs", Integer, nullable=False),
    Column("probed", Boolean, nullable=False, server_default=false()),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Column("seconds", Float),
    Column("skill", Float),
    Column("val_skill", Float),
    Column("diverged_at", Integer),
    Column("error", Text),
    Column("result", Text),
    Column("changed", BigInteger, nullable=False),
    Index("run_changes", "experiment", "changed"),
    Index("run_states", "experiment", "state"),
    Index("run_queue", "state", "structure", "id"),
    sqlite_autoincrement=True,
)
"""One training. Its spec is the experiment's `position`-th; `token` fences off whoever held the run before."""

points = Table(
    "points",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("experiment", String(32), ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
    Column("run", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("first_epoch", Integer, nullable=False),
    Column("history", Text, nullable=False),
    Index("points_news", "experiment", "id"),
)
"""Some epochs of one attempt, as JSON {metric: [value, …]}; `id` is the tick of the clock, the cursor of the pages."""

diagnosis = Table(
    "diagnosis",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("key", String(200), unique=True),
    Column("experiment", String(32), ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("budget", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("token", String(32)),
    Column("deaths", Integer, nullable=False, default=0),
    Column("progress", Text),
    Column("report", Text),
    Column("error", Text),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Index("diagnosis_queue", "state", "number"),
    Index("diagnosis_of_run", "experiment", "position", "number"),
    sqlite_autoincrement=True,
)
"""The question what is wrong with the variant of the run at `position`, and in the end the answer.

It has a token but no lease: only the one lab that holds the data folder's lock carries out diagnoses, so that a claim
ends with its process.
"""
