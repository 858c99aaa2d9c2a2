"""A lab on a small disk of its own that becomes full: says how it went. Only for ``unshare --user --mount``.

Argument: a folder to mount the disk on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import WorkFailed
from core.jobs.lab import Lab
from core.jobs.scheduling.queue import Chunk, Queue
from core.jobs.storage.store import Store
from core.settings import Settings
from tests.jobs.conftest import Labs, fake_spec, finished, states, until
from tests.jobs.fake import QUICK, SLOW

SIZE_MB = 64
EPOCHS = 400


def fill(ballast: Path) -> None:
    """Leave no byte."""
    file = os.open(ballast, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    for size in (2**16, 2**12, 1):
        with suppress(OSError):
            while True:
                os.write(file, b"x" * size)
    os.close(file)


def refused(lab: Lab) -> str:
    try:
        lab.store.submit(fake_spec(QUICK))
    except WorkFailed as failure:
        return str(failure)
    return ""


def large(store: Store) -> str:
    """An experiment whose history takes 12 MB; its run waits."""
    experiment = store.submit(fake_spec(QUICK))
    queue = Queue(store.database, 30)
    claim = queue.claim(queue.waiting()[0][1])
    assert claim is not None
    assert queue.start(claim)
    history = json.dumps({"loss": [0.123456789] * 10_000})
    queue.renew(claim, [Chunk(epoch, epoch, history) for epoch in range(1, 101)])
    queue.reconcile()
    return experiment


def main() -> None:
    disk = Path(sys.argv[1])
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "none", disk], check=True)
    ballast, told = disk / "ballast", dict[str, Any]()
    settings, labs = Settings(data=disk / "data", slots=1, least_free_mb=8, compiler_cache_mb=0), Labs()
    try:
        lab = labs.start(settings)
        small = lab.store.submit(fake_spec(SLOW, epochs=EPOCHS))
        until(lambda: lab.store.news(small).points and (settings.data / "reserve").exists())
        fill(ballast)
        told["in the middle"] = until(lambda: lab.health()["problem"])
        epoch = lab.store.experiment(small).runs[0].epoch
        until(lambda: not (settings.data / "reserve").exists())
        told["trains on"] = states(lab, small)
        os.truncate(ballast, 0)
        told["then"] = finished(lab, small), lab.store.experiment(small).runs[0].attempt
        told["epochs"] = len(lab.store.results(small, [0])[0].history["loss"])
        told["stopped at"] = epoch
        until((settings.data / "reserve").exists)
        lab.stop()

        store = Store(settings)
        big = large(store)
        store.close()
        fill(ballast)
        told["free"] = os.statvfs(disk).f_bavail
        lab = labs.start(settings)
        told["starts"] = lab.dispatching, lab.health()["problem"]
        told["reads"] = len(lab.store.results(small, [0])[0].history["loss"])
        told["waits"] = states(lab, big)
        told["refuses"] = refused(lab)
        lab.store.delete(big)
        until(lambda: not lab.health()["problem"])
        told["trains again"] = finished(lab, lab.store.submit(fake_spec(QUICK)))
        told["left"] = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    finally:
        labs.stop()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
