"""What a lab survives: ``python -m benchmarks.chaos [NAME …] [--json]``.

Each fault strikes a lab of its own, as `streamlit run` starts it, with twenty runs and three diagnoses under way.
Afterwards every run and every diagnosis has to end, each run once, with one loss for every epoch, and no process may be
left. *Well again* is the time until the lab leads and all its children are ready, or what the fault says instead.

Labs are of `benchmarks.served_lab`: on one machine, and a team's, with a Dask scheduler, two workers and PostgreSQL.
"""

from __future__ import annotations

import argparse
import json
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from sqlalchemy import func, select

from benchmarks.app import wait_for
from benchmarks.markdown import Columns, markdown_table
from benchmarks.served_lab import (
    LEASE_SECONDS,
    TRAINER,
    ServedLab,
    TeamLab,
    a_team,
    a_team_with_a_far_worker,
    alone,
    cut,
    on_a_small_disk,
    with_a_clock,
)
from core.errors import WorkFailed
from core.jobs.storage import schema
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.spec import load_spec

_FROZEN_SECONDS: Final = LEASE_SECONDS + 5
_LOCKED_SECONDS: Final = 30.0
_AWAY_SECONDS: Final = 10.0
_CUT_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.01
_NOTICED_SECONDS: Final = 0.2
"""Until a web process has read that a child is gone, and says so, at most."""
_HEARD_SECONDS: Final = 5.0
"""Until it has heard that a child of a worker is gone, at most."""
_RUNS: Final = load_spec(
    {
        "data": {"source": "sample:friedman?noise=1&n=1000", "target": "y"},
        "model": {"layers": [32, 32]},
        "training": {"epochs": 4000},
        "vary": {"training.learning_rate": [0.0003, 0.001, 0.003, 0.01]},
        "seeds": 5,
    }
)
"""Twenty, of a few seconds."""
_DIAGNOSED: Final = load_spec(
    {
        "data": {"source": "sample:diabetes", "target": "progression"},
        "training": {"epochs": 30},
        "vary": {"training.learning_rate": [1.0, 0.001, 1e-7]},
    }
)


Fault = Callable[[Any], float]
"""Does harm, undoes what does not undo itself, and returns the seconds from then until the lab is well again."""


def _until_well(lab: ServedLab, since: float) -> float:
    wait_for(lab.well)
    return time.monotonic() - since


def _killed(module: str, noticed: float = _NOTICED_SECONDS) -> Fault:
    def strike(lab: ServedLab) -> float:
        _at_work(lab.children(module)).kill()
        begin = time.monotonic()
        while lab.well() and time.monotonic() - begin < noticed:
            time.sleep(_LOOK_SECONDS)
        return _until_well(lab, begin)

    return strike


def _at_work(processes: Sequence[psutil.Process]) -> psutil.Process:
    """Return one that has a slot: the spare trainer writes a log of its own."""
    return next(one for one in processes if not any(file.path.endswith("spare.log") for file in one.open_files()))


def _frozen_trainer(lab: ServedLab) -> float:
    trainer = _at_work(lab.children(TRAINER))
    trainer.suspend()
    begin = time.monotonic()
    wait_for(lambda: not trainer.is_running() or trainer.status() == psutil.STATUS_ZOMBIE)
    return _until_well(lab, begin)


def _killed_app(lab: ServedLab) -> float:
    lab.webs.pop()[0].kill()
    begin = time.monotonic()
    lab.serve()
    return _until_well(lab, begin)


def _killed_leader(lab: ServedLab) -> float:
    lab.serve()
    wait_for(lambda: bool(lab.health()))
    lab.webs.pop(0)[0].kill()
    begin = time.monotonic()
    wait_for(lambda: bool(lab.health().get("dispatching")))
    return time.monotonic() - begin


def _frozen_leader(lab: ServedLab) -> float:
    lab.serve()
    wait_for(lambda: bool(lab.health()))
    frozen = lab.webs[0][0]
    frozen.send_signal(signal.SIGSTOP)
    begin = time.monotonic()
    wait_for(lambda: bool(lab.health().get("dispatching")))
    taken = time.monotonic() - begin
    time.sleep(max(0.0, _FROZEN_SECONDS - taken))
    frozen.send_signal(signal.SIGCONT)
    wait_for(lambda: lab.health(0).get("dispatching") is False)
    return taken


def _locked_database(lab: ServedLab) -> float:
    holder = sqlite3.connect(lab.data / "lab.db", isolation_level=None, timeout=30)
    holder.execute("BEGIN IMMEDIATE")
    time.sleep(_LOCKED_SECONDS)
    holder.execute("ROLLBACK")
    holder.close()
    return _until_it_trains(lab)


def _until_it_trains(lab: ServedLab) -> float:
    begin = time.monotonic()
    with lab.store() as store:
        before = _epochs(store)
        wait_for(lambda: _epochs(store) > before)
    return time.monotonic() - begin


def _epochs(store: Store) -> int:
    return sum(run.epoch for summary in store.experiments() for run in store.experiment(summary.id).runs)


def _full_disk(lab: ServedLab) -> float:
    with (lab.data / "ballast").open("wb") as ballast:
        with suppress(OSError):
            while True:
                ballast.write(bytes(2**16))
        with suppress(OSError):
            ballast.flush()
    time.sleep(5)
    (lab.data / "ballast").unlink()
    begin = time.monotonic()
    wait_for(lambda: not (lab.health().get("problem") or not lab.well()))
    return time.monotonic() - begin


def _clock(lab: ServedLab) -> float:
    Path(lab.environment["FAKETIME_TIMESTAMP_FILE"]).write_text("+1h\n", encoding="utf-8")
    return _until_well(lab, time.monotonic())


def _killed_worker(lab: TeamLab) -> float:
    """Tell how long it takes until what it trained is queued again, or trains elsewhere."""
    with lab.store() as store:
        before = _restarts(store)
        begin = time.monotonic()
        lab.workers[-1].kill()
        lab.workers[-1].wait()
        lab.well()  # starts another
        wait_for(lambda: _restarts(store) + _queued_again(store) > before)
    return time.monotonic() - begin


def _frozen_worker(lab: TeamLab) -> float:
    with lab.store() as store:
        before = _restarts(store)
        begin = time.monotonic()
        lab.workers[-1].send_signal(signal.SIGSTOP)
        wait_for(lambda: _restarts(store) + _queued_again(store) > before)
        taken = time.monotonic() - begin
    time.sleep(max(0.0, _FROZEN_SECONDS - taken))
    lab.workers[-1].send_signal(signal.SIGCONT)
    wait_for(lab.well)
    return taken


def _killed_scheduler(lab: TeamLab) -> float:
    lab.cluster.scheduler.kill()
    wait_for(lambda: all(worker.poll() is not None for worker in lab.workers))
    begin = time.monotonic()
    lab.cluster.start_scheduler()
    return _until_well(lab, begin)


def _database_away(lab: TeamLab) -> float:
    lab.database.stop()
    time.sleep(_AWAY_SECONDS)
    lab.database.start()
    return _until_it_trains(lab)


def _cut_off(lab: TeamLab) -> float:
    cut(lab, off=True)
    time.sleep(_CUT_SECONDS)
    cut(lab, off=False)
    return _until_well(lab, time.monotonic())


@dataclass(frozen=True)
class Case:
    """A fault, and the lab it strikes."""

    fault: Fault
    room: Callable[[], AbstractContextManager[ServedLab]] = alone


FAULTS: Final[Mapping[str, Case]] = {
    "nothing": Case(lambda lab: _until_well(lab, time.monotonic())),
    "trainer killed": Case(_killed(TRAINER)),
    "trainer frozen": Case(_frozen_trainer),
    "diagnoser killed": Case(_killed("core.jobs.diagnosers.diagnoser")),
    "web process killed and started": Case(_killed_app),
    "web process killed beside another": Case(_killed_leader),
    "web process frozen beside another": Case(_frozen_leader),
    "database locked": Case(_locked_database),
    "disk full": Case(_full_disk, on_a_small_disk),
    "clock an hour on": Case(_clock, with_a_clock),
    "team: nothing": Case(lambda lab: _until_well(lab, time.monotonic()), a_team),
    "team: trainer killed": Case(_killed(TRAINER, _HEARD_SECONDS), a_team),
    "team: worker killed": Case(_killed_worker, a_team),
    "team: worker frozen": Case(_frozen_worker, a_team),
    "team: scheduler killed": Case(_killed_scheduler, a_team),
    "team: web process killed and started": Case(_killed_app, a_team),
    "team: PostgreSQL away": Case(_database_away, a_team),
    "team: a worker cut off": Case(_cut_off, a_team_with_a_far_worker),
}


def strike(name: str) -> dict[str, Any]:
    """Do one fault to a lab at work, and return what became of it."""
    case = FAULTS[name]
    with case.room() as lab:
        lab.serve()
        try:
            wait_for(lab.well)
            with lab.store() as store:
                experiment, asked = _work(store)
                try:
                    recovery = case.fault(lab)
                    wait_for(lambda: store.experiment(experiment).finished)
                    wait_for(lambda: all(store.diagnoses.get(one).finished for one in asked))
                except WorkFailed as failure:
                    return {"fault": name, "sound": False, "why": f"not well again: {failure}"}
                told = _told(store, experiment, asked)
        finally:
            lab.stop()
            left = lab.processes()
            for one in left:
                one.kill()
        ended = told["runs"] == told["done"] and told["diagnoses"] == told["asked"]
        sound = ended and told["runs"] == told["whole"] and not left
        return {"fault": name, "recovery": recovery, **told, "left": len(left), "sound": sound}


def _work(store: Store) -> tuple[str, list[str]]:
    """Put runs and diagnoses under way, and return them once they are."""
    faulty = store.submit(_DIAGNOSED)
    wait_for(lambda: store.experiment(faulty).finished)
    known = store.experiment(faulty)
    asked = [store.diagnoses.ask(known, place) for place in range(len(known.runs))]
    experiment = store.submit(_RUNS)
    wait_for(lambda: any(run.epoch for run in store.experiment(experiment).runs))
    return experiment, asked


def _told(store: Store, experiment: str, asked: Sequence[str]) -> dict[str, Any]:
    runs = store.experiment(experiment).runs
    losses = [result.history.get("loss", ()) for result in store.results(experiment, range(len(runs)))]
    return {
        "runs": len(runs),
        "done": sum(run.state == State.DONE for run in runs),
        "restarts": _restarts(store),
        "diagnoses": sum(store.diagnoses.get(one).state == State.DONE for one in asked),
        "asked": len(asked),
        "whole": sum(len(loss) == run.epochs for loss, run in zip(losses, runs, strict=True)),
    }


def _restarts(store: Store) -> int:
    """Return how often a run was started again, those of diagnoses included."""
    run = schema.run.c
    with store.database.read() as connection:
        return int(connection.scalar(select(func.sum(run.attempt - 1)).where(run.attempt > 0)) or 0)


def _queued_again(store: Store) -> int:
    """Return how many runs wait that have been begun."""
    run = schema.run.c
    with store.database.read() as connection:
        return int(connection.scalar(select(func.count()).where(run.attempt > 0, run.state == State.QUEUED)) or 0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line per fault; return 1 unless everything was sound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults whose name contains it; all without any")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    chosen = parser.parse_args(arguments)
    names = [name for name in FAULTS if not chosen.names or any(part in name for part in chosen.names)]
    rows = []
    for name in names:
        try:
            rows.append(strike(name))
        except WorkFailed as failure:
            rows.append({"fault": name, "sound": None, "why": f"not tried: {failure}"})
        print(*(cell(rows[-1]) for cell in _COLUMNS.values()), sep=" · ", file=sys.stderr, flush=True)
    print(json.dumps(rows) if chosen.json else markdown_table(_COLUMNS, rows))
    return int(any(row["sound"] is False for row in rows))


_COLUMNS: Final[Columns] = {
    "fault": lambda row: str(row["fault"]),
    "well again after": lambda row: str(row["why"]) if "why" in row else f"{row['recovery']:.1f} s",
    "runs done": lambda row: _of(row, "done", "runs"),
    "started again": lambda row: str(row.get("restarts", "")),
    "diagnoses done": lambda row: _of(row, "diagnoses", "asked"),
    "whole histories": lambda row: _of(row, "whole", "runs"),
    "processes left": lambda row: str(row.get("left", "")),
}


def _of(row: Mapping[str, Any], some: str, every: str) -> str:
    return f"{row[some]} of {row[every]}" if some in row else ""


if __name__ == "__main__":
    sys.exit(main())
