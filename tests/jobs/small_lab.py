"""A lab of its own on a machine seen through a folder: trains one lesson, says its settings and what it all takes.

Arguments: the folder that stands for ``/``, the data folder.
"""

import json
import re
import sys
import threading
from functools import partial
from pathlib import Path

import psutil

from core import machine, settings
from core.jobs.lab import Lab
from core.lessons import LESSONS

PATIENCE = 120.0


def held() -> int:
    """Bytes of this process and its children that are in no file and so cannot be let go of; each page counted once."""
    pids = [psutil.Process(), *psutil.Process().children(recursive=True)]
    rolled = [Path(f"/proc/{process.pid}/smaps_rollup").read_text() for process in pids]
    found = [re.search(r"^Pss_Anon:\s+(\d+)", text, re.MULTILINE) for text in rolled]
    return 1024 * sum(int(size[1]) for size in found if size)


def main() -> None:
    root, data = Path(sys.argv[1]), Path(sys.argv[2])
    for name in ("memory_bytes", "processors"):
        setattr(settings, name, partial(getattr(machine, name), root))
    chosen = settings.Settings(data=data)
    lab, pause = Lab(chosen), threading.Event()
    lab.start(warm=[LESSONS[0].spec])
    try:
        experiment, most, waited = lab.store.submit(LESSONS[0].spec), 0, 0.0
        while not lab.store.news(experiment).finished or not lab.health()["diagnosing"]:
            assert waited < PATIENCE, "the deadline passed"
            pause.wait(0.2)
            waited, most = waited + 0.2, max(most, held())
        runs = lab.store.experiment(experiment).runs
        told = {
            "slots": chosen.slots, "trainer_memory_mb": chosen.trainer_memory_mb, "most": most,
            "states": [run.state for run in runs], "attempts": [run.attempt for run in runs],
            "processes": len(psutil.Process().children(recursive=True)),
        }  # fmt: skip
    finally:
        lab.stop()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
