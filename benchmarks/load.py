"""What many ask of a lab: ``python -m benchmarks.load [watchers|runs|workers …] [--json]``.

*watchers*: fifty charts of one experiment of four live runs, which poll as browsers do; how long after its epoch was
stored a new point is with each of them. *runs*: five thousand short runs, one experiment after the other, and what the
lab holds after each thousand. *workers*: runs per second of a team's lab with 1, 2 and 4 workers, PostgreSQL in memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import psutil

from benchmarks.app import get, wait_for
from benchmarks.classroom import quantiles
from benchmarks.markdown import Columns, markdown_table
from benchmarks.served_lab import ServedLab, a_team, alone
from core.jobs.storage.store import Store
from core.spec import ExperimentSpec, load_spec

_WATCHERS: Final = 50
_WATCHED: Final = 4
_FASTEST, _SLOWEST, _SLOWER = 0.15, 1.0, 1.5
"""Seconds between two polls of a chart, which grow while there is nothing new: as in `core/ui/chart/js/live.js`."""
_LOOK_SECONDS: Final = 0.02
_RUNS: Final = 5000
_AT_ONCE: Final = 100
_WORKERS: Final = (1, 2, 4)
_WORK: Final = 60


def _spec(epochs: int, seeds: int, rows: int = 1000) -> ExperimentSpec:
    return load_spec(
        {
            "data": {"source": f"sample:friedman?noise=1&n={rows}", "target": "y"},
            "model": {"layers": [32, 32]},
            "training": {"epochs": epochs},
            "seeds": seeds,
        }
    )


def watchers(count: int = _WATCHERS) -> dict[str, Any]:
    """Let so many charts watch four runs.

    Returns
    -------
    dict
        ``late``: quantiles of the seconds from the moment another process had read news in the database until they were
        with a watcher, ``news``: how many of them, ``web_mb``: the highest memory of the web process, ``web_share``: of
        one processor that it used.
    """
    with alone() as lab:
        lab.slots = _WATCHED
        lab.serve()
        try:
            wait_for(lab.well)
            web, address = lab.webs[0]
            process = psutil.Process(web.pid)
            with lab.store() as store:
                experiment = store.submit(_spec(30_000, _WATCHED))
                wait_for(lambda: all(run.epoch for run in store.experiment(experiment).runs))
                before, begin = sum(process.cpu_times()[:2]), time.perf_counter()
                found = asyncio.run(_watched(store, process, address, experiment, count))
                share = (sum(process.cpu_times()[:2]) - before) / (time.perf_counter() - begin)
                store.cancel(experiment)
        finally:
            lab.stop()
    return found | {"web_share": share}


async def _watched(
    store: Store, process: psutil.Process, address: str, experiment: str, count: int, seconds: float = 30.0
) -> dict[str, Any]:
    stored: dict[int, float] = {}
    had: list[tuple[int, int, float]] = []
    over = asyncio.Event()
    highest = 0

    async def look() -> None:
        nonlocal highest
        cursor = store.news(experiment).cursor
        while not over.is_set():
            news = await asyncio.to_thread(store.news, experiment, cursor)
            if news.cursor > cursor:
                cursor = news.cursor
                stored[cursor] = time.perf_counter()
            highest = max(highest, process.memory_info().rss)
            await asyncio.sleep(_LOOK_SECONDS)

    async def watch(place: int) -> None:
        await asyncio.sleep(place * _FASTEST / count)
        points, cursor, wait = f"{address}/api/experiments/{experiment}/points?since=", 0, _FASTEST
        while not over.is_set():
            news = json.loads(await asyncio.to_thread(get, f"{points}{cursor}"))
            now = time.perf_counter()
            if cursor:  # what was there before is no news
                had.append((cursor, news["cursor"], now))
            wait = _FASTEST if news["cursor"] != cursor else min(_SLOWEST, wait * _SLOWER)
            cursor = news["cursor"]
            await asyncio.sleep(wait)

    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(count + 1))
    everybody = [asyncio.create_task(look()), *(asyncio.create_task(watch(place)) for place in range(count))]
    await asyncio.sleep(seconds)
    over.set()
    await asyncio.gather(*everybody)
    late = [max(0.0, now - since) for low, high, now in had for tick, since in stored.items() if low < tick <= high]
    return {"watchers": count, "news": len(late), "late": quantiles(late), "web_mb": highest / 2**20}


def runs(count: int = _RUNS, at_once: int = _AT_ONCE) -> dict[str, Any]:
    """Train so many short runs, an experiment of `at_once` after the other.

    Returns
    -------
    dict
        ``held``: after each fifth of them, the memory of web process, diagnoser and trainers in MB, open files and
        threads of the web process, processes, and MB of the data folder. ``seconds``: that all took.
    """
    with alone() as lab:
        lab.serve()
        try:
            wait_for(lab.well)
            held, begin = [_held(lab, 0)], time.perf_counter()
            with lab.store() as store:
                for done in range(at_once, count + 1, at_once):
                    experiment = store.submit(_spec(5, at_once, rows=100))
                    wait_for(lambda: not store.unfinished(experiment))  # noqa: B023 - called at once
                    if done % (count // 5) == 0:
                        held.append(_held(lab, done))
            return {"runs": count, "held": held, "seconds": time.perf_counter() - begin}
        finally:
            lab.stop()


def _held(lab: ServedLab, done: int) -> dict[str, Any]:
    web = psutil.Process(lab.webs[0][0].pid)
    children = [one for one in lab.processes() if one.pid != web.pid]
    files = [file.stat() for file in lab.data.rglob("*") if file.is_file()]
    return {
        "done": done,
        "web_mb": web.memory_info().rss / 2**20,
        "children_mb": sum(one.memory_info().rss for one in children) / 2**20,
        "files": web.num_fds(),
        "threads": web.num_threads(),
        "processes": 1 + len(children),
        "disk_mb": sum(stat.st_blocks * 512 for stat in files) / 2**20,
    }


def workers(counts: Sequence[int] = _WORKERS, work: int = _WORK) -> dict[str, Any]:
    """Train `work` runs with so many workers of one slot each.

    Returns
    -------
    dict
        ``speed``: for each number of workers, runs per second and how many times that of one worker.
    """
    speed: list[dict[str, Any]] = []
    for count in counts:
        with a_team(slots=count) as lab:
            lab.serve()
            try:
                wait_for(lab.well)
                with lab.store() as store:
                    _seconds(store, _spec(2000, count).changed({"training.seed": 1000}))  # each has compiled it once
                    rate = work / _seconds(store, _spec(2000, work))
            finally:
                lab.stop()
        speed.append({"workers": count, "rate": rate, "times": rate / (speed[0]["rate"] if speed else rate)})
    return {"processors": os.cpu_count(), "speed": speed}


def _seconds(store: Store, spec: ExperimentSpec) -> float:
    begin = time.perf_counter()
    experiment = store.submit(spec)
    wait_for(lambda: not store.unfinished(experiment))
    return time.perf_counter() - begin


_HELD: Final[Columns] = {
    "runs": lambda row: f"{row['done']:,}",
    "web process, MB": lambda row: f"{row['web_mb']:.0f}",
    "its children, MB": lambda row: f"{row['children_mb']:.0f}",
    "open files": lambda row: str(row["files"]),
    "threads": lambda row: str(row["threads"]),
    "processes": lambda row: str(row["processes"]),
    "data folder, MB": lambda row: f"{row['disk_mb']:.1f}",
}
_SPEED: Final[Columns] = {
    "workers": lambda row: str(row["workers"]),
    "runs per second": lambda row: f"{row['rate']:.2f}",
    "times one worker": lambda row: f"{row['times']:.2f}",
}


def _say_watchers(found: Mapping[str, Any]) -> str:
    late = found["late"]
    return (
        f"{found['watchers']} watchers of {_WATCHED} live runs: a new point is there after p50 {late['p50']:.2f} s, "
        f"p95 {late['p95']:.2f} s, most {late['most']:.2f} s ({found['news']:,} times); web process "
        f"{found['web_mb']:.0f} MB, {found['web_share']:.0%} of a processor"
    )


PARTS: Final[Mapping[str, tuple[Callable[[], dict[str, Any]], Callable[[Mapping[str, Any]], str]]]] = {
    "watchers": (watchers, _say_watchers),
    "runs": (
        runs,
        lambda found: f"{markdown_table(_HELD, found['held'])}\n\n{found['runs']:,} runs in {found['seconds']:.0f} s",
    ),
    "workers": (
        workers,
        lambda found: f"{markdown_table(_SPEED, found['speed'])}\n\n{found['processors']} processors",
    ),
}
"""Part → how it is measured, and how it is said."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=f"{', '.join(PARTS)}; all")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    for part in chosen.parts or PARTS:
        measure, say = PARTS[part]
        found = measure()
        print(json.dumps({part: found}) if chosen.json else f"{say(found)}\n", flush=True)


if __name__ == "__main__":
    main()
