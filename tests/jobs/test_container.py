"""A container of one processor and 1 GB: the lab starts with one slot and trains a lesson inside it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
GROUPS = Path("/sys/fs/cgroup")
LIMIT = 2**30


def trained_in(root: Path, data: Path, enter: Callable[[], None]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.jobs.small_lab", str(root), str(data)],
        check=False, capture_output=True, text=True, cwd=ROOT, timeout=200, preexec_fn=enter,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def judge(told: dict[str, Any]) -> None:
    assert told["slots"] == 1
    # What is left for a trainer once the pages and the diagnoser have theirs.
    assert 512 < told["trainer_memory_mb"] < 700
    assert set(told["states"]) == {"done"}
    assert set(told["attempts"]) == {1}


@pytest.fixture
def small_machine(tmp_path: Path) -> Path:
    files = {
        "proc/meminfo": "MemTotal: 16777216 kB\n", "proc/self/cgroup": "0::/\n",
        "sys/fs/cgroup/memory.max": f"{LIMIT}\n", "sys/fs/cgroup/cpu.max": "100000 100000\n",
    }  # fmt: skip
    for path, text in files.items():
        (tmp_path / "machine" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "machine" / path).write_text(text)
    return tmp_path / "machine"


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="a process is bound to processors on Linux only")
def test_what_a_small_container_grants_is_enough_to_train_a_lesson(small_machine: Path, tmp_path: Path) -> None:
    one = {min(os.sched_getaffinity(0))}
    told = trained_in(small_machine, tmp_path / "data", lambda: os.sched_setaffinity(0, one))
    judge(told)
    assert told["processes"] == 2
    # The rest is for the web server and for pages of libraries, which can be let go of and read again.
    assert not told["most"] > LIMIT - 256 * 2**20


@pytest.fixture
def group() -> Iterator[Path]:
    """A real control group of one processor and 1 GB."""
    controllers = GROUPS / "cgroup.controllers"
    if not controllers.exists() or not {"memory", "cpu"} <= set(controllers.read_text().split()):
        pytest.skip("no version 2 control groups here")
    made = GROUPS / f"losslab-test-{os.getpid()}"
    try:
        made.mkdir()
    except OSError as error:
        pytest.skip(f"control groups cannot be made here ({error.strerror})")
    try:
        (made / "memory.max").write_text(str(LIMIT))
        (made / "cpu.max").write_text("100000 100000")
    except OSError as error:
        made.rmdir()
        pytest.skip(f"this control group takes no limits ({error.strerror})")
    yield made
    made.rmdir()


def test_a_lab_in_a_real_control_group_trains_and_nothing_is_killed(group: Path, tmp_path: Path) -> None:
    judge(trained_in(Path("/"), tmp_path / "data", lambda: _join(group)))
    events = dict(line.split() for line in (group / "memory.events").read_text().splitlines())
    assert events["oom_kill"] == "0"


def _join(group: Path) -> None:
    (group / "cgroup.procs").write_text(str(os.getpid()))
