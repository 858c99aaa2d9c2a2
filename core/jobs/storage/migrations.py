"""What brings a database of an older version to the newest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlalchemy import Connection, func, insert, select

from core.jobs.storage import schema
from core.jobs.storage.history import join_histories, stretches
from core.jobs.storage.overview import WHOLE, Overview


def _overviews(connection: Connection) -> None:
    """Make the overviews of long histories, one run at a time."""
    points, run = schema.points, schema.run
    long = select(run.c.id, run.c.attempt, run.c.experiment).where(run.c.epoch > WHOLE)
    columns = (points.c.run, points.c.attempt, points.c.first_epoch, points.c.history)
    for row in connection.execute(long).all():
        of_row = points.c.experiment == row.experiment, points.c.run == row.id, points.c.attempt == row.attempt
        history = join_histories(stretches(connection.execute(select(*columns).where(*of_row).order_by(points.c.id))))
        values = {"run": row.id, "attempt": row.attempt, "experiment": row.experiment}
        values["id"] = connection.scalar(select(func.max(points.c.id)).where(*of_row))
        for first, block in Overview().add(1, history).items():
            connection.execute(insert(schema.overview).values(first_epoch=first, block=block, **values))


MIGRATIONS: Final[Mapping[int, tuple[str | Callable[[Connection], None], ...]]] = {
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
    4: (_overviews,),
    5: (
        "ALTER TABLE experiment ADD COLUMN owner VARCHAR(32)",
        "CREATE INDEX experiment_of_owner ON experiment (owner)",
    ),
    6: ("INSERT INTO lease (name) VALUES ('leader')",),
}
"""What brings a database from the version before to this one; tables that are new are made whole beforehand."""
