"""What a lab survives: ``python -m benchmarks.chaos [NAME …] [--json]``.

Each fault strikes a lab of its own, as `streamlit run` starts it, with twenty runs and three diagnoses under way.
Afterwards every run and every diagnosis has to end, each run once, with one loss for every epoch, and no process may be
left. *Well again* is the time until the lab leads and all its children are ready.
"""

from __future__ import annotations

import argparse
import json
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil
from sqlalchemy import func, select

from benchmarks.app import get, start_app, wait_for
from benchmarks.markdown import Columns, markdown_table
from core.errors import WorkFailed
from core.jobs.storage import schema
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.settings import Settings
from core.spec import load_spec

_LEASE_SECONDS: Final = 10.0
_SILENCE_SECONDS: Final = 10.0
_SLOTS: Final = 2
_FROZEN_SECONDS: Final = _LEASE_SECONDS + 5
_LOCKED_SECONDS: Final = 30.0
_NOTICED_SECONDS: Final = 0.2
"""Until a web process has read that a child is gone, and says so."""
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


@dataclass
class _Lab:
    """A data folder, the web processes over it, and a store to look into the database with."""

    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    webs: list[tuple[subprocess.Popen[bytes], str]] = field(default_factory=list)

    def serve(self) -> None:
        """Start a web process more."""
        own = {
            "LOSSLAB_DATA": str(self.data),
            "LOSSLAB_SLOTS": str(_SLOTS),
            "LOSSLAB_LEASE_SECONDS": str(_LEASE_SECONDS),
            "LOSSLAB_SPARE_TRAINER": "yes",
            "LOSSLAB_TRAINER_SILENCE_SECONDS": str(_SILENCE_SECONDS),
        }
        self.webs.append(start_app(own | self.environment))

    def health(self, place: int = -1) -> dict[str, Any]:
        """Return what a web process says of itself; nothing where it does not answer."""
        try:
            told: dict[str, Any] = json.loads(get(f"{self.webs[place][1]}/api/health"))
        except OSError:
            return {}
        return told

    def well(self) -> bool:
        """Return whether the newest web process leads, and all its children are ready."""
        told = self.health()
        return bool(told.get("dispatching") and told["trainers"]["ready"] == _SLOTS and told["diagnosing"])

    def children(self, module: str) -> list[psutil.Process]:
        """Return the processes of the web processes that run a module of this name."""
        return [one for one in self.processes() if any(module in word for word in _command(one))]

    def processes(self) -> list[psutil.Process]:
        """Return all that were started over this folder and live."""
        found = []
        for one in psutil.process_iter():
            with suppress(psutil.Error):
                if one.environ().get("LOSSLAB_DATA") == str(self.data) and one.status() != psutil.STATUS_ZOMBIE:
                    found.append(one)
        return found

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Lend a store."""
        store = Store(Settings(data=self.data), verify=False)
        try:
            yield store
        finally:
            store.close()

    def stop(self) -> None:
        """End the web processes, politely."""
        for web, _ in self.webs:
            web.send_signal(signal.SIGCONT)
            web.terminate()
        for web, _ in self.webs:
            web.wait(60)


Fault = Callable[[_Lab], float]
"""Does harm, and returns the seconds from then until the lab is well again."""


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _until_well(lab: _Lab, since: float) -> float:
    wait_for(lab.well)
    return time.monotonic() - since


def _killed(module: str) -> Fault:
    def strike(lab: _Lab) -> float:
        _at_work(lab.children(module)).kill()
        begin = time.monotonic()
        time.sleep(_NOTICED_SECONDS)
        return _until_well(lab, begin)

    return strike


def _at_work(processes: Sequence[psutil.Process]) -> psutil.Process:
    """Return one that has a slot: the spare trainer writes a log of its own."""
    return next(one for one in processes if not any(file.path.endswith("spare.log") for file in one.open_files()))


def _frozen_trainer(lab: _Lab) -> float:
    trainer = _at_work(lab.children("core.jobs.trainers.trainer"))
    trainer.suspend()
    begin = time.monotonic()
    wait_for(lambda: not trainer.is_running() or trainer.status() == psutil.STATUS_ZOMBIE)
    return _until_well(lab, begin)


def _killed_app(lab: _Lab) -> float:
    lab.webs.pop()[0].kill()
    begin = time.monotonic()
    lab.serve()
    return _until_well(lab, begin)


def _killed_leader(lab: _Lab) -> float:
    lab.serve()
    wait_for(lambda: bool(lab.health()))
    lab.webs.pop(0)[0].kill()
    begin = time.monotonic()
    wait_for(lambda: bool(lab.health().get("dispatching")))
    return time.monotonic() - begin


def _frozen_leader(lab: _Lab) -> float:
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


def _locked_database(lab: _Lab) -> float:
    holder = sqlite3.connect(lab.data / "lab.db", isolation_level=None, timeout=30)
    holder.execute("BEGIN IMMEDIATE")
    time.sleep(_LOCKED_SECONDS)
    holder.execute("ROLLBACK")
    holder.close()
    begin = time.monotonic()
    with lab.store() as store:
        before = _epochs(store)
        wait_for(lambda: _epochs(store) > before)
    return time.monotonic() - begin


def _epochs(store: Store) -> int:
    return sum(run.epoch for summary in store.experiments() for run in store.experiment(summary.id).runs)


def _full_disk(lab: _Lab) -> float:
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


def _clock(lab: _Lab) -> float:
    Path(lab.environment["FAKETIME_TIMESTAMP_FILE"]).write_text("+1h\n", encoding="utf-8")
    return _until_well(lab, time.monotonic())


FAULTS: Final[Mapping[str, Fault]] = {
    "nothing": lambda lab: _until_well(lab, time.monotonic()),
    "trainer killed": _killed("core.jobs.trainers.trainer"),
    "trainer frozen": _frozen_trainer,
    "diagnoser killed": _killed("core.jobs.diagnosers.diagnoser"),
    "web process killed and started": _killed_app,
    "web process killed beside another": _killed_leader,
    "web process frozen beside another": _frozen_leader,
    "database locked": _locked_database,
    "disk full": _full_disk,
    "clock an hour on": _clock,
}


@contextmanager
def _room(name: str) -> Iterator[Path]:
    """Lend a folder; one that can be filled for a full disk.

    Raises
    ------
    WorkFailed
        If this machine lets nobody mount one.
    """
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        data = Path(folder) / "data"
        data.mkdir(mode=0o700)
        if name == "disk full":
            command = ["mount", "-t", "tmpfs", "-o", "size=128m,mode=700", "tmpfs", str(data)]
            if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:  # noqa: S603
                raise WorkFailed("nothing can be mounted here")
            stack.callback(subprocess.run, ["umount", "-l", str(data)], check=False)
        yield data


def _clock_of(data: Path) -> dict[str, str]:
    """Return what makes processes read a clock that is set by a file; see libfaketime(1)."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        raise WorkFailed("libfaketime is not installed (Debian: apt-get install libfaketime)")
    file = data.parent / "clock"
    file.write_text("+0\n", encoding="utf-8")
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def strike(name: str) -> dict[str, Any]:
    """Do one fault to a lab at work, and return what became of it."""
    with _room(name) as data:
        lab = _Lab(data, _clock_of(data) if name == "clock an hour on" else {})
        lab.serve()
        try:
            wait_for(lab.well)
            with lab.store() as store:
                experiment, asked = _work(store)
                recovery = FAULTS[name](lab)
                wait_for(lambda: store.experiment(experiment).finished)
                wait_for(lambda: all(store.diagnoses.get(one).finished for one in asked))
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
            rows.append({"fault": name, "sound": None, "why": str(failure)})
        print(*(cell(rows[-1]) for cell in _COLUMNS.values()), sep=" · ", file=sys.stderr, flush=True)
    print(json.dumps(rows) if chosen.json else markdown_table(_COLUMNS, rows))
    return int(any(row["sound"] is False for row in rows))


_COLUMNS: Final[Columns] = {
    "fault": lambda row: str(row["fault"]),
    "well again after": lambda row: f"not tried: {row['why']}" if "why" in row else f"{row['recovery']:.1f} s",
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
