"""What the lab keeps: tables, experiments, runs, histories. Pages and tests talk to this one class."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, exists, func, insert, select, tuple_, update

from core.errors import InputRefused, WorkFailed
from core.jobs.classroom.classrooms import Classrooms
from core.jobs.diagnosers.diagnoses import Diagnoses
from core.jobs.diagnosers.diagnosis_queue import DiagnosisClaim
from core.jobs.people.audit import Deed, note
from core.jobs.people.people import People
from core.jobs.people.quota import Quota, row_epochs
from core.jobs.people.tokens import Tokens
from core.jobs.scheduling.queue import cancel_runs
from core.jobs.storage import schema
from core.jobs.storage.checkpoints import Checkpoints
from core.jobs.storage.database import Database, tick
from core.jobs.storage.datasets import Datasets
from core.jobs.storage.frames import PictureNews, picture_news
from core.jobs.storage.history import join_histories, stretches
from core.jobs.storage.news import RUN_COLUMNS, decoded, news
from core.jobs.storage.records import UNFINISHED, Experiment, ExperimentSummary, News, Run, State, Stretch
from core.jobs.storage.series import add_step, keep_step
from core.jobs.storage.submission import Submission, listed_runs, listing, submission
from core.jobs.storage.table_sizes import TableSizes
from core.jobs.storage.viewer import LAB, Reach, Viewer, unknown_experiment
from core.recent import Recent
from core.sentence import said
from core.settings import Settings
from core.spec import ExperimentSpec, RunSpec, load_spec, named_tables
from core.training.memory import RunSize, check_memory, run_allowance
from core.training.result import History, Result

_SPEC_CACHE_CHARACTERS: Final = 32 * 2**20
_SHARED: Final = {Reach.PRIVATE: Deed.HIDDEN, Reach.LINK: Deed.SHARED_BY_LINK, Reach.TEAM: Deed.SHARED_WITH_TEAM}
_experiment, _run, _points = schema.experiment, schema.run, schema.points


@dataclass(frozen=True)
class _Parsed:
    spec: ExperimentSpec
    runs: tuple[RunSpec, ...]
    characters: int


class Store:
    """The store of one lab; any number of threads and processes may have it open.

    Every method is one short transaction. Unknown ids raise `InputRefused`, and so do those of experiments that are not
    to be seen by whom the store is `seen_by`; a full disk, a database that is away or held for more than ten seconds
    raises `WorkFailed`.

    Parameters
    ----------
    verify : bool
        Check the database at opening (see `Database`).
    """

    def __init__(self, settings: Settings, *, verify: bool = True) -> None:
        self.database = Database(settings, verify=verify)
        self._quota = Quota(settings)
        self.datasets = Datasets(self.database, settings, self._quota)
        self.table_sizes = TableSizes(self.datasets)
        self.checkpoints = Checkpoints(self.database, settings.data)
        self.run_bytes = run_allowance(settings.trainer_memory_mb)
        """What a run may need beyond an idle trainer."""
        self._max_queued = settings.max_queued
        self._parsed: Recent[str, _Parsed] = Recent(
            budget=_SPEC_CACHE_CHARACTERS, cost=lambda parsed: parsed.characters
        )
        self.on_submit: Callable[[], None] = lambda: None
        """Called after every submit of this process, so that nobody has to poll for work."""
        self.diagnoses = Diagnoses(self.database, self._quota)
        self.classrooms = Classrooms(self.database)
        self.people = People(self.database)
        self.tokens = Tokens(self.database)
        self._viewer = LAB

    def seen_by(self, viewer: Viewer) -> Store:
        """Return this store as `viewer` may use it: what they may not see is not there, what is not theirs stays."""
        theirs = copy(self)
        theirs._viewer = viewer  # noqa: SLF001 - a store of the same class
        theirs.diagnoses = self.diagnoses.seen_by(viewer)
        theirs.datasets = self.datasets.paid_by(viewer.payer)
        return theirs

    def close(self) -> None:
        """Close idle connections."""
        self.database.close()

    def submit(
        self, spec: ExperimentSpec, key: str | None = None, *, series: str | None = None, owner: str | None = None
    ) -> str:
        """Queue every run of `spec` and return the experiment's id; on disk before this returns.

        Parameters
        ----------
        key : str, optional
            Names one press of a button: the same key again gives the same experiment, not a second one.
        series : str, optional
            The live series it is the next step of: the step before is cancelled, and it is in no list until `keep`.
        owner : str, optional
            Whose it is: it is in nobody else's list (see `experiments`). Whoever has its id can open it.

        Raises
        ------
        InputRefused
            If a source is a ``file:``, an uploaded table is not here, a run would need more memory than a trainer
            may take, the queue is full, or it is more than its owner may ask for.
        """
        runs = spec.runs()
        submitted = submission(spec, runs, self.datasets.name)
        self._check_memory(runs)
        return self._enqueue(submitted, key, series=series, owner=owner)

    def submit_runs(
        self,
        runs: Sequence[RunSpec],
        key: str | None = None,
        *,
        title: str = "",
        owner: str | None = None,
        probed: bool = False,
        trials_of: DiagnosisClaim | None = None,
    ) -> str:
        """Queue runs that are no product of settings, as one experiment, and return its id; see `submit`.

        Parameters
        ----------
        runs : sequence of RunSpec
            In the order the experiment shall have; on the same table.
        probed : bool
            Measure what happens in the layers along the way.
        trials_of : DiagnosisClaim, optional
            The diagnosis they belong to: the experiment is in no list and goes with it.

        Raises
        ------
        StaleClaim
            If the diagnosis is somebody else's by now, was cancelled or deleted.
        """
        spec, listed = listing(runs, title)
        submitted = submission(spec, listed, self.datasets.name, listed=True, probed=probed)
        if trials_of is None:  # a diagnosis asks before it tries
            self._check_memory(listed)
        return self._enqueue(submitted, key, trials_of, owner=owner)

    def _check_memory(self, runs: Sequence[RunSpec]) -> None:
        """Refuse what is too large by its table as it is; the trainer, which knows the encoded one, looks again."""
        for run in {repr(run.variant): run for run in runs}.values():
            try:
                rows, columns = self.table_sizes.of(run.data)
            except (InputRefused, WorkFailed):
                continue  # The trainer says what is wrong with the table.
            check_memory(run, RunSize.expected(run, rows, columns - len(run.data.targets)), self.run_bytes)

    def _row_epochs(self, runs: Sequence[RunSpec]) -> int:
        sized = []
        for run in runs:
            with suppress(InputRefused):  # the trainer says what is wrong with the table, and trains nothing
                sized.append((run, self.table_sizes.of(run.data)[0]))
        return row_epochs(sized)

    def _enqueue(
        self,
        submitted: Submission,
        key: str | None,
        trials_of: DiagnosisClaim | None = None,
        *,
        series: str | None = None,
        owner: str | None = None,
    ) -> str:
        owner, key = self._viewer.owner_of_new(owner), self._viewer.own_key(key)
        work = self._row_epochs(submitted.specs) if self._quota.counts_rows else 0
        header = {
            **submitted.header, "key": key, "owner": owner, "reach": self._viewer.reach_of_new(owner),
            "payer": self._viewer.payer,
        }  # fmt: skip
        tables = named_tables(" ".join([header["spec"], *(str(row["variant"]) for row in submitted.runs)]))
        with self.database.write() as connection:
            if trials_of is not None:
                trials_of.check(connection)
                header |= {"diagnosis": trials_of.diagnosis, **_whose_trials(connection, trials_of)}
            if key is not None:
                known = connection.scalar(select(_experiment.c.id).where(_experiment.c.key == key))
                if known is not None:
                    return str(known)
            waiting = connection.scalar(select(func.count()).where(_run.c.state.in_(UNFINISHED))) or 0
            if waiting + len(submitted.runs) > self._max_queued:
                raise InputRefused(
                    said(
                        "The queue is full: {waiting} runs wait or train and this adds {count}, "
                        "allowed: at most {most}; try again later.",
                        waiting=waiting,
                        count=len(submitted.runs),
                        most=self._max_queued,
                    ),
                    "vary",
                )
            changed = tick(connection)
            self.datasets.use(connection, tables)
            connection.execute(insert(_experiment), header)
            if series is not None:
                add_step(connection, series, str(header["id"]))
            connection.execute(insert(_run), [{**row, "changed": changed} for row in submitted.runs])
            if trials_of is None:
                self._quota.check_runs(connection, header["payer"], len(submitted.runs))
                self._quota.spend(connection, header["payer"], work)
            else:
                self._quota.count(connection, header["payer"], work)
            if series is None:  # of a turn of a knob nothing is left, unless it is kept
                note(connection, self._viewer.person, Deed.SUBMITTED, str(header["id"]))
        # Whoever has submitted looks at it next: what is at hand need not be parsed.
        parsed, identity = _Parsed(submitted.spec, submitted.specs, len(header["spec"])), str(header["id"])
        self._parsed.get(identity, lambda: parsed)
        self.on_submit()
        return identity

    def find(self, key: str) -> str | None:
        """Return the experiment that the lab has submitted under `key` for nobody in particular, if it is there."""
        known = select(_experiment.c.id).where(_experiment.c.key == key, self._viewer.reads())
        with self.database.read() as connection:
            return connection.scalar(known)

    def experiment(self, id: str) -> Experiment:  # noqa: A002 - the word the pages and routes use
        """Return an experiment and its runs as they are now."""
        self._check(id)
        parsed = self._parse(id)
        with self.database.read() as connection:
            theirs = self._viewer.changes().label("changeable")
            columns = (_experiment.c.title, _experiment.c.created, _experiment.c.reach, _experiment.c.owner, theirs)
            head = connection.execute(select(*columns).where(_experiment.c.id == id)).one_or_none()
            mine = select(*RUN_COLUMNS, _run.c.variant, _run.c.seed).where(_run.c.experiment == id)
            rows = connection.execute(mine.order_by(_run.c.position)).mappings().all()
        if head is None:
            raise unknown_experiment()
        runs = tuple(_as_run(row, parsed.runs) for row in rows)
        created = datetime.fromtimestamp(head.created, UTC)
        reach, changeable = Reach(head.reach), bool(head.changeable)
        return Experiment(id, head.title, created, parsed.spec, runs, reach, changeable, head.owner)

    def run_specs(self, experiment: str) -> tuple[RunSpec, ...]:
        """Return what the runs of an experiment train."""
        self._check(experiment)
        return self._parse(experiment).runs

    def _check(self, experiment: str) -> None:
        """Refuse an experiment that is not to be seen; before anything is read of it, which would take time to tell."""
        if not self._viewer.everything:
            with self.database.read() as connection:
                self._viewer.check(connection, experiment)

    def _parse(self, experiment: str) -> _Parsed:
        def parse() -> _Parsed:
            with self.database.read() as connection:
                head = connection.execute(
                    select(_experiment.c.spec, _experiment.c.listed).where(_experiment.c.id == experiment)
                ).one_or_none()
                rows = connection.execute(
                    select(_run.c.variant, _run.c.seed).where(_run.c.experiment == experiment).order_by(_run.c.position)
                ).all()
            if head is None:
                raise unknown_experiment()
            spec = load_spec(json.loads(head.spec))
            listed = [(json.loads(row.variant), row.seed) for row in rows] if head.listed else []
            return _Parsed(spec, listed_runs(spec, listed) if listed else spec.runs(), len(head.spec))

        return self._parsed.get(experiment, parse)

    def experiments(
        self, limit: int = 50, before: str | None = None, *, seen_by: Collection[str] | None = None
    ) -> tuple[ExperimentSummary, ...]:
        """Return the newest experiments, newest first; `before` is the id of the last one already shown.

        The trials of diagnoses and the steps of live series are not among them, and with `seen_by` nothing that has
        another owner than these.
        """
        age = tuple_(_experiment.c.created, _experiment.c.id)
        page = select(
            *(_experiment.c[name] for name in ("id", "title", "created", "source", "reach", "owner")),
            self._viewer.changes().label("changeable"),
        )
        step = exists().where(schema.step.c.experiment == _experiment.c.id)
        page = page.where(_experiment.c.diagnosis.is_(None), ~step, self._viewer.lists(seen_by))
        if before is not None:
            last = select(_experiment.c.created, _experiment.c.id)
            last = last.where(_experiment.c.id == before, self._viewer.reads())
            page = page.where(age < last.scalar_subquery())
        page = page.order_by(_experiment.c.created.desc(), _experiment.c.id.desc()).limit(limit)
        with self.database.read() as connection:
            heads = connection.execute(page).all()
            counts = connection.execute(
                select(
                    _run.c.experiment,
                    _run.c.state,
                    func.count().label("runs"),
                    func.max(_run.c.skill).label("skill"),
                    func.max(_run.c.val_skill).label("val_skill"),
                )
                .where(_run.c.experiment.in_([head.id for head in heads]))
                .group_by(_run.c.experiment, _run.c.state)
            ).all()
        return tuple(_summary(head, [row for row in counts if row.experiment == head.id]) for head in heads)

    def keep(self, id: str) -> None:  # noqa: A002
        """Make a step of a live series an experiment like any other: listed, and deleted only by `delete`."""
        mine = select(schema.step.c.number).where(schema.step.c.experiment == id)
        with self.database.read() as connection:
            self._viewer.check(connection, id, change=True)
            step = connection.scalar(mine)
        if step is not None:
            with self.database.write() as connection:
                keep_step(connection, id)
                note(connection, self._viewer.person, Deed.SUBMITTED, id)

    def cancel(self, id: str) -> None:  # noqa: A002
        """Cancel every unfinished run: those that wait at once, those that train as soon as their slot has looked."""
        with self.database.write(even_full=True) as connection:
            self._viewer.check(connection, id, change=True)
            cancel_runs(connection, _run.c.experiment == id)

    def delete(self, id: str) -> None:  # noqa: A002
        """Delete an experiment, its runs and histories; a run in training finds its row gone and stops."""
        with self.database.write(even_full=True) as connection:
            self._viewer.check(connection, id, change=True)
            connection.execute(delete(_experiment).where(_experiment.c.id == id))
            note(connection, self._viewer.person, Deed.DELETED, id)

    def share(self, id: str, reach: Reach) -> None:  # noqa: A002
        """Say who sees an experiment beside its owner and the admins; a step that is shared is kept."""
        with self.database.write() as connection:
            self._viewer.check(connection, id, change=True)
            if reach != Reach.PRIVATE:
                keep_step(connection, id)
            connection.execute(update(_experiment).where(_experiment.c.id == id).values(reach=reach))
            note(connection, self._viewer.person, _SHARED[reach], id)

    def news(self, id: str, since: int = 0) -> News:  # noqa: A002
        """Return what happened in an experiment since the cursor `since`; 0 = everything.

        Of a history, what a chart draws: `results` has every epoch.
        """
        self._check(id)
        return news(self.database, id, since)

    def pictures(self, id: str, runs: Sequence[int], since: int = 0) -> PictureNews:  # noqa: A002
        """Return the pictures of some runs (`core.jobs.storage.frames`) since the cursor `since`; 0 = all."""
        self._check(id)
        return picture_news(self.database, id, runs, since)

    def results(self, id: str, places: Sequence[int], curves: Collection[str] | None = None) -> list[Result]:  # noqa: A002
        """Return the results of the runs at `places`, in that order, as far as they are known.

        Histories have every epoch, of `curves` alone if they are named.
        """
        # In this order: a run seen as done here has its whole history in the points read after.
        runs = self.experiment(id).runs
        chosen = [runs[place] for place in places]
        columns = (_points.c.run, _points.c.attempt, _points.c.first_epoch, _points.c.history)
        mine = select(*columns).where(_points.c.experiment == id, _points.c.run.in_([run.id for run in chosen]))
        pieces: dict[tuple[int, int], list[Stretch]] = {}
        with self.database.read() as connection:
            for stretch in stretches(connection.execute(mine.order_by(_points.c.id)), curves):
                pieces.setdefault((stretch.run, stretch.attempt), []).append(stretch)
        return [_result(run, join_histories(pieces.get((run.id, run.attempt), []))) for run in chosen]

    def unfinished(self, id: str) -> int:  # noqa: A002
        """Return how many runs of an experiment wait or train; of one that was deleted, none."""
        with self.database.read() as connection:
            mine = select(func.count()).select_from(_run).where(_run.c.experiment == id, _run.c.state.in_(UNFINISHED))
            if not self._viewer.everything:
                mine = mine.where(exists().where(_experiment.c.id == id, self._viewer.reads()))
            return connection.scalar(mine) or 0


def _whose_trials(connection: Connection, trials_of: DiagnosisClaim) -> dict[str, str | None]:
    """Return whose the experiment is that trials are made for, and who pays: they are theirs, too."""
    diagnosed = _experiment.join(schema.diagnosis, schema.diagnosis.c.experiment == _experiment.c.id)
    of = select(_experiment.c.owner, _experiment.c.payer).select_from(diagnosed)
    return dict(connection.execute(of.where(schema.diagnosis.c.id == trials_of.diagnosis)).mappings().one())


def _as_run(row: RowMapping, specs: tuple[RunSpec, ...]) -> Run:
    values = decoded(row)
    return Run(**values | {"variant": json.loads(row["variant"]), "state": State(row["state"]), "specs": specs})


def _summary(head: Any, counts: Sequence[Any]) -> ExperimentSummary:
    states = {State(row.state): row.runs for row in counts}
    trained = [row for row in counts if row.state != State.CANCELLED]
    best = max((row.skill for row in trained if row.skill is not None), default=None)
    best_val = max((row.val_skill for row in trained if row.val_skill is not None), default=None)
    created = datetime.fromtimestamp(head.created, UTC)
    return ExperimentSummary(
        head.id, head.title, created, head.source, sum(states.values()), states, best, best_val,
        Reach(head.reach), changeable=bool(head.changeable), owner=head.owner,
    )  # fmt: skip


def _result(run: Run, history: dict[str, list[float | None]]) -> Result:
    known: dict[str, Any] = {
        "variant": run.variant, "seed": run.seed, "epochs": run.epoch, "seconds": run.seconds,
        "diverged_at": run.diverged_at,
    }  # fmt: skip
    known |= run.final or {}
    return Result(**known | {"state": str(run.state), "error": run.error, "history": History.of(history)})
