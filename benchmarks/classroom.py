"""How a class of thirty fares on two cores: how soon every page is ready, and whether anything is lost.

``python -m benchmarks.classroom [--students 30] [--within 60] [--json]`` starts the app with a lab of its own, opens a
class as a teacher whose view stays open, and lets learners join at even intervals. Each joins by code, predicts, runs
the lesson, repairs it, runs a try and looks at the class page. A learner is a websocket client that speaks Streamlit's
protocol and polls its chart like a browser (`benchmarks.tab`); what a browser needs to draw is not in the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.app import get, served, wait_for
from benchmarks.tab import Tab
from core.jobs.classroom.records import Member
from core.jobs.storage.records import State
from core.jobs.storage.store import Store
from core.lessons import LESSONS
from core.settings import Settings

LESSON: Final = LESSONS[0]
_TICK_SECONDS: Final = 2.0
_PAUSE_SECONDS: Final = 1.0
"""What a very quick learner needs between two presses."""
_ENDED: Final = frozenset({State.DONE, State.DIVERGED})


def measure(students: int, within: float) -> dict[str, Any]:
    """Let a class of so many `students` join `within` so many seconds and do a lesson.

    Returns
    -------
    dict
        ``ready_seconds``: p50, p95 and the longest time from a press, or opening, to the whole page, by what was done
        and for all; ``teacher_seconds``: the same of the teacher's ticks. ``web_seconds``: processor time of the web
        process; ``tick_ms``: that of one of the teacher's ticks once the class is still. ``members``, ``predicted``,
        ``repaired``, ``tried``: rows of progress that have it. ``runs``, ``ended``: trainings submitted by learners,
        and ended. ``lost``: what is missing, in words.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder))
        with served(settings, slots=2) as (process, server):
            wait_for(lambda: at_rest(server))
            before, load = sum(process.cpu_times()[:2]), os.getloadavg()[0]
            found = asyncio.run(_lesson(server, process, students, within))
            found["web_seconds"] = round(sum(process.cpu_times()[:2]) - before, 1)
            found["other_load"] = round(load, 1)
        store = Store(settings)
        try:
            return found | _kept(store, found.pop("key"), students)
        finally:
            store.close()


def at_rest(server: str) -> bool:
    """Return whether every trainer is ready, and nothing compiles or waits."""
    health = json.loads(get(f"{server}/api/health"))
    return bool(health["trainers"]["ready"] == health["slots"] and not health["compiling"] and not health["queued"])


async def _lesson(server: str, process: psutil.Process, students: int, within: float) -> dict[str, Any]:
    teacher = await Tab.open(server, "class")
    await teacher.press("Open the class")
    key = teacher.parameter("teach")
    code = teacher.code()
    watching = asyncio.create_task(_watch(teacher))
    begin = time.perf_counter()
    tabs = await asyncio.gather(*(_learn(server, code, place, place * within / students) for place in range(students)))
    whole = time.perf_counter() - begin
    watching.cancel()
    tick = await _tick_ms(teacher, process)
    await teacher.close()
    seconds = [entry for tab in tabs for entry in tab.seconds]
    kinds = dict.fromkeys(what for what, _ in seconds)
    return {
        "key": key,
        "students": students,
        "lesson_seconds": round(whole, 1),
        "ready_seconds": {kind: quantiles([took for what, took in seconds if what == kind]) for kind in kinds}
        | {"all": quantiles([took for _, took in seconds])},
        "teacher_seconds": quantiles([took for what, took in teacher.seconds if what == "tick"]),
        "tick_ms": round(tick, 1),
    }


async def _watch(teacher: Tab) -> None:
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        await teacher.tick()


async def _tick_ms(teacher: Tab, process: psutil.Process, ticks: int = 20) -> float:
    before = sum(process.cpu_times()[:2])
    for _ in range(ticks):
        await teacher.tick()
    return (sum(process.cpu_times()[:2]) - before) / ticks * 1000


async def _learn(server: str, code: str, place: int, wait: float) -> Tab:
    """Do the lesson as one learner; return their tab, closed."""
    await asyncio.sleep(wait)
    tab = await Tab.open(server, "class", code=code)
    await tab.press("Join")
    await tab.choose(place % len(LESSON.options))
    await asyncio.sleep(_PAUSE_SECONDS)
    await tab.press("Run it")
    await tab.until_trained("x")
    await asyncio.sleep(_PAUSE_SECONDS)
    await tab.press("Repair and run")
    await tab.until_trained("repair")
    await asyncio.sleep(_PAUSE_SECONDS)
    await tab.press("Run my try")
    await tab.until_trained("try")
    secret = tab.parameter("me")
    await tab.close()
    again = await Tab.open(server, "class", me=secret)
    await again.close()
    tab.seconds += again.seconds
    return tab


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return the median, the 95th percentile and the most."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"p50": round(statistics.median(ordered), 3), "p95": round(p95, 3), "most": round(ordered[-1], 3)}


def _kept(store: Store, key: str, students: int) -> dict[str, Any]:
    """Return what is in the database after the lesson, and what should be and is not."""
    members = store.classrooms.members(store.classrooms.conducted_with(key).id)
    runs = [run for member in members for run in _runs(store, member)]
    known = [member.in_lesson(LESSON.id) for member in members]
    kept = {
        "members": len(members),
        "predicted": sum(progress.guess is not None for progress in known),
        "repaired": sum(progress.repair is not None for progress in known),
        "tried": sum(progress.attempts == 1 for progress in known),
        "runs": len(runs),
        "ended": sum(state in _ENDED for state in runs),
        "public": len(store.experiments(seen_by=[])),
    }
    whole = dict.fromkeys(("members", "predicted", "repaired", "tried"), students) | {"ended": kept["runs"]}
    lost = [f"{name}: {kept[name]} of {number}" for name, number in whole.items() if kept[name] != number]
    return kept | {"lost": ", ".join(lost) or "nothing"}


def _runs(store: Store, member: Member) -> list[State]:
    mine = store.experiments(seen_by=[member.id])
    ids = [summary.id for summary in mine]
    parts = member.in_lesson(LESSON.id)
    own = [identity for identity in ids if identity in {parts.runs, parts.repair, parts.attempt}]
    return [run.state for identity in own for run in store.experiment(identity).runs]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classroom")
    parser.add_argument("--students", type=int, default=30)
    parser.add_argument("--within", type=float, default=60.0, help="seconds in which all of them join")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measure(options.students, options.within)
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for what, figures in found["ready_seconds"].items():
        print(f"{what:22} p50 {figures['p50']:.2f} s   p95 {figures['p95']:.2f} s   most {figures['most']:.2f} s")
    for name, value in found.items():
        if name != "ready_seconds":
            print(f"{name:22} {value}")


if __name__ == "__main__":
    main()
