"""The tables. A run is a row, its state a column; whatever a page polls for is found through an index."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

SCHEMA_VERSION: Final = 11

metadata = sa.MetaData()

_NUMBER: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""A number that is counted up for ever; SQLite's integers are as large as they have to be."""

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)
"""Numbers: the `schema` version, the `clock`, which ticks with every change a page may want to see, and the `identity`
of the database, drawn once (`core.jobs.storage.database`).

Taking the cursor from a row, not from an autoincrement, keeps it in the order of the commits: whoever ticks holds the
row until the commit, so nobody can read a tick and miss a smaller one that commits later.
"""

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.String(20), primary_key=True),
    sa.Column("holder", sa.String(32)),
    sa.Column("renewed", sa.Float),
)
"""One row: the process that dispatches (`core.jobs.scheduling.lease`), and when it last said so."""

dataset = sa.Table(
    "dataset",
    metadata,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("payer", sa.String(32)),
    sa.Column("upload", sa.String(64)),
    sa.Column("taken", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index("dataset_of_payer", "payer"),
    sa.Index("dataset_of_upload", "upload"),
)
"""An uploaded table; its bytes are the blob of that name (`core.jobs.storage.blobs`), written before the row.

It was `created` when it was last uploaded or run: what nothing names is removed so many days after. `upload` is the
SHA-256 of what was uploaded for it; the first row of an upload has `taken` its bytes of the room of its `payer`.
"""

usage = sa.Table(
    "usage",
    metadata,
    sa.Column("payer", sa.String(32), primary_key=True),
    sa.Column("day", sa.Integer, nullable=False),
    sa.Column("row_epochs", sa.BigInteger, nullable=False),
)
"""Rows × epochs that somebody has asked for on a `day`, counted from 1970 in UTC; of today alone."""

blob = sa.Table(
    "blob",
    metadata,
    sa.Column("kind", sa.String(10), primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)
"""A table or a file, where they are kept in the database; it was `created` when it was last uploaded."""

blob_part = sa.Table(
    "blob_part",
    metadata,
    sa.Column("kind", sa.String(10), primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(["kind", "sha256"], ["blob.kind", "blob.sha256"], ondelete="CASCADE"),
)
"""A part of a blob: all are there once they are as long together as its `size`."""

experiment = sa.Table(
    "experiment",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("key", sa.String(200), unique=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("spec_hash", sa.String(64), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    # The two tables refer to each other: whoever makes them makes this reference last.
    sa.Column("diagnosis", sa.String(32), sa.ForeignKey("diagnosis.id", ondelete="CASCADE", use_alter=True)),
    sa.Column("listed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("owner", sa.String(32)),
    sa.Column("reach", sa.String(10), nullable=False, server_default="link"),
    sa.Column("payer", sa.String(32)),
    sa.Index("experiment_by_age", "created", "id"),
    sa.Index("experiment_of_diagnosis", "diagnosis"),
    sa.Index("experiment_of_owner", "owner"),
    sa.Index("experiment_of_payer", "payer"),
)
"""A submitted spec, as JSON in the order it was written: the order of `vary` numbers the runs.

Where `listed` is set the runs are no product of `vary`: each is the spec with its own `variant` and `seed`. Where
`diagnosis` is set they are trials of that diagnosis, which nobody asked to see. Where `owner` is set, a person, a
browser session or the member of a class, it is in nobody else's list; `reach` is who sees it all the same. `payer` is
whose limits it counts for (`core.jobs.people.quota`).
"""

person = sa.Table(
    "person",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("seen", sa.Float, nullable=False),
)
"""Somebody who has signed in; `id` owns their experiments, the others are what was said of them the last time."""

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("moment", sa.Float, nullable=False),
    sa.Column("person", sa.String(32), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("deed", sa.String(20), nullable=False),
    sa.Column("what", sa.String(64), nullable=False),
    sqlite_autoincrement=True,
)
"""What somebody has done; `what` is the id of an experiment, which may be gone, so it is no foreign key."""

token = sa.Table(
    "token",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("person", sa.String(32), sa.ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("secret", sa.String(64), nullable=False, unique=True),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("used", sa.Float),
    sa.Index("token_of_person", "person"),
)
"""With it a program of somebody asks in their name; `secret` is its SHA-256, the time it was `used` good to an hour."""

step = sa.Table(
    "step",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column(
        "experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False, unique=True
    ),
    sa.Column("series", sa.String(40), nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Index("step_of_series", "series", "number"),
    sqlite_autoincrement=True,
)
"""An experiment that is in no list: a step of a live series (`core.jobs.storage.series`), until somebody keeps it."""

run = sa.Table(
    "run",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
    sa.Column("experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("variant", sa.Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("structure", sa.String(32), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("cancel", sa.Boolean, nullable=False, default=False),
    sa.Column("token", sa.String(32)),
    sa.Column("lease_expires", sa.Float),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("deaths", sa.Integer, nullable=False, default=0),
    sa.Column("epoch", sa.Integer, nullable=False, default=0),
    sa.Column("epochs", sa.Integer, nullable=False),
    sa.Column("probed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("finished", sa.Float),
    sa.Column("seconds", sa.Float),
    sa.Column("skill", sa.Float),
    sa.Column("val_skill", sa.Float),
    sa.Column("diverged_at", sa.Integer),
    sa.Column("error", sa.Text),
    sa.Column("result", sa.Text),
    sa.Column("changed", sa.BigInteger, nullable=False),
    sa.Index("run_changes", "experiment", "changed"),
    sa.Index("run_states", "experiment", "state"),
    sa.Index("run_queue", "state", "structure", "id"),
    sqlite_autoincrement=True,
)
"""One training. Its spec is the experiment's `position`-th; `token` fences off whoever held the run before."""

points = sa.Table(
    "points",
    metadata,
    sa.Column("id", _NUMBER, primary_key=True, autoincrement=False),
    sa.Column("experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
    sa.Column("run", _NUMBER, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("first_epoch", sa.Integer, nullable=False),
    sa.Column("history", sa.Text, nullable=False),
    sa.Index("points_news", "experiment", "id"),
)
"""Some epochs of one attempt, as JSON {metric: [value, …]}; `id` is the tick of the clock, the cursor of the pages."""

overview = sa.Table(
    "overview",
    metadata,
    sa.Column("run", _NUMBER, primary_key=True, autoincrement=False),
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first_epoch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("block", sa.Text, nullable=False),
    sa.Index("overview_news", "experiment", "id"),
)
"""What a chart draws of one attempt beyond its first epochs, as JSON (`core.jobs.storage.overview`).

A block is written again as it grows; `id` is the tick of the last time.
"""

frame = sa.Table(
    "frame",
    metadata,
    sa.Column("run", _NUMBER, primary_key=True, autoincrement=False),
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.Float, primary_key=True, autoincrement=False),
    sa.Column("experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
    sa.Column("id", sa.BigInteger, nullable=False),
    sa.Column("passing", sa.Boolean, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Index("frame_news", "experiment", "id"),
    sa.Index("frame_age", "id"),
)
"""One moment of a run in pictures, as JSON (`core.jobs.storage.frames`); `id` is the tick it came with."""

diagnosis = sa.Table(
    "diagnosis",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(32), nullable=False, unique=True),
    sa.Column("key", sa.String(200), unique=True),
    sa.Column("experiment", sa.String(32), sa.ForeignKey("experiment.id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("budget", sa.String(10), nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("token", sa.String(32)),
    sa.Column("deaths", sa.Integer, nullable=False, default=0),
    sa.Column("progress", sa.Text),
    sa.Column("report", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("started", sa.Float),
    sa.Column("finished", sa.Float),
    sa.Index("diagnosis_queue", "state", "number"),
    sa.Index("diagnosis_of_run", "experiment", "position", "number"),
    sqlite_autoincrement=True,
)
"""The question what is wrong with the variant of the run at `position`, and in the end the answer.

It has a token but no lease of its own: only the process that leads carries out diagnoses, so that a claim ends with it.
"""

classroom = sa.Table(
    "classroom",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("code", sa.String(6), nullable=False, unique=True),
    sa.Column("teacher", sa.String(64), nullable=False, unique=True),
    sa.Column("lessons", sa.Text, nullable=False),
    sa.Column("held", sa.Text, nullable=False),
    sa.Column("opened", sa.Float, nullable=False),
    sa.Column("expires", sa.Float, nullable=False),
    sa.Index("classroom_by_end", "expires"),
)
"""People who do lessons together. `code` joins it; `teacher` is the hash of the secret that conducts it.

`lessons` and `held`, those whose answers are held back, are JSON lists of ids.
"""

member = sa.Table(
    "member",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("classroom", sa.String(32), sa.ForeignKey("classroom.id", ondelete="CASCADE"), nullable=False),
    sa.Column("secret", sa.String(64), nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("joined", sa.Float, nullable=False),
    sa.Index("member_of_classroom", "classroom"),
)
"""Somebody in a class; `secret` is the hash of what is in the address of their pages, `id` owns their experiments."""

progress = sa.Table(
    "progress",
    metadata,
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
"""How far a member has come in a lesson; `runs`, `repair` and `attempt` are the newest experiments of its parts."""
