"""What the lab keeps: tables, experiments, runs, histories. Pages and tests talk to this one class."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, select, tuple_, update

from core.data.samples import SAMPLES
from core.errors import InputRefused
from core.jobs import schema
from core.jobs.database import Database, tick
from core.jobs.datasets import Datasets
from core.jobs.history import join_histories
from core.jobs.news import news, unknown_experiment
from core.jobs.recent import Recent
from core.jobs.records import HELD, UNFINISHED, Experiment, ExperimentSummary, Points, Run, State
from core.settings import Settings
from core.spec import ExperimentSpec, InlineData, RunSpec, load_spec
from core.training.structure import structure_key

_SPEC_CACHE_CHARACTERS: Final = 32 * 2**20
_experiment, _run, _points = schema.experiment, schema.run, schema.points


@dataclass(frozen=True)
class _Parsed:
    spec: ExperimentSpec
    runs: tuple[RunSpec, ...]


class Store:
    """The store of one lab; any number of threads and processes may have it open.

    Every method is one short transaction. Unknown ids raise `InputRefused`; a full disk or a database that is held
    for more than ten seconds raises `WorkFailed`.

    Parameters
    ----------
    settings : Settings
    verify : bool
        Check the file at opening (see `Database`).
    """

    def __init__(self, settings: Settings, *, verify: bool = True) -> None:
        self.database = Database(settings, verify=verify)
        self._datasets = Datasets(self.database, settings.data, settings.max_upload_mb)
        self._max_queued = settings.max_queued
        self._parsed: Recent[str, _Parsed] = Recent(_SPEC_CACHE_CHARACTERS)
        self._listeners: list[Callable[[], None]] = []

    def close(self) -> None:
        """Close idle connections."""
        self.database.close()

    def on_submit(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every submit of this process, so that nobody has to poll for work."""
        self._listeners.append(listener)

    def add_dataset(self, content: bytes, name: str) -> str:
        """Keep an uploaded table and return its SHA-256, the ``dataset:SHA256`` of a spec; idempotent."""
        return self._datasets.add(content, name)

    def dataset(self, sha: str) -> bytes:
        """Return the bytes of an uploaded table."""
        return self._datasets.read(sha)

    def dataset_name(self, sha: str) -> str:
        """Return the name an uploaded table came with."""
        return self._datasets.name(sha)

    def add_upload(self, content: bytes, name: str) -> str:
        """Keep an uploaded file as it came and return its SHA-256; idempotent."""
        return self._datasets.add_file(content, name)

    def upload(self, sha: str) -> bytes:
        """Return the bytes of an uploaded file as it came."""
        return self._datasets.read_file(sha)

    def submit(self, spec: ExperimentSpec, key: str | None = None) -> str:
        """Queue every run of `spec` and return the experiment's id; on disk before this returns.

        Parameters
        ----------
        spec : ExperimentSpec
        key : str, optional
            Names one press of a button: the same key again gives the same experiment, not a second one.

        Raises
        ------
        InputRefused
            If a source is a ``file:``, an uploaded table is not here, or the queue is full.
        """
        source = self._source_label(spec)
        # Keys in the order they were written: the order of `vary` numbers the runs, that of columns the features.
        text = json.dumps(spec.model_dump(mode="json"), separators=(",", ":"), ensure_ascii=False)
        runs = spec.runs()
        identity, now = secrets.token_urlsafe(12), time.time()
        header = {
            "id": identity, "key": key, "title": spec.title, "source": source, "spec": text, "spec_hash": spec.hash(),
            "created": now,
        }  # fmt: skip
        rows = [
            {
                "experiment": identity, "position": position, "variant": json.dumps(run.variant),
                "seed": run.training.seed, "structure": structure_key(run), "state": State.QUEUED,
                "epochs": run.training.epochs, "created": now,
            }
            for position, run in enumerate(runs)
        ]  # fmt: skip
        with self.database.write() as connection:
            if key is not None:
                known = connection.scalar(select(_experiment.c.id).where(_experiment.c.key == key))
                if known is not None:
                    return str(known)
            waiting = connection.scalar(select(func.count()).where(_run.c.state.in_(UNFINISHED))) or 0
            if waiting + len(runs) > self._max_queued:
                raise InputRefused(
                    f"The queue is full: {waiting} runs wait or train and this adds {len(runs)}, "
                    f"allowed: at most {self._max_queued}; try again later.",
                    "vary",
                )
            changed = tick(connection)
            connection.execute(insert(_experiment), header)
            connection.execute(insert(_run), [row | {"changed": changed} for row in rows])
        for listener in self._listeners:
            listener()
        return identity

    def find(self, key: str) -> str | None:
        """Return the experiment that was submitted under `key`, unless it was deleted."""
        with self.database.read() as connection:
            return connection.scalar(select(_experiment.c.id).where(_experiment.c.key == key))

    def _source_label(self, spec: ExperimentSpec) -> str:
        """Return what to call the data of `spec`, after refusing sources an app's user must not reach."""
        labels = [_describe(run.data.source, self.dataset_name) for run in _distinct_sources(spec)]
        return ", ".join(dict.fromkeys(labels))

    def experiment(self, id: str) -> Experiment:  # noqa: A002 - the word the pages and routes use
        """Return an experiment and its runs as they are now."""
        parsed = self._parse(id)
        with self.database.read() as connection:
            head = connection.execute(
                select(_experiment.c.title, _experiment.c.created).where(_experiment.c.id == id)
            ).one_or_none()
            rows = connection.execute(select(_run).where(_run.c.experiment == id).order_by(_run.c.position)).all()
        if head is None:
            raise unknown_experiment()
        runs = tuple(_as_run(row, parsed.runs) for row in rows)
        return Experiment(id, head.title, datetime.fromtimestamp(head.created, UTC), parsed.spec, runs)

    def run_spec(self, experiment: str, position: int) -> RunSpec:
        """Return what the run at `position` of an experiment trains."""
        return self._parse(experiment).runs[position]

    def _parse(self, experiment: str) -> _Parsed:
        def parse() -> tuple[_Parsed, float]:
            with self.database.read() as connection:
                text = connection.scalar(select(_experiment.c.spec).where(_experiment.c.id == experiment))
            if text is None:
                raise unknown_experiment()
            spec = load_spec(json.loads(text))
            return _Parsed(spec, spec.runs()), len(text)

        return self._parsed.get(experiment, parse)

    def experiments(self, limit: int = 50, before: str | None = None) -> tuple[ExperimentSummary, ...]:
        """Return the newest experiments, newest first; `before` is the id of the last one already shown."""
        age = tuple_(_experiment.c.created, _experiment.c.id)
        page = select(_experiment.c.id, _experiment.c.title, _experiment.c.created, _experiment.c.source)
        if before is not None:
            last = select(_experiment.c.created, _experiment.c.id).where(_experiment.c.id == before)
            page = page.where(age < last.scalar_subquery())
        page = page.order_by(_experiment.c.created.desc(), _experiment.c.id.desc()).limit(limit)
        with self.database.read() as connection:
            heads = connection.execute(page).all()
            counts = connection.execute(
                select(
                    _run.c.experiment, _run.c.state, func.count().label("runs"), func.max(_run.c.skill).label("skill")
                )
                .where(_run.c.experiment.in_([head.id for head in heads]))
                .group_by(_run.c.experiment, _run.c.state)
            ).all()
        return tuple(_summary(head, [row for row in counts if row.experiment == head.id]) for head in heads)

    def cancel(self, id: str) -> None:  # noqa: A002
        """Cancel every unfinished run: those that wait at once, those that train as soon as their slot has looked."""
        with self.database.write() as connection:
            _refuse_unknown(connection.scalar(select(_experiment.c.id).where(_experiment.c.id == id)))
            mine = _run.c.experiment == id
            connection.execute(
                update(_run)
                .where(mine, _run.c.state == State.QUEUED)
                .values(state=State.CANCELLED, finished=time.time(), changed=tick(connection))
            )
            connection.execute(update(_run).where(mine, _run.c.state.in_(HELD)).values(cancel=True))

    def delete(self, id: str) -> None:  # noqa: A002
        """Delete an experiment, its runs and histories; a run in training finds its row gone and stops."""
        with self.database.write() as connection:
            _refuse_unknown(connection.execute(delete(_experiment).where(_experiment.c.id == id)).rowcount)

    def points(self, experiment_id: str, since: int = 0) -> Points:
        """Return what happened in an experiment since the cursor `since`; 0 = everything."""
        return Points(**json.loads(self.points_json(experiment_id, since)))

    def points_json(self, experiment_id: str, since: int = 0) -> bytes:
        """Return `points` as JSON text, without parsing what is stored as such."""
        return news(self.database, experiment_id, since)

    def result(self, id: str) -> dict[str, Any]:  # noqa: A002
        """Return what `core.train` returns for the same spec, as far as it is known; whole histories."""
        # In this order: a run seen as done here has its whole history in the points read after.
        experiment = self.experiment(id)
        news_of_all = self.points(id)
        pieces: dict[tuple[int, int], list[tuple[int, dict[str, Any]]]] = {}
        for point in news_of_all.points:
            pieces.setdefault((point["run"], point["attempt"]), []).append((point["first_epoch"], point["history"]))
        runs = [_result(run, join_histories(pieces.get((run.id, run.attempt), []))) for run in experiment.runs]
        return {"runs": runs, "spec_hash": experiment.spec.hash()}


def _refuse_unknown(found: object) -> None:
    if not found:
        raise unknown_experiment()


def _distinct_sources(spec: ExperimentSpec) -> Iterator[RunSpec]:
    """Yield one run per distinct source; runs that do not vary it share one object."""
    seen: set[object] = set()
    for run in spec.runs():
        source = run.data.source
        name = source if isinstance(source, str) else id(source)
        if name not in seen:
            seen.add(name)
            yield run


def _describe(source: str | InlineData, dataset_name: Callable[[str], str]) -> str:
    if isinstance(source, InlineData):
        return "a table in the spec"
    kind, _, rest = source.partition(":")
    if kind == "file":
        raise InputRefused(
            "data.source: files of this computer cannot be read here; allowed: an uploaded table or a sample.",
            "data.source",
        )
    if kind == "dataset":
        return dataset_name(rest)
    name = rest.partition("?")[0]
    return SAMPLES[name].title if name in SAMPLES else name


def _as_run(row: Row[Any], specs: tuple[RunSpec, ...]) -> Run:
    return Run(
        id=row.id,
        index=row.position,
        variant=json.loads(row.variant),
        seed=row.seed,
        state=State(row.state),
        attempt=row.attempt,
        epoch=row.epoch,
        epochs=row.epochs,
        seconds=row.seconds,
        error=row.error,
        diverged_at=row.diverged_at,
        final=json.loads(row.result) if row.result else None,
        specs=specs,
    )


def _summary(head: Any, counts: Sequence[Any]) -> ExperimentSummary:
    states = {State(row.state): row.runs for row in counts}
    skills = [row.skill for row in counts if row.skill is not None]
    created = datetime.fromtimestamp(head.created, UTC)
    best = max(skills, default=None)
    return ExperimentSummary(head.id, head.title, created, head.source, sum(states.values()), states, best)


def _result(run: Run, history: dict[str, list[float | None]]) -> dict[str, Any]:
    known: dict[str, Any] = {
        "variant": run.variant, "seed": run.seed, "state": str(run.state), "epochs": run.epoch,
        "seconds": run.seconds, "error": run.error, "diverged_at": run.diverged_at, "baseline": None, "skill": None,
        "val_skill": None, "parameters": None, "telemetry": {},
    }  # fmt: skip
    return known | (run.final or {}) | {"state": str(run.state), "error": run.error, "history": history}
